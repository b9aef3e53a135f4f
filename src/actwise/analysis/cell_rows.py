"""The cells of an analysis: the runs that count, their mean, and what came to nothing."""

import math
from dataclasses import dataclass

import numpy as np

from .model import Estimate, Model
from .reading import StudyResults
from .table import Cell, Observations


@dataclass(frozen=True)
class CellRow:
    """One cell: the runs that count, their mean with its total error, and what came to nothing.

    Attributes:
        num_runs: Runs in the mean.
        mean: None without any.
        sd: Their standard deviation; NaN below two.
        epochs, seconds: Means over finished runs, where they are known.
        as_published: Its figure as the paper of a bank gives it, where that is no plain mean.
    """

    cell: Cell
    num_runs: int
    mean: Estimate | None
    sd: float
    num_diverged: int
    num_stuck: int
    is_hardly_learned: bool
    epochs: float | None
    seconds: float | None
    as_published: float | None = None


def cell_rows(
    results: StudyResults, model: Model, observed: Observations, hardly: frozenset[Cell]
) -> tuple[CellRow, ...]:
    """Every cell with runs; one of which no run counts has no mean."""
    lost = {row.cell: row for row in model.lost}
    rows = []
    for cell in observed.cells:
        place = model.places.get(cell)
        values_S = np.zeros(0)
        if place is not None:
            values_S = model.conditions[place[0]].fit.values_LS[place[1]]
            values_S = values_S[~np.isnan(values_S)]
        rows.append(
            CellRow(
                cell,
                len(values_S),
                model.mean(cell) if len(values_S) else None,
                float(np.std(values_S, ddof=1)) if len(values_S) > 1 else math.nan,
                lost[cell].diverged if cell in lost else 0,
                lost[cell].stuck if cell in lost else 0,
                cell in hardly,
                results.epochs.get(cell),
                results.seconds.get(cell),
                results.published.get(cell),
            )
        )
    return tuple(rows)
