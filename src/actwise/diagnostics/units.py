"""Sums over the probe set, in float64: of the units of a site, of norms and of additions.

Legend: B images, C units, P positions; L = B P values of a unit, M of them chosen.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor
from torch.linalg import vecdot

BLOCKED, LOW_SLOPE = 1e-3, 0.1
MOST_RANKED, MOST_POSITIONS = 512, 64
"""Units and positions of an image that enter the covariance, drawn once where there are more."""
_SILENT = 1e-6


class RunningMoments:
    """Means and centred squares of the values of units, whatever the batches were.

    Batches are joined as Chan, Golub and LeVeque (1983) do it: no difference of large sums.

    Attributes:
        num_values: Of each unit.
        mean_C: Their means, float64.
        squares: Sums of the squares of deviations from the mean, (C,); of the products of all
            pairs of units, (C, C), where these are wanted.
    """

    def __init__(self, *, of_pairs: bool = False) -> None:
        self.num_values = 0
        self.mean_C = self.squares = torch.zeros(())
        self._of_pairs = of_pairs

    def add(self, x_CL: Tensor) -> None:
        """Add the values of a batch."""
        x_CL = x_CL.double()
        number = x_CL.shape[1]
        total = self.num_values + number
        mean_C = x_CL.mean(1)
        squares = self._products(x_CL - mean_C[:, None])
        if self.num_values:
            step_C = mean_C - self.mean_C
            mean_C = self.mean_C + step_C * (number / total)
            weight = self.num_values * number / total
            squares = self.squares + squares + weight * self._products(step_C[:, None])
        self.num_values, self.mean_C, self.squares = total, mean_C, squares

    def _products(self, x_CL: Tensor) -> Tensor:
        return x_CL @ x_CL.T if self._of_pairs else vecdot(x_CL, x_CL)


class UnitSums:
    """What is summed of the units of one site; the same whatever the batches were.

    Attributes:
        num_values: Of each unit.
        sums: By name, (C,) each; ``slope_*`` and ``saturated`` only where slopes were given.
        low, high, slope_high: Least and greatest f, greatest abs(f'), (C,).
    """

    def __init__(self) -> None:
        self.num_values = 0
        self.sums: dict[str, Tensor] = {}
        self.low = self.high = self.slope_high = torch.empty(0)
        self.has_slopes = True
        self._ranked = RunningMoments(of_pairs=True)

    def add(
        self,
        z: Tensor | None,
        f: Tensor,
        slope: Tensor | None,
        saturated: Tensor | None,
        axis: int,
        *,
        is_by_image: bool = True,
    ) -> None:
        """Add one call.

        Args:
            z: The input; None where it has another shape than the output.
            f: The output.
            slope: f' of each element.
            saturated: Whether each element is at a limit of f.
            axis: Where the units are.
            is_by_image: Whether the first axis is that of images. If not, no positions are drawn,
                since images may be among them.
        """
        f_CL = by_unit(f, axis).double()
        total_C = f_CL.sum(1)
        nonfinite_C = torch.zeros_like(total_C)
        if not total_C.isfinite().all():
            nonfinite_C += (~f_CL.isfinite()).sum(1)
        new = {
            "f": total_C,
            "f_square": vecdot(f_CL, f_CL),
            "zero": (f_CL == 0).sum(1).double(),
            "nonfinite": nonfinite_C,
        }
        if z is not None:
            z_CL = by_unit(z, axis).double()
            new |= {"z": z_CL.sum(1), "z_square": vecdot(z_CL, z_CL)}
        low, high = f_CL.amin(1), f_CL.amax(1)
        slope_high = torch.zeros_like(high)
        self.has_slopes &= slope is not None
        if slope is not None:
            slope_CL = by_unit(slope, axis).double().abs()
            slope_high = slope_CL.amax(1)
            new |= {
                "slope_blocked": (slope_CL < BLOCKED).sum(1).double(),
                "slope_low": (slope_CL < LOW_SLOPE).sum(1).double(),
                "slope_square": vecdot(slope_CL, slope_CL),
            }
        if saturated is not None:
            new["saturated"] = by_unit(saturated, axis).sum(1).double()
        is_first = not self.num_values
        self.num_values += f_CL.shape[1]
        shared = self.sums.keys() & new.keys()  # what every call could tell
        self.sums = new if is_first else {key: self.sums[key] + new[key] for key in shared}
        self.low = low if is_first else torch.minimum(self.low, low)
        self.high = high if is_first else torch.maximum(self.high, high)
        self.slope_high = slope_high if is_first else torch.maximum(self.slope_high, slope_high)
        self._ranked.add(_chosen(f, axis, MOST_POSITIONS if is_by_image else f.numel()))

    @property
    def constant_C(self) -> Tensor:
        """Whether f of each unit never moved, but for rounding."""
        return self.high - self.low <= _SILENT * (1 + self.high.abs())

    def dead_C(self, tau: float) -> Tensor:
        """Whether each unit is constant and abs(f') never above ``tau``."""
        return self.constant_C & (self.slope_high <= tau)

    @property
    def num_units(self) -> int:
        return len(self.low)

    def effective_rank(self) -> tuple[float | None, int]:
        """The participation ratio of the covariance's eigenvalues, and of how many units.

        None where the values never varied or are not finite.
        """
        covariance = self._ranked.squares / self._ranked.num_values
        mean_C = self._ranked.mean_C
        trace, square = covariance.trace().item(), covariance.square().sum().item()
        scale = trace + vecdot(mean_C, mean_C).item()
        is_known = square > 0 and trace > _SILENT**2 * scale  # NaN is neither
        return trace * trace / square if is_known else None, len(mean_C)


@dataclass(eq=False)
class NormSums:
    """The moments of a batch norm's input beside its running statistics, (C,), float64."""

    mean_C: Tensor
    variance_C: Tensor
    eps: float
    seen: RunningMoments = field(default_factory=RunningMoments)


@dataclass(eq=False)
class AddedSums:
    """Sums of squares of the shorter way, of the longer one, of both added; and their number."""

    squares: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    num_values: int = 0


def _chosen(f: Tensor, axis: int, most_positions: int) -> Tensor:
    """(C, M): values of at most so many units, at as many positions of every image."""
    f_BCP = f.movedim(axis, 1) if f.dim() > 1 and axis else by_unit(f, axis)[None]
    f_BCP = f_BCP.flatten(2) if f_BCP.dim() > 2 else f_BCP[..., None]
    for k, most in ((1, MOST_RANKED), (2, most_positions)):
        if f_BCP.shape[k] > most:
            f_BCP = f_BCP.index_select(k, _drawn(f_BCP.shape[k], most).to(f.device))
    return f_BCP.transpose(0, 1).flatten(1)


@lru_cache
def _drawn(number: int, most: int) -> Tensor:
    """So many of a number of places, in order, the same each time.

    Drawn, since evenly spaced places of an image lie in a few of its columns, or on a diagonal.
    """
    generator = torch.Generator().manual_seed(0)
    return torch.randperm(number, generator=generator)[:most].sort().values


def by_unit(x: Tensor, axis: int) -> Tensor:
    """(C, L): the values of each unit."""
    return x.movedim(axis, 0).reshape(x.shape[axis], -1) if x.dim() else x.reshape(1, 1)
