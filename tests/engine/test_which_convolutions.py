"""Which convolutions compute contiguously without AVX-512, and that nothing else changes."""

import pytest
import torch
from torch import Tensor, nn

from actwise.engine.narrow import guard_narrow_convolutions


def convolution(
    channels: int, size: int | tuple[int, int], stride: int | tuple[int, int]
) -> nn.Conv2d:
    return nn.Conv2d(channels, 4, size, stride=stride).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def is_guarded(layer: nn.Module, monkeypatch: pytest.MonkeyPatch, capability: str = "AVX2") -> bool:
    """Whether its input arrives contiguously."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    guard_narrow_convolutions(nn.Sequential(layer))
    seen: list[Tensor] = []
    layer.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    channels = next(layer.parameters()).shape[1]
    x_NCHW = torch.randn(2, channels, 6, 6).to(memory_format=torch.channels_last)
    layer(x_NCHW)
    assert torch.equal(seen[0], x_NCHW)
    return seen[0].is_contiguous()


@pytest.mark.parametrize(
    ("channels", "size", "stride", "guarded"),
    [
        (7, 1, 2, True),
        (2, 1, 2, True),
        (8, 1, 2, False),
        (7, 1, 1, False),
        (7, 3, 2, False),
        (7, (1, 2), 2, False),
        (7, (2, 1), 2, False),
        (7, 1, (1, 2), True),
        (7, 1, (3, 1), True),
    ],
)
def test_narrow_strided_convolutions_of_single_pixels_are_guarded(
    channels: int,
    size: int | tuple[int, int],
    stride: int | tuple[int, int],
    guarded: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert is_guarded(convolution(channels, size, stride), monkeypatch) is guarded


def test_with_avx512_none_is_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_guarded(convolution(7, 1, 2), monkeypatch, "AVX512")


def test_weights_stay_the_same_and_lie_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layer = convolution(7, 1, 2)
    before = layer.weight.detach().clone()
    assert is_guarded(layer, monkeypatch)
    assert torch.equal(layer.weight, before)
    assert layer.weight.stride() == (7, 1, 1, 1)
