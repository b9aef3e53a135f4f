"""Dropout, dropconnect and norms: rates, scaling, layouts, what eval and meta do."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from actwise.regularization import DropConnectConv2d, DropConnectLinear, Dropout, resolve
from actwise.regularization.masks import keep_scaled
from actwise.rng import DrawBits, Stochastic, stream


def drawn_from(seed: int) -> DrawBits:
    generator = stream(seed, "mask", "test")

    def draw(count: int) -> Tensor:
        bits = generator.integers(-(2**15), 2**15, size=count, dtype=np.int16)
        return torch.from_numpy(bits)

    return draw


def conv(rate: float) -> DropConnectConv2d:
    layer = DropConnectConv2d(8, 16, 3, padding=1)
    layer.init_mask(rate)
    return layer


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.4, 0.5, 0.9])
def test_the_kept_fraction_and_the_mean_are_those_of_the_rate(rate: float) -> None:
    dropout = Dropout(rate, (16, 32, 32))
    dropout.fill_mask(drawn_from(0), 16)
    y = dropout(torch.ones(16, 16, 32, 32))
    num_dropped = round(rate * 65536)
    kept = y[y != 0]
    assert torch.all(kept == torch.tensor(65536 / (65536 - num_dropped)))
    deviation = 5 * math.sqrt(max(rate * (1 - rate), 1e-12) / y.numel())
    assert kept.numel() / y.numel() == pytest.approx(1 - rate, abs=deviation)
    assert y.mean().item() == pytest.approx(1, abs=deviation / (1 - rate) + 1e-6)


def test_the_threshold_is_the_stated_one() -> None:
    dropout = Dropout(0.25, (4,))
    bits = torch.tensor([-32768, -16385, -16384, 32767], dtype=torch.int16)
    dropout.fill_mask(lambda count: bits, 1)
    assert dropout(torch.ones(1, 4)).tolist() == [[0, 0, *2 * [pytest.approx(4 / 3)]]]


def test_the_gradient_passes_where_the_value_does() -> None:
    dropout = Dropout(0.5, (3, 4, 4))
    dropout.fill_mask(drawn_from(1), 2)
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    y = dropout(x)
    y.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad * x, y)


def test_a_new_fill_reuses_the_buffer_and_changes_the_mask() -> None:
    dropout, draw = Dropout(0.5, (100,)), drawn_from(2)
    dropout.fill_mask(draw, 8)
    address, first = dropout.mask.data_ptr(), dropout.mask.clone()
    dropout.fill_mask(draw, 8)
    assert dropout.mask.data_ptr() == address
    assert not torch.equal(dropout.mask, first)


@pytest.mark.parametrize("layer", [Dropout(0.5, (8, 6, 6)), conv(0.5)])
def test_the_mask_takes_the_memory_format_of_what_it_masks(
    layer: Dropout | DropConnectConv2d,
) -> None:
    layer.fill_mask(drawn_from(3), 4)
    values = torch.ones(4, 8, 6, 6) if isinstance(layer, Dropout) else torch.ones(16, 8, 3, 3)
    last = layer.masked(values.to(memory_format=torch.channels_last))
    assert last.is_contiguous(memory_format=torch.channels_last)
    default = layer.masked(values)
    assert default.is_contiguous()
    assert torch.equal(last.permute(0, 2, 3, 1).flatten(), default.flatten())


@pytest.mark.parametrize("layer", [Dropout(0.5, (8,)), conv(0.5), DropConnectLinear(8, 4)])
def test_masks_are_stochastic_modules_without_state(layer: nn.Module) -> None:
    assert isinstance(layer, Stochastic)
    assert "mask" not in layer.state_dict()


def test_evaluation_changes_nothing() -> None:
    x = torch.randn(2, 8, 6, 6)
    assert Dropout(0.5, (8, 6, 6)).eval()(x) is x
    layer = conv(0.5).eval()
    plain = nn.functional.conv2d(x, layer.weight, layer.bias, padding=1)
    assert torch.equal(layer(x), plain)


def test_dropconnect_zeroes_weights_for_the_whole_batch() -> None:
    layer = DropConnectLinear(50, 40)
    layer.init_mask(0.3)
    layer.fill_mask(drawn_from(4), 7)
    mask = layer.mask.view(40, 50)
    assert 0.6 < (mask != 0).float().mean() < 0.8
    x = torch.randn(7, 50)
    expected = nn.functional.linear(x, layer.weight * mask, layer.bias)
    assert torch.equal(layer(x), expected)
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert torch.all(layer.weight.grad[mask == 0] == 0)


def test_a_step_without_a_mask_is_refused() -> None:
    with pytest.raises(RuntimeError, match="Dropout in training needs fill_mask"):
        Dropout(0.5, (3,))(torch.ones(2, 3))


def test_masks_have_shapes_on_the_meta_device() -> None:
    dropout = Dropout(0.5, (3, 4, 4))
    dropout.fill_mask(lambda count: torch.empty(count, dtype=torch.int16, device="meta"), 2)
    assert dropout(torch.empty(2, 3, 4, 4, device="meta")).shape == (2, 3, 4, 4)


@pytest.mark.parametrize("layer", [Dropout(0.5, (8, 6, 6)), conv(0.5)])
def test_masks_are_compiled_into_one_graph(layer: Dropout | DropConnectConv2d) -> None:
    layer.fill_mask(drawn_from(6), 2)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    x_NCHW = torch.randn(2, 8, 6, 6)
    for layout in (torch.contiguous_format, torch.channels_last):
        laid_out_NCHW = x_NCHW.to(memory_format=layout)
        assert torch.equal(compiled(laid_out_NCHW), layer(laid_out_NCHW))
    first = compiled(x_NCHW)
    layer.fill_mask(drawn_from(7), 2)
    assert not torch.equal(compiled(x_NCHW), first)


def test_a_float_mask_follows_the_precision_of_the_values() -> None:
    dropout = Dropout(0.5, (8,))
    dropout.fill_mask(drawn_from(5), 4)
    assert dropout(torch.ones(4, 8, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_boolean_mask_scales_values_and_gradients_with_one_rounding() -> None:
    x, grad = torch.randn(2, 3, 8, 5, 5).bfloat16()
    mask = torch.rand(3, 8, 5, 5) > 0.4
    x.requires_grad_()
    scale = 1 / 0.6  # in bfloat16 1.6641
    y = keep_scaled(x, mask, scale)
    y.backward(grad)
    assert torch.equal(y, (x.float() * mask * scale).bfloat16())
    assert x.grad is not None
    assert torch.equal(x.grad, (grad.float() * mask * scale).bfloat16())


def test_a_boolean_mask_is_compiled_into_one_graph() -> None:
    compiled = torch.compile(keep_scaled, fullgraph=True, backend="aot_eager")
    x_NCHW = torch.randn(2, 8, 6, 6, requires_grad=True)
    mask_NCHW = torch.rand(2, 8, 6, 6) > 0.5
    y_NCHW = compiled(x_NCHW, mask_NCHW, 2.0)
    y_NCHW.sum().backward()
    assert torch.equal(y_NCHW, 2 * x_NCHW * mask_NCHW)
    assert x_NCHW.grad is not None
    assert torch.equal(x_NCHW.grad, 2.0 * mask_NCHW)


def test_a_boolean_mask_is_multiplied_where_a_compiler_makes_one_kernel_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    values, mask = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([True, False, True])
    assert keep_scaled(values, mask, 2.0).tolist() == [2.0, 0.0, 6.0]


class OnCuda(Tensor):
    """On the CPU, but says that it is on a CUDA device."""

    is_cuda = property(lambda self: True)  # type: ignore[assignment]


def test_a_mask_of_bits_on_cuda_is_boolean_and_scales_what_it_keeps() -> None:
    bits = torch.tensor([-32768, -16385, -16384, 32767], dtype=torch.int16).as_subclass(OnCuda)
    dropout = Dropout(0.25, (4,))
    dropout.fill_mask(lambda count: bits, 1)
    assert dropout.mask.tolist() == [False, False, True, True]
    assert dropout(torch.ones(1, 4)).tolist() == [[0, 0, *2 * [pytest.approx(4 / 3)]]]


def test_dropout_is_printed_with_its_rate_and_its_shape() -> None:
    assert repr(Dropout(0.25, (3, 4, 5))) == "Dropout(0.25, (3, 4, 5))"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_masks_on_cuda_drop_what_they_drop_on_the_cpu(layout: torch.memory_format) -> None:
    here, there = Dropout(0.4, (8, 6, 6)), Dropout(0.4, (8, 6, 6)).cuda()
    x_NCHW = torch.randn(4, 8, 6, 6).to(memory_format=layout)
    bits = drawn_from(8)(x_NCHW.numel())
    here.fill_mask(lambda count: bits, 4)
    there.fill_mask(lambda count: bits.cuda(), 4)
    torch.testing.assert_close(there(x_NCHW.cuda()).cpu(), here(x_NCHW))


@pytest.mark.parametrize(
    ("channels", "groups"), [(512, 32), (64, 32), (48, 24), (32, 16), (16, 8), (13, 1), (1, 1)]
)
def test_group_norm_has_as_many_groups_as_divide_the_channels(channels: int, groups: int) -> None:
    norm = resolve("gn").parts[0].norm(channels)
    assert isinstance(norm, nn.GroupNorm)
    assert norm.num_groups == groups


def test_batch_norm_has_the_fixed_conventions() -> None:
    norm = resolve("bn").parts[0].norm(8)
    assert isinstance(norm, nn.BatchNorm2d)
    assert (norm.momentum, norm.eps, norm.affine) == (0.1, 1e-5, True)
    assert isinstance(resolve("bn").parts[0].norm(8, is_flat=True), nn.BatchNorm1d)


def test_dropout_rates_belong_to_their_sites() -> None:
    part = resolve("dropout(0.1,0.2)").parts[0]
    between, head = part.drop("between", (8, 4, 4)), part.drop("head", (8,))
    assert isinstance(between, Dropout)
    assert isinstance(head, Dropout)
    assert (between.rate, head.rate) == (0.1, 0.2)
    assert part.drop("elsewhere", (8,)) is None
