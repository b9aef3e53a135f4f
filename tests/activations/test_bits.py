"""Formulas that work in place give the bits of the same formulas written plainly.

Results of one engine version must stay comparable, so speed may not move a single bit.
"""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from actwise.activations import resolve

# Around the widths of vector instructions and the pieces that torch hands to its threads.
SIZES = (1, 7, 16, 17, 63, 65, 1000, 32_767, 65_551, 131_103)
Plain = Callable[[Tensor], tuple[Tensor, Tensor]]


def serf(x: Tensor) -> tuple[Tensor, Tensor]:
    inner = F.softplus(x)
    gate = torch.erf(inner)
    density = 2 / math.sqrt(math.pi) * x * torch.exp(-inner * inner)
    return x * gate, gate + density * torch.sigmoid(x)


def smish(x: Tensor) -> tuple[Tensor, Tensor]:
    s = torch.sigmoid(x)
    gate = torch.tanh(torch.log1p(s))
    return x * gate, gate + x * (1 - gate * gate) * s * (1 - s) / (1 + s)


def phish(x: Tensor) -> tuple[Tensor, Tensor]:
    cumulative = 0.5 + 0.5 * torch.erf(x * math.sqrt(0.5))
    gate = torch.tanh(x * cumulative)
    gelu_slope = cumulative + 1 / math.sqrt(2 * math.pi) * x * torch.exp(-0.5 * x * x)
    return x * gate, gate + x * (1 - gate * gate) * gelu_slope


def colu(x: Tensor) -> tuple[Tensor, Tensor]:
    power = torch.exp(x.clamp(max=4.0))
    scale = power * torch.exp(power)
    gate = scale / (scale - x)
    return x * gate, gate * (1 + x * (1 - x * (1 + power)) / (scale - x))


def inputs() -> list[Tensor]:
    """Many sizes, three scales, and both layouts of images."""
    generator = torch.Generator().manual_seed(0)
    flat = [
        scale * torch.randn(1, size, generator=generator)
        for size in SIZES
        for scale in (1.0, 10.0, 1e4)
    ]
    images = torch.randn(3, 5, 7, 9, generator=generator) * 3
    return [*flat, images, images.to(memory_format=torch.channels_last), images[:, ::2]]


@pytest.mark.parametrize("plain", [serf, smish, phish, colu])
def test_a_formula_in_place_gives_the_bits_of_the_plain_one(plain: Plain) -> None:
    module = resolve(plain.__name__).build((1, 1, 1))
    for x in inputs():
        leaf = x.clone().requires_grad_()
        value = module(leaf)
        (slope,) = torch.autograd.grad(value, leaf, torch.ones_like(value))
        expected_value, expected_slope = plain(leaf.detach())
        assert torch.equal(value, expected_value)
        assert torch.equal(slope, expected_slope)
