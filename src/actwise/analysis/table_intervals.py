"""Intervals for the cells of a table: the same as those of ``analyze``."""

from dataclasses import replace

from .evidence import gather
from .observations import Observations
from .table import Table


def with_intervals(table: Table, observed: Observations) -> Table:
    """The table with the 95 % interval of every mean of which an error is known.

    A label that stands for a network that another label stands for has its interval there.
    """
    if not observed.completed().num_runs:
        return table
    model = gather(observed).model
    limits = {cell: model.mean(cell) for cell in model.cells}
    cells = []
    for cell in table.cells:
        mean = limits.get(tuple(str(cell[name]) for name in observed.factors))
        known = mean is not None and mean.is_testable and cell.num_finished
        cells.append(replace(cell, interval=mean.interval()) if mean and known else cell)
    return replace(table, cells=tuple(cells))
