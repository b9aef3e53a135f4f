"""What follows from a function: its moments over N(0, 1) and the range of its values.

Integrals are adaptive: a piece of [-12, 12] is halved until Gauss-Legendre rules on it and on
its halves agree. So kinks and jumps need not be declared, in the table or in a user's code, and
an infinite integral shows as one that never settles.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import SpecError

_LIMIT = 12.0
_NUM_NODES = 16
_TOLERANCE = 1e-12
_MAX_HALVINGS = 60
_MAX_PIECES = 10_000

# A function that is still larger by a tenth at 1e8 than anywhere below 1e4 is called unbounded;
# the logarithm, the slowest that occurs, doubles on the way.
_WIDE, _FAR, _GROWTH = 1e4, 1e8, 1.1


class Moments(NamedTuple):
    """E f(z), E f(z)^2 and E f'(z)^2 for z ~ N(0, 1); ``math.inf`` where there is none."""

    mean: float
    second: float
    slope_second: float


class Growth(NamedTuple):
    """How E f(sqrt(q) z)^2 grows with q at q = 1, and E f(z)^4, for z ~ N(0, 1)."""

    second_slope: float
    fourth: float


_Integrands = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]
"""From z, f(z) and f'(z) to what is integrated over N(0, 1)."""


def normal_moments(module: nn.Module) -> Moments:
    """Moments of an elementwise float64 module, to about 1e-10.

    Raises:
        SpecError: if f or f' is not a number somewhere, or is too rough to integrate.
    """
    return Moments(*_integrals(module, lambda _, f, slope: (f, f.square(), slope.square())))


def normal_growth(module: nn.Module) -> Growth:
    """The same of what tells a stable second moment from others.

    The slope is E f(z)^2 (z^2 - 1) / 2, which has the density differentiated and not f: a jump of
    f counts, of which f' knows nothing.

    Raises:
        SpecError: as :func:`normal_moments`.
    """

    def integrands(z: Tensor, f: Tensor, _: Tensor) -> tuple[Tensor, ...]:
        return f.square() * (z.square() - 1.0) / 2.0, f.square().square()

    return Growth(*_integrals(module, integrands))


def _integrals(module: nn.Module, integrands: _Integrands) -> list[float]:
    edges = torch.linspace(-_LIMIT, _LIMIT, 49, dtype=torch.float64)
    left, right = edges[:-1], edges[1:]
    whole = _integrate(module, left, right, integrands)
    tolerance = _TOLERANCE * max(1.0, whole.abs().sum(0).max().item())
    total = torch.zeros(whole.shape[-1], dtype=torch.float64)
    for _ in range(_MAX_HALVINGS):
        middle = (left + right) / 2
        halves = torch.stack(
            (
                _integrate(module, left, middle, integrands),
                _integrate(module, middle, right, integrands),
            ),
            dim=1,
        )
        rough = ((halves.sum(1) - whole).abs() > tolerance).any(1)
        total += halves[~rough].sum((0, 1))
        if not rough.any():
            return list(total.tolist())
        left, right = _halved(left, middle, right, rough=rough)
        whole = halves[rough].flatten(0, 1)
        if len(left) > _MAX_PIECES:
            raise SpecError("the function is too rough for its moments to be computed")
    total[whole.abs().sum(0) > _TOLERANCE] = math.inf
    return list(total.tolist())


def value_range(module: nn.Module) -> tuple[float, float]:
    """Least and greatest value of an elementwise float64 module, to 6 decimals.

    From a grid on [-1e4, 1e4], fine between -50 and 50; infinite where values go on growing.
    """
    tail = np.geomspace(50.0, _WIDE, 1000)
    grid = np.concatenate((-tail[::-1], np.linspace(-50.0, 50.0, 100_001), tail))
    near = values(module, torch.from_numpy(grid))
    near = near[near.isfinite()]
    low, high = near.min().item(), near.max().item()
    bound = _GROWTH * max(-low, high)
    for end in values(module, torch.tensor([-_FAR, _FAR], dtype=torch.float64)).tolist():
        grows = abs(end) > bound
        low = min(low, -math.inf if grows and end < 0 else end)
        high = max(high, math.inf if grows and end > 0 else end)
    return round(low, 6) + 0.0, round(high, 6) + 0.0  # adding 0 turns -0 into 0


def values(module: nn.Module, x_P: Tensor) -> Tensor:
    """The values of f at ``x_P``, each point given to the module as one sample (1, 1, 1)."""
    with torch.no_grad():
        result: Tensor = module(x_P.view(-1, 1, 1, 1))
    return result.reshape(-1)


def values_and_slopes(module: nn.Module, x_P: Tensor) -> tuple[Tensor, Tensor]:
    """The values of f and f' at the points ``x_P``."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        x_P111 = x_P.clone().view(-1, 1, 1, 1).requires_grad_()
        f_P111 = module(x_P111)
        if not f_P111.requires_grad:  # a function that does not depend on x
            return f_P111.reshape(-1), torch.zeros_like(x_P)
        (slope_P111,) = torch.autograd.grad(f_P111.sum(), x_P111)
    return f_P111.detach().reshape(-1), slope_P111.reshape(-1)


def _integrate(
    module: nn.Module, left_P: Tensor, right_P: Tensor, integrands: _Integrands
) -> Tensor:
    """The integrals on every piece, (pieces, integrands)."""
    nodes, weights = (torch.from_numpy(a) for a in np.polynomial.legendre.leggauss(_NUM_NODES))
    half_P1 = ((right_P - left_P) / 2)[:, None]
    z_PN = (left_P[:, None] + half_P1) + half_P1 * nodes
    f, slope = (v.view_as(z_PN) for v in values_and_slopes(module, z_PN.reshape(-1)))
    undefined = (f.isnan() | slope.isnan()).nonzero()
    if len(undefined):
        where = z_PN[tuple(undefined[0])].item()
        raise SpecError(f"the function or its derivative is not a number at {where:.4g}")
    density = torch.exp(-0.5 * z_PN.square()) / math.sqrt(2.0 * math.pi)
    values_PNI = torch.stack(integrands(z_PN, f, slope), dim=-1) * density[..., None]
    return (values_PNI * weights[:, None]).sum(1) * half_P1


def _halved(left: Tensor, middle: Tensor, right: Tensor, *, rough: Tensor) -> tuple[Tensor, Tensor]:
    """Both halves of the rough pieces, side by side."""
    lefts = torch.stack((left[rough], middle[rough]), dim=1)
    rights = torch.stack((middle[rough], right[rough]), dim=1)
    return lefts.flatten(), rights.flatten()
