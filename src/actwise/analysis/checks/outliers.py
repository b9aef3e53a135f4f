"""Runs far from what their cell and seed predict: flagged, never removed."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from ..model import ConditionFit, Model
from ..table import Cell, Floats

OUTLIER_DEVIATIONS = 3.5
OUTLIER_MIN_DF = 20
_ROUNDING = 1e-12


@dataclass(frozen=True)
class OutlierRun:
    """A run whose residual is far out.

    Attributes:
        cell, seed: Which; without seeds the seed is None.
        residual: In the response's unit.
        deviations: The same in robust standard deviations of its stratum.
    """

    cell: Cell
    seed: str | None
    residual: float
    deviations: float


def outlier_runs(model: Model) -> tuple[OutlierRun, ...]:
    """Runs with |residual| above 3.5 robust standard deviations of their stratum.

    The robust SD is 1.4826 * median |residual| * sqrt(R / df), which allows for the fitted means;
    judged only from 20 residual degrees of freedom on, and where it is more than rounding.
    """
    by_stratum: dict[int, list[ConditionFit]] = defaultdict(list)
    for entry in model.conditions:
        by_stratum[entry.stratum].append(entry)
    found = []
    for place, entries in by_stratum.items():
        df = model.strata[place].df_within
        if df < OUTLIER_MIN_DF:
            continue
        residuals = [_residuals(entry) for entry in entries]
        sizes_R = np.concatenate([np.abs(own[~np.isnan(own)]) for own in residuals])
        spread = 1.4826 * float(np.median(sizes_R)) * np.sqrt(len(sizes_R) / df)
        largest = max(float(np.nanmax(np.abs(entry.fit.values_LS))) for entry in entries)
        if spread <= _ROUNDING * largest:
            continue
        for entry, own_LS in zip(entries, residuals, strict=True):
            with np.errstate(invalid="ignore"):
                far_LS = np.abs(own_LS / spread) > OUTLIER_DEVIATIONS
            for level, column in zip(*np.nonzero(far_LS), strict=True):
                cell = model.cell_at(entry.condition, entry.levels[level])
                residual = float(own_LS[level, column])
                seed = entry.seeds[column] or None
                found.append(OutlierRun(cell, seed, residual, residual / float(spread)))
    return tuple(found)


def _residuals(entry: ConditionFit) -> Floats:
    """Beside level and seed, NaN without a run; shape as the fit's values."""
    fit = entry.fit
    if not fit.is_paired:
        return np.asarray(fit.values_LS - fit.means_L[:, None])
    left_LS = fit.values_LS - fit.effects_L[:, None]
    return np.asarray(left_LS - np.nanmean(left_LS, axis=0))
