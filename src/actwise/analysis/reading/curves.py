"""Learning curves of cells, from a store's sums or from the curves of single runs."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...store import CurvePoint
from ..table import Cell, Floats, Observations


@dataclass(frozen=True)
class LearningCurve:
    """A cell's learning curve, the mean over its runs.

    Attributes:
        cell: Levels of the factors.
        measure: What was measured, such as ``validation_accuracy``.
        epochs: Numbers from 1.
        mean: Over the runs at each epoch, in percent.
    """

    cell: Cell
    measure: str
    epochs: tuple[int, ...]
    mean: tuple[float, ...]


def learning_curves(
    points: Iterable[CurvePoint], cells: Mapping[str, Cell]
) -> tuple[LearningCurve, ...]:
    """One curve a cell.

    Args:
        points: Of the labels of a store, all of one measure.
        cells: Cell of each run.
    """
    found: dict[tuple[Cell, str], dict[int, tuple[int, float]]] = defaultdict(dict)
    for point in points:
        totals = found[cells[point.run_id], point.measure]
        count, total = totals.get(point.epoch, (0, 0.0))
        totals[point.epoch] = count + point.num_runs, total + point.total
    return tuple(
        LearningCurve(
            *key,
            tuple(sorted(totals)),
            tuple(total / count for _, (count, total) in sorted(totals.items())),
        )
        for key, totals in sorted(found.items())
    )


def mean_curves(
    observed: Observations, values_RE: Floats, *, measure: str
) -> tuple[LearningCurve, ...]:
    """Means over the runs of each cell, at the epochs that any of its runs reached."""
    curves = []
    for position, cell in enumerate(observed.cells):
        mine_RE = values_RE[observed.run_cells == position]
        means_E = np.nanmean(mine_RE[:, ~np.isnan(mine_RE).all(axis=0)], axis=0)
        if len(means_E):
            epochs = tuple(range(1, len(means_E) + 1))
            curves.append(LearningCurve(cell, measure, epochs, tuple(means_E.tolist())))
    return tuple(curves)


def selection_optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    """Mean of best epoch minus last epoch over complete curves, in the curves' unit, at least 0."""
    complete_RE = curves_RE[~np.isnan(curves_RE).any(axis=1)]
    if not len(complete_RE):
        return math.nan
    best_R = complete_RE.max(axis=1) if higher_is_better else complete_RE.min(axis=1)
    return float(np.mean(np.abs(best_R - complete_RE[:, -1])))
