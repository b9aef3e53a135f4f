"""Learning curves of a store: the mean and spread of each cell's runs at every epoch."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from ..store import MEASURES, CurveSums
from .observations import Cell, Floats
from .source import Curve


def learning_curves(sums: Iterable[CurveSums], cells: Mapping[str, Cell]) -> tuple[Curve, ...]:
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


def _curve(cell: Cell, parts: Iterable[CurveSums], measure: str) -> Curve:
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
    return Curve(cell, measure, tuple(epochs), tuple(means_E.tolist()), tuple(spread_E.tolist()))
