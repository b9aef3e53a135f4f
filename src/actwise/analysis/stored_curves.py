"""Learning curves of a store: the mean and spread of each cell's runs at every epoch."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
from sqlalchemy import func, select

from ..store import RunStore
from ..store.database import chunks
from ..store.database.schema import epochs as epochs_table
from ..store.database.schema import runs as runs_table
from .observations import Cell, Floats
from .source import Curve

_MEASURES = ("test_accuracy", "validation_accuracy", "train_accuracy")
"""Of learning curves, the first that the store has."""


def stored_curves(store: RunStore, cells: Mapping[str, Cell]) -> tuple[Curve, ...]:
    """Summed by the database, so that the work here grows with cells, not with runs."""
    values = [epochs_table.c[name] for name in _MEASURES]
    sums = [f for v in values for f in (func.count(v), func.sum(v), func.sum(v * v))]
    query = (
        select(func.min(runs_table.c.run_id), epochs_table.c.epoch, *sums)
        .join(runs_table, runs_table.c.run_id == epochs_table.c.run_id)
        .where(runs_table.c.status == "finished")
        .group_by(runs_table.c.cell_hash, epochs_table.c.epoch)
    )
    totals: dict[Cell, dict[int, Floats]] = defaultdict(dict)
    with store.database.reading() as connection:
        # Replicates side by side, so that few cells are split between two queries.
        for chunk in chunks(sorted(cells, key=lambda run_id: cells[run_id])):
            for run_id, epoch, *found in connection.execute(
                query.where(runs_table.c.run_id.in_(chunk))
            ):
                row = np.array([value or 0.0 for value in found], dtype=np.float64)
                curve = totals[cells[run_id]]
                curve[epoch] = curve[epoch] + row if epoch in curve else row
    for number, measure in enumerate(_MEASURES):
        if any(row[3 * number] for curve in totals.values() for row in curve.values()):
            return tuple(
                _curve(cell, rows, measure, number) for cell, rows in sorted(totals.items())
            )
    return ()


def _curve(cell: Cell, rows: Mapping[int, Floats], measure: str, number: int) -> Curve:
    epochs = sorted(epoch for epoch, row in rows.items() if row[3 * number])
    columns = [rows[epoch][3 * number : 3 * number + 3] for epoch in epochs]
    counts_E, sums_E, squares_E = np.array(columns).reshape(-1, 3).T
    means_E = sums_E / counts_E
    left_E = np.maximum(0.0, squares_E - counts_E * means_E**2)
    several_E = np.where(counts_E > 1, counts_E - 1, np.nan)
    spread_E = np.sqrt(left_E / several_E)
    return Curve(cell, measure, tuple(epochs), tuple(means_E.tolist()), tuple(spread_E.tolist()))
