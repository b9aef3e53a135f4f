"""Learning curves of cells, from a store's sums or from the curves of single runs."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...store import MEASURES, CurveSums
from ..table import Cell, Floats, Observations


@dataclass(frozen=True)
class LearningCurve:
    """A cell's learning curve, the mean over its runs.

    Attributes:
        cell: Levels of the factors.
        measure: What was measured, such as ``validation_accuracy``.
        epochs: Numbers from 1.
        mean, sd: Over the runs at each epoch, in percent; sd is NaN for one run.
    """

    cell: Cell
    measure: str
    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


def learning_curves(
    sums: Iterable[CurveSums], cells: Mapping[str, Cell]
) -> tuple[LearningCurve, ...]:
    """One curve a cell, of the first of :data:`MEASURES` that any run has.

    Args:
        sums: Of the labels of the store.
        cells: Cell of each run.
    """
    of_cells: dict[Cell, list[CurveSums]] = defaultdict(list)
    for part in sums:
        of_cells[cells[part.run_ids[0]]].append(part)
    for measure in MEASURES:
        curves = [_curve(cell, of_cells[cell], measure) for cell in sorted(of_cells)]
        if any(curve.epochs for curve in curves):
            return tuple(curves)
    return ()


def mean_curves(
    observed: Observations, values_RE: Floats, *, measure: str
) -> tuple[LearningCurve, ...]:
    """Mean and spread over the runs of each cell, at the epochs that all its runs reached."""
    curves = []
    for position, cell in enumerate(observed.cells):
        mine_RE = values_RE[observed.run_cells == position]
        mine_RE = mine_RE[:, ~np.isnan(mine_RE).all(axis=0)]
        if not mine_RE.shape[1]:
            continue
        spread = np.nanstd(mine_RE, axis=0, ddof=1) if len(mine_RE) > 1 else mine_RE[0] * np.nan
        curves.append(
            LearningCurve(
                cell,
                measure,
                tuple(range(1, mine_RE.shape[1] + 1)),
                tuple(np.nanmean(mine_RE, axis=0).tolist()),
                tuple(spread.tolist()),
            )
        )
    return tuple(curves)


def selection_optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    """Mean of best epoch minus last epoch over complete curves, in the curves' unit, at least 0."""
    complete_RE = curves_RE[~np.isnan(curves_RE).any(axis=1)]
    if not len(complete_RE):
        return math.nan
    best_R = complete_RE.max(axis=1) if higher_is_better else complete_RE.min(axis=1)
    return float(np.mean(np.abs(best_R - complete_RE[:, -1])))


def _curve(cell: Cell, parts: Iterable[CurveSums], measure: str) -> LearningCurve:
    totals: dict[int, Floats] = defaultdict(lambda: np.zeros(3))
    for part in parts:
        for epoch, row_3 in zip(part.epochs, part.totals_E3[measure], strict=True):
            totals[epoch] = totals[epoch] + row_3
    epochs = sorted(epoch for epoch, row_3 in totals.items() if row_3[0])
    counts_E, sums_E, squares_E = np.array([totals[e] for e in epochs]).reshape(-1, 3).T
    means_E = sums_E / counts_E
    left_E = np.maximum(0.0, squares_E - counts_E * means_E**2)
    several_E = np.where(counts_E > 1, counts_E - 1, np.nan)
    spread_E = np.sqrt(left_E / several_E)
    return LearningCurve(
        cell, measure, tuple(epochs), tuple(means_E.tolist()), tuple(spread_E.tolist())
    )
