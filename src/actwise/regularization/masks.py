"""Dropout and dropconnect with masks that the engine fills before a step.

A mask holds 0 where a value is dropped and 1 / (1 - rate) elsewhere, as floats, so that a step
multiplies once forward and once backward. Milliseconds for one site of 128x16x32x32 (2.1 M
values) and one of 128x64x32x32 (8.4 M): fill (without drawing the bits) + forward + backward,
medians of 25, one thread of an EPYC (AVX-512), torch 2.13, freed memory kept by the allocator, in
the default format; channels_last differs by less than 12 %:

    F.dropout                                  0.0 + 21.5 + 0.9       0.0 + 86.2 + 3.5
    boolean mask, torch.where, scaled          0.7 +  7.9 + 8.0       3.0 + 31.7 + 31.6
    boolean mask, multiplied, scaled           0.7 +  1.9 + 1.9       2.9 +  8.1 + 8.3
    boolean mask, converted, multiplied        0.7 +  1.4 + 1.5       3.0 +  7.2 + 7.0
    float mask (this)                          0.7 +  0.6 + 0.7       4.2 +  3.3 + 3.5

It costs 3 bytes a value more than a boolean mask, and no copy: autograd keeps the buffer itself.

On CUDA the bytes moved decide, so there the mask is boolean, and :func:`keep_scaled` masks and
scales in one kernel. By arithmetic, bytes a value in bfloat16: fill + forward + backward 3 + 5 + 5,
with a float mask 14 + 12 + 6; the mask takes 1 byte, a float mask with its copy in bfloat16 6.

Legend: N images, C channels, H height, W width.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..rng import DrawBits

_NUM_VALUES = 65_536


class Masked(nn.Module):
    """A module with a mask; does what it masks only in training."""

    mask: Tensor

    def init_mask(self, rate: float) -> None:
        """Set the rate, in [0, 1), and an empty mask that is no part of the state dict."""
        self.rate = rate
        num_dropped = min(round(rate * _NUM_VALUES), _NUM_VALUES - 1)
        self._threshold = num_dropped - _NUM_VALUES // 2
        self._scale = _NUM_VALUES / (_NUM_VALUES - num_dropped)
        self.register_buffer("mask", torch.empty(0), persistent=False)

    def draw_mask(self, draw: DrawBits, count: int) -> None:
        """Drop each of ``count`` values where a 16-bit integer lies below the threshold.

        The buffer is filled in place while ``count`` stays, as a captured step needs.
        """
        bits = draw(count)
        if self.mask.shape != bits.shape:
            dtype = torch.bool if bits.is_cuda else torch.float32
            self.mask = torch.empty(count, dtype=dtype, device=bits.device)
        torch.ge(bits, self._threshold, out=self.mask)
        if self.mask.dtype != torch.bool:
            self.mask.mul_(self._scale)

    def masked(self, values: Tensor) -> Tensor:
        """``values`` times the mask, laid out in memory as they are.

        The mask's elements are independent, so any order of them is as good; a mask in another
        layout would make the product walk through memory with strides.

        Raises:
            RuntimeError: if no mask of that size has been filled.
        """
        if self.mask.numel() != values.numel():
            raise RuntimeError(
                f"{type(self).__name__} in training needs fill_mask(draw, batch_size) before a "
                f"step, for values of shape {tuple(values.shape)}"
            )
        if values.dim() == 4 and values.is_contiguous(memory_format=torch.channels_last):
            num, channels, height, width = values.shape
            mask = self.mask.view(num, height, width, channels).permute(0, 3, 1, 2)
        else:
            mask = self.mask.view(values.shape)
        if mask.dtype == torch.bool:
            return keep_scaled(values, mask, self._scale)
        return values * mask.to(values.dtype)


def keep_scaled(values: Tensor, mask: Tensor, scale: float) -> Tensor:
    """``values`` times ``scale`` where the boolean ``mask`` is true, else 0.

    The product is rounded once: in bfloat16 a scale of 1.6667 would itself become 1.6641. (The
    derivative that torch knows of the same kernel rounds it.)
    """
    if torch.compiler.is_compiling():  # then all of it becomes one kernel anyhow
        return values * mask * scale
    kept: Tensor = _KeepScaled.apply(values, mask, scale)  # type: ignore[no-untyped-call]
    return kept


class _KeepScaled(torch.autograd.Function):
    @staticmethod
    def forward(values: Tensor, mask: Tensor, scale: float) -> Tensor:
        return _kept(values, mask, scale)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, float], output: Tensor) -> None:
        _, mask, ctx.scale = inputs
        ctx.save_for_backward(mask)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (grad,) = gradients
        (mask,) = ctx.saved_tensors
        return _kept(grad, mask, ctx.scale), None, None


def _kept(values: Tensor, mask: Tensor, scale: float) -> Tensor:
    kept: Tensor = torch.ops.aten.native_dropout_backward(values, mask, scale)
    return kept


class Dropout(Masked):
    """Zeroes values with probability ``rate`` and scales the others by 1 / (1 - rate).

    In training the batch must have the size for which the mask was filled.
    """

    def __init__(self, rate: float, shape: tuple[int, ...]) -> None:
        """``shape``: one sample's, (C, H, W) or (C,)."""
        super().__init__()
        self.init_mask(rate)
        self.shape = shape

    def fill_mask(self, draw: DrawBits, batch_size: int) -> None:
        """Draw a mask for every value of every image (see :class:`actwise.rng.Stochastic`)."""
        self.draw_mask(draw, batch_size * torch.Size(self.shape).numel())

    def forward(self, x: Tensor) -> Tensor:
        return self.masked(x) if self.training else x

    def extra_repr(self) -> str:
        return f"{self.rate}, {self.shape}"


class DropConnect(Masked):
    """A layer that loses weights in training, one draw for the whole batch.

    Wan et al. 2013 draw for every image and approximate the mean at test; here the kept weights
    are scaled by 1 / (1 - rate), so that the weights themselves are the mean.
    """

    weight: Tensor

    def fill_mask(self, draw: DrawBits, batch_size: int) -> None:
        """Draw a mask for every weight; ``batch_size`` does not matter."""
        self.draw_mask(draw, self.weight.numel())

    def kept_weight(self) -> Tensor:
        """The weights of this step."""
        return self.masked(self.weight) if self.training else self.weight


class DropConnectConv2d(DropConnect, nn.Conv2d):
    """A convolution with dropconnect."""

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self._conv_forward(x_NCHW, self.kept_weight(), self.bias)
        return y_NCHW


class DropConnectLinear(DropConnect, nn.Linear):
    """A linear layer with dropconnect."""

    def forward(self, x_NF: Tensor) -> Tensor:
        return F.linear(x_NF, self.kept_weight(), self.bias)
