"""Formulas that torch has no module for, each with its derivative (:mod:`.pointwise`).

They are finite, and so are their derivatives, on the whole range of float32 inputs that a
network can meet (tested to 1e4). ``x - relu(x)`` and products with ``x > 0`` stand where
``torch.where`` would read more easily: see :mod:`pointwise` for its price. The dearest formulas
work in place where they can: a new tensor costs as much as a product. No result moves by a bit
(tests/activations/test_bits.py), and ``slope`` leaves what it closes over as it is.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .pointwise import ValueAndSlope

_TWO_OVER_ROOT_PI = 2.0 / math.sqrt(math.pi)
_ROOT_HALF = math.sqrt(0.5)
_NORMAL_DENSITY_AT_0 = 1.0 / math.sqrt(2.0 * math.pi)

# tanh(exp(x)) is 1 in every float format from here on, and exp(x) is still far from overflow.
_TANH_EXP_IS_ONE = 20.0
# 1 - tanh(ln(1 + e^x)) is below 1e-17 from here on, and no power of e^x overflows.
_MISH_IS_IDENTITY = 20.0
# x exp(-x - exp(x)) is below 1e-24 from here on.
_COLU_IS_IDENTITY = 4.0


# Bounded


def isru(x: Tensor, *, alpha: float) -> ValueAndSlope:
    inverse = torch.rsqrt(1.0 + alpha * x * x)
    return x * inverse, lambda: inverse * inverse * inverse


def sqnl(x: Tensor) -> ValueAndSlope:
    inside = x.clamp(-2.0, 2.0)
    return inside - 0.25 * inside * inside.abs(), lambda: 1.0 - 0.5 * inside.abs()


def lecun_tanh(x: Tensor) -> ValueAndSlope:
    t = torch.tanh(x * (2.0 / 3.0))
    return 1.7159 * t, lambda: (1.7159 * 2.0 / 3.0) * (1.0 - t * t)


def penalized_tanh(x: Tensor, *, a: float) -> ValueAndSlope:
    t = torch.tanh(x)
    scale = a + (1.0 - a) * _is_positive(x)
    return scale * t, lambda: scale * (1.0 - t * t)


def gaussian(x: Tensor) -> ValueAndSlope:
    value = torch.exp(-x * x)
    return value, lambda: -2.0 * x * value


# Piecewise


def squared_relu(x: Tensor) -> ValueAndSlope:
    positive = torch.relu(x)
    return positive * positive, lambda: 2.0 * positive


def smelu(x: Tensor, *, beta: float) -> ValueAndSlope:
    inside = (x + beta).clamp(0.0, 2.0 * beta)
    value = inside * inside / (4.0 * beta) + torch.relu(x - beta)
    return value, lambda: inside / (2.0 * beta)


def isrlu(x: Tensor, *, alpha: float) -> ValueAndSlope:
    negative = x.clamp(max=0.0)
    inverse = torch.rsqrt(1.0 + alpha * negative * negative)
    return x * inverse, lambda: inverse * inverse * inverse


def elish(x: Tensor) -> ValueAndSlope:
    positive = torch.relu(x)
    negative = x - positive
    elu = positive + torch.expm1(negative)
    gate = torch.sigmoid(x)
    return elu * gate, lambda: gate * (torch.exp(negative) + elu * (1.0 - gate))


def hard_elish(x: Tensor) -> ValueAndSlope:
    positive = torch.relu(x)
    negative = x - positive
    elu = positive + torch.expm1(negative)
    gate = (0.5 * x + 0.5).clamp(0.0, 1.0)
    return elu * gate, lambda: torch.exp(negative) * gate + 0.5 * elu * _is_within(x, 1.0)


def hard_mish(x: Tensor) -> ValueAndSlope:
    gate = (0.5 * x + 1.0).clamp(0.0, 1.0)
    return x * gate, lambda: gate + 0.5 * x * _is_within(x + 1.0, 1.0)


# Smooth


def squareplus(x: Tensor, *, b: float) -> ValueAndSlope:
    root = torch.sqrt(x * x + b)
    return 0.5 * (x + root), lambda: 0.5 + 0.5 * x / root


def bent_identity(x: Tensor) -> ValueAndSlope:
    root = torch.sqrt(x * x + 1.0)
    return 0.5 * (root - 1.0) + x, lambda: 0.5 * x / root + 1.0


def snake(x: Tensor, *, a: float) -> ValueAndSlope:
    sine = torch.sin(a * x)
    return x + sine * sine / a, lambda: 1.0 + torch.sin(2.0 * a * x)


# Gated: x times a function of x that rises from 0 to 1


def eswish(x: Tensor, *, beta: float) -> ValueAndSlope:
    gate = torch.sigmoid(x)
    return beta * x * gate, lambda: beta * gate * (1.0 + x * (1.0 - gate))


def aria2(x: Tensor, *, alpha: float, beta: float) -> ValueAndSlope:
    # Where the sigmoid is 0 its logarithm is -inf, and the power is 0 again.
    gate = torch.exp(alpha * torch.log(torch.sigmoid(beta * x)))
    return x * gate, lambda: gate * (1.0 + alpha * beta * x * torch.sigmoid(-beta * x))


def mish(x: Tensor) -> ValueAndSlope:
    # tanh(ln(1 + e^x)) = n / (n + 2) with n = e^x (e^x + 2).
    power = x.clamp(max=_MISH_IS_IDENTITY).exp_()
    gate = (power + 2.0).mul_(power)
    inverse = (gate + 2.0).reciprocal_()
    gate.mul_(inverse)

    def slope() -> Tensor:
        rise = (power + 1.0).mul_(power).mul_(inverse).mul_(inverse).mul_(x)
        return gate.add(rise, alpha=4.0)

    return x * gate, slope


def tanhexp(x: Tensor) -> ValueAndSlope:
    power = torch.exp(x.clamp(max=_TANH_EXP_IS_ONE))
    gate = torch.tanh(power)
    return x * gate, lambda: gate + x * power * (1.0 - gate * gate)


def serf(x: Tensor) -> ValueAndSlope:
    inner = F.softplus(x)
    gate = torch.erf(inner)

    def slope() -> Tensor:
        density = (-inner).mul_(inner).exp_()
        return (_TWO_OVER_ROOT_PI * x).mul_(density).mul_(torch.sigmoid(x)).add_(gate)

    return x * gate, slope


def logish(x: Tensor) -> ValueAndSlope:
    s = torch.sigmoid(x)
    gate = torch.log1p(s)
    return x * gate, lambda: gate + x * s * (1.0 - s) / (1.0 + s)


def smish(x: Tensor) -> ValueAndSlope:
    s = torch.sigmoid(x)
    gate = torch.log1p(s).tanh_()

    def slope() -> Tensor:
        rise = (1.0 - gate * gate).mul_(x).mul_(s).mul_(1.0 - s).div_(1.0 + s)
        return rise.add_(gate)

    return x * gate, slope


def phish(x: Tensor) -> ValueAndSlope:
    cumulative = (x * _ROOT_HALF).erf_().mul_(0.5).add_(0.5)
    gate = (x * cumulative).tanh_()

    def slope() -> Tensor:
        density = (-0.5 * x).mul_(x).exp_()
        gelu_slope = (_NORMAL_DENSITY_AT_0 * x).mul_(density).add_(cumulative)
        return (1.0 - gate * gate).mul_(x).mul_(gelu_slope).add_(gate)

    return x * gate, slope


def lisht(x: Tensor) -> ValueAndSlope:
    t = torch.tanh(x)
    return x * t, lambda: t + x * (1.0 - t * t)


def colu(x: Tensor) -> ValueAndSlope:
    # x / (1 - x exp(-x - exp(x))) times exp(x + exp(x)) above and below, which cannot overflow.
    power = x.clamp(max=_COLU_IS_IDENTITY).exp_()
    scale = torch.exp(power).mul_(power)
    below = scale - x
    gate = scale.div_(below)

    def slope() -> Tensor:
        rise = (1.0 - (1.0 + power).mul_(x)).mul_(x).div_(below).add_(1.0)
        return rise.mul_(gate)

    return x * gate, slope


def _is_positive(x: Tensor) -> Tensor:
    return (x > 0.0).to(x.dtype)


def _is_within(x: Tensor, bound: float) -> Tensor:
    return (x.abs() < bound).to(x.dtype)
