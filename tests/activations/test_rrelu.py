"""The randomized leaky ReLU draws from the stream that the engine hands to it."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actwise.activations import resolve
from actwise.rng import Stochastic, stream

SHAPE = (4, 8, 8)
LOWER, UPPER = 0.1, 0.4


class Draws:
    """Bits from one named stream."""

    def __init__(self, seed: int = 0) -> None:
        self.stream = stream(seed, "mask", "site")

    def __call__(self, count: int) -> Tensor:
        return torch.from_numpy(self.stream.integers(-32768, 32768, size=count, dtype=np.int16))


@pytest.fixture
def module() -> nn.Module:
    return resolve(f"rrelu({LOWER}, {UPPER})").build(SHAPE)


def slopes(module: nn.Module, batch_size: int = 16) -> Tensor:
    """The slopes that the module uses for negative inputs."""
    y: Tensor = module(torch.full((batch_size, *SHAPE), -1.0))
    return -y


def filled(module: nn.Module, draws: Draws, batch_size: int = 16) -> Tensor:
    assert isinstance(module, Stochastic)
    module.fill_mask(draws, batch_size)
    return slopes(module, batch_size)


def test_slopes_are_uniform_between_the_bounds(module: nn.Module) -> None:
    drawn = filled(module, Draws()).flatten().sort().values
    assert drawn.min() >= LOWER
    assert drawn.max() <= UPPER
    expected = torch.linspace(LOWER, UPPER, drawn.numel())
    assert (drawn - expected).abs().max() < 0.02  # Kolmogorov's distance of 4,096 draws
    assert len(set(drawn.tolist())) > 3500


def test_positive_inputs_pass(module: nn.Module) -> None:
    filled(module, Draws(), 2)
    x = torch.rand(2, *SHAPE)
    assert torch.equal(module(x), x)


def test_the_same_stream_gives_the_same_slopes(module: nn.Module) -> None:
    other = resolve(f"rrelu({LOWER}, {UPPER})").build(SHAPE)
    assert torch.equal(filled(module, Draws(3)), filled(other, Draws(3)))
    assert not torch.equal(filled(module, Draws(3)), filled(other, Draws(4)))


def test_every_fill_gives_fresh_slopes_in_the_same_buffer(module: nn.Module) -> None:
    draws = Draws()
    first = filled(module, draws)
    address = module.get_buffer("bits").data_ptr()
    assert not torch.equal(first, filled(module, draws))
    assert module.get_buffer("bits").data_ptr() == address
    assert filled(module, draws, 3).shape == (3, *SHAPE)


def test_between_two_fills_the_slopes_stay(module: nn.Module) -> None:
    assert torch.equal(filled(module, Draws()), slopes(module))


def test_the_test_mode_uses_the_mean_slope_and_no_draw(module: nn.Module) -> None:
    mean = torch.full((2, *SHAPE), (LOWER + UPPER) / 2)
    torch.testing.assert_close(slopes(module.eval(), 2), mean)


def test_both_memory_formats_use_every_drawn_slope_once(module: nn.Module) -> None:
    flat = filled(module, Draws(), 2)
    x = torch.full((2, *SHAPE), -1.0).contiguous(memory_format=torch.channels_last)
    y = -module(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(y.flatten().sort().values, flat.flatten().sort().values)


def test_gradients_use_the_slope_of_the_forward_pass(module: nn.Module) -> None:
    drawn = filled(module, Draws())
    x = torch.full((16, *SHAPE), -1.0, requires_grad=True)
    module(x).sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, drawn)


def test_training_without_drawn_slopes_is_an_error(module: nn.Module) -> None:
    with pytest.raises(RuntimeError, match="needs fill_mask"):
        slopes(module)
    filled(module, Draws(), 4)
    with pytest.raises(RuntimeError, match="needs fill_mask"):
        slopes(module, 5)


def test_slopes_are_no_part_of_the_saved_state(module: nn.Module) -> None:
    filled(module, Draws())
    assert not module.state_dict()


def test_its_gain_is_that_of_the_mean_slope_and_training_differs_as_stated() -> None:
    bound = resolve("rrelu")
    assert bound.gain == pytest.approx(1.37848, abs=1e-5)
    assert "in gain" in bound.formula
    module = bound.build((1_000_000,)).train()
    assert isinstance(module, Stochastic)
    module.fill_mask(Draws(), 1)
    quantiles = (torch.arange(1_000_000, dtype=torch.float64) + 0.5) / 1_000_000
    y: Tensor = module(torch.special.ndtri(quantiles).view(1, -1))
    assert y.square().mean().rsqrt().item() == pytest.approx(1.37612, abs=2e-4)
