"""Formulas with learned parameters, which arrive aligned with the input (:class:`Learned`).

Gradients go through torch's own derivatives, but for the rational function, whose polynomials
would hold some fifteen tensors as large as its input.
"""

from typing import Any

import torch
from torch import Tensor, nn

# Below it a PELU would turn over; the bound is its authors'.
_PELU_SMALLEST = 0.1

# Leaky ReLU fitted on [-3, 3], degrees 5 and 4: the published initial weights of the Pade
# activation unit (version A), lowest power first; the denominator starts at x.
_NUMERATOR = (
    0.029792778657264946,
    0.6183735264987601,
    2.323309062531321,
    3.051936237265109,
    1.4854203263828845,
    0.2510244961111299,
)
_DENOMINATOR = (
    -1.1419548357285474,
    4.393159974992486,
    0.8714712309957245,
    0.34719662339598834,
)


def prelu_element(x: Tensor, *, weight: Tensor) -> Tensor:
    positive = torch.relu(x)
    return positive + weight * (x - positive)


def star_relu(x: Tensor, *, scale: Tensor, bias: Tensor) -> Tensor:
    return scale * torch.relu(x).square() + bias


def pelu(x: Tensor, *, a: Tensor, b: Tensor) -> Tensor:
    a, b = _at_least(a, _PELU_SMALLEST), _at_least(b, _PELU_SMALLEST)
    positive = torch.relu(x)
    return a / b * positive + a * torch.expm1((x - positive) / b)


def mpelu(x: Tensor, *, alpha: Tensor, beta: Tensor) -> Tensor:
    positive = torch.relu(x)
    return positive + alpha * torch.expm1(_at_least(beta, 0.0) * (x - positive))


def swish(x: Tensor, *, beta: Tensor) -> Tensor:
    return x * torch.sigmoid(beta * x)


def acon_c(x: Tensor, *, p: Tensor, q: Tensor, beta: Tensor) -> Tensor:
    difference = (p - q) * x
    return difference * torch.sigmoid(beta * difference) + q * x


def sinlu(x: Tensor, *, a: Tensor, b: Tensor) -> Tensor:
    return (x + a * torch.sin(b * x)) * torch.sigmoid(x)


class Rational(nn.Module):
    """A quotient of polynomials, P(x) / (1 + sum_j abs(b_j x^j)), shared by a whole layer."""

    def __init__(self) -> None:
        super().__init__()
        self.numerator = nn.Parameter(torch.tensor(_NUMERATOR))
        self.denominator = nn.Parameter(torch.tensor(_DENOMINATOR))

    def forward(self, x: Tensor) -> Tensor:
        value: Tensor = _Rational.apply(x, self.numerator, self.denominator)  # type: ignore[no-untyped-call]
        return value


class _Rational(torch.autograd.Function):
    """Keeps the input alone and computes the polynomials again in the backward pass."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
        below = _denominator(x.abs(), denominator.abs())
        return _horner(x, numerator) / below

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x, numerator, denominator = ctx.saved_tensors
        size, weights = x.abs(), denominator.abs()
        below = _denominator(size, weights)
        value = _horner(x, numerator) / below
        scaled = gradients[0] / below
        slope = _horner(x, _derivative(numerator))
        slope = slope - value * torch.sign(x) * _horner(size, _derivative_from_first(weights))
        grad_numerator = _sums_with_powers(scaled, x, numerator.numel())
        falling = _sums_with_powers(-scaled * value * size, size, denominator.numel())
        return scaled * slope, grad_numerator, falling * torch.sign(denominator)


def _horner(x: Tensor, coefficients: Tensor) -> Tensor:
    value = x * coefficients[-1] + coefficients[-2]
    for k in range(coefficients.numel() - 3, -1, -1):
        value.mul_(x).add_(coefficients[k])  # new tensors would take twice the time
    return value


def _denominator(size: Tensor, weights: Tensor) -> Tensor:
    return _horner(size, weights) * size + 1.0


def _derivative(coefficients: Tensor) -> Tensor:
    """Coefficients of P' from those of P, which start at the power 0."""
    return _derivative_from_first(coefficients[1:])


def _derivative_from_first(coefficients: Tensor) -> Tensor:
    """The same for a polynomial whose coefficients start at the power 1."""
    powers = torch.arange(1, coefficients.numel() + 1, device=coefficients.device)
    return coefficients * powers


def _sums_with_powers(values: Tensor, x: Tensor, count: int) -> Tensor:
    """sum(values), sum(values x), ... up to the power ``count - 1``."""
    sums = [values.sum()]
    for _ in range(count - 1):
        values = values * x
        sums.append(values.sum())
    return torch.stack(sums)


def _at_least(parameter: Tensor, smallest: float) -> Tensor:
    """``parameter`` bounded below; its gradient passes, so that it can come back."""
    return parameter + (parameter.clamp(min=smallest) - parameter).detach()
