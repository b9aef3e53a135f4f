"""What an activation does at its input: value, slope and limits, found on a copy of the input."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from ..surgery.finding import FAR, goes_to_a_limit
from .units import BLOCKED, LOW_SLOPE

Computes = Callable[[Tensor], Tensor]


_NEAR = 0.01
"""Of the distance between two limits, or of 1 where there is one: so near is at a limit."""


@dataclass(frozen=True)
class Ends:
    """The values that a function has far out, one a unit; None where it goes on changing."""

    low: Tensor | None
    high: Tensor | None

    @property
    def near(self) -> Tensor | float:
        """How near to a limit counts as at it."""
        if self.low is None or self.high is None:
            return _NEAR
        distance = (self.high - self.low).abs()
        return torch.where(distance > 0, distance, 1.0) * _NEAR

    def are_reached(self, f: Tensor, slope: Tensor) -> Tensor | None:
        """Whether each value is at a limit and the function flat there; None without limits."""
        limits = [limit for limit in (self.low, self.high) if limit is not None]
        if not limits:
            return None
        at = torch.stack([(f - limit).abs() <= self.near for limit in limits]).any(0)
        return at & (slope.abs() < LOW_SLOPE)


def value_and_slope(function: Computes, z: Tensor, *, is_inplace: bool) -> tuple[Tensor, Tensor]:
    """f(z) and f'(z) of a function of each element alone; both detached.

    Args:
        function: The activation, slopes and all.
        z: Detached; not changed.
        is_inplace: Whether the function writes into its argument.
    """
    with torch.enable_grad(), saved_tensors_hooks(_saved, _unchanged):
        leaf = z.detach().requires_grad_()
        f = function(leaf.clone() if is_inplace else leaf)
        if not f.requires_grad:
            return f, torch.zeros_like(z)
        (slope,) = torch.autograd.grad(f.sum(), leaf, allow_unused=True)
    return f.detach(), torch.zeros_like(z) if slope is None else slope


def _saved(x: Tensor) -> tuple[Tensor, int]:
    """In place of the hooks of a checkpoint around the activation, which would keep nothing."""
    return x, x._version


def _unchanged(saved: tuple[Tensor, int]) -> Tensor:
    x, version = saved
    if x._version != version:
        raise RuntimeError("a value that its gradient needs was written to")
    return x


def limits(function: Computes, z: Tensor, axis: int, *, is_inplace: bool) -> Ends:
    """The limits of a function, one value a unit, which broadcast to inputs like ``z``.

    Args:
        function: As in :func:`value_and_slope`.
        z: An input of the shape that it takes.
        axis: Where the units are.
        is_inplace: As in :func:`value_and_slope`.
    """
    sample = z[:1] if axis and z.dim() > 1 else z
    found: list[Tensor | None] = []
    for sign in (-1, 1):
        points = [torch.full_like(sample, sign * far) for far in FAR]
        values = [value_and_slope(function, point, is_inplace=is_inplace) for point in points]
        f, slope = values[-1]
        is_flat = bool((slope.abs() < BLOCKED).all())
        is_flat &= goes_to_a_limit(*(value for value, _ in values))
        for other in range(f.dim()):
            f = f if other == axis % f.dim() else f.narrow(other, 0, 1)
        found.append(f if is_flat else None)
    return Ends(*found)
