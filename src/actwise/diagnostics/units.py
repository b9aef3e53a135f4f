"""Sums over the probe set, one for each unit of a site, in float64.

Legend: B images, C units, P positions; L = B P values of a unit.
"""

import torch
from torch import Tensor
from torch.linalg import vecdot

BLOCKED, LOW_SLOPE = 1e-3, 0.1
MOST_RANKED, MOST_POSITIONS = 512, 64
"""Units and positions of an image that enter the covariance, evenly chosen where there are more."""
_SILENT = 1e-6


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
        self._num_ranked = 0
        self._ranked_sum = torch.empty(0)
        self._products = torch.empty(0)

    def add(
        self, z: Tensor | None, f: Tensor, slope: Tensor | None, saturated: Tensor | None, axis: int
    ) -> None:
        """Add one call.

        Args:
            z: The input; None where it has another shape than the output.
            f: The output.
            slope: f' of each element.
            saturated: Whether each element is at a limit of f.
            axis: Where the units are.
        """
        f_CL = _by_unit(f, axis).double()
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
            z_CL = _by_unit(z, axis).double()
            new |= {"z": z_CL.sum(1), "z_square": vecdot(z_CL, z_CL)}
        low, high = f_CL.amin(1), f_CL.amax(1)
        slope_high = torch.zeros_like(high)
        self.has_slopes &= slope is not None
        if slope is not None:
            slope_CL = _by_unit(slope, axis).double().abs()
            slope_high = slope_CL.amax(1)
            new |= {
                "slope_blocked": (slope_CL < BLOCKED).sum(1).double(),
                "slope_low": (slope_CL < LOW_SLOPE).sum(1).double(),
                "slope_square": vecdot(slope_CL, slope_CL),
            }
        if saturated is not None:
            new["saturated"] = _by_unit(saturated, axis).sum(1).double()
        is_first = not self.num_values
        self.num_values += f_CL.shape[1]
        self.sums = new if is_first else {k: self.sums[k] + v for k, v in new.items()}
        self.low = low if is_first else torch.minimum(self.low, low)
        self.high = high if is_first else torch.maximum(self.high, high)
        self.slope_high = slope_high if is_first else torch.maximum(self.slope_high, slope_high)
        self._add_products(f, axis, is_first=is_first)

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
        mean = self._ranked_sum / self._num_ranked
        covariance = self._products / self._num_ranked - torch.outer(mean, mean)
        trace, square = covariance.trace().item(), covariance.square().sum().item()
        scale = (self._products.trace() / self._num_ranked).item()
        is_known = square > 0 and trace > 1e-12 * scale  # NaN is neither
        return trace * trace / square if is_known else None, len(mean)

    def _add_products(self, f: Tensor, axis: int, *, is_first: bool) -> None:
        f_BCP = f.movedim(axis, 1) if f.dim() > 1 and axis else _by_unit(f, axis)[None]
        f_BCP = f_BCP.reshape(*f_BCP.shape[:2], -1)
        units, positions = (-(-f_BCP.shape[k] // most) for k, most in _MOST)
        chosen_CM = f_BCP[:, ::units, ::positions].transpose(0, 1).flatten(1).double()
        new = chosen_CM.sum(1), chosen_CM @ chosen_CM.T
        self._num_ranked += chosen_CM.shape[1]
        self._ranked_sum = new[0] if is_first else self._ranked_sum + new[0]
        self._products = new[1] if is_first else self._products + new[1]


_MOST = ((1, MOST_RANKED), (2, MOST_POSITIONS))


def _by_unit(x: Tensor, axis: int) -> Tensor:
    """(C, L): the values of each unit."""
    return x.movedim(axis, 0).reshape(x.shape[axis], -1) if x.dim() else x.reshape(1, 1)
