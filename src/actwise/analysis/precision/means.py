"""Intervals of single means, within the range that a mean can have.

Mean ± t SE, with the total error of the cell's stratum and the cell's own number of runs. An
interval of a percentage ends at 0 and at 100.
"""

import math
from dataclasses import replace

from ...registry import format_value
from ..model import Estimate, fit_model, is_percent
from ..table import Observations, Table

Interval = tuple[float, float]


def with_intervals(table: Table, observed: Observations) -> Table:
    """The table with the 95 % interval of every mean of which an error is known, and its source.

    A label that stands for a network that another label stands for has its interval there. Runs
    that are stuck at chance are in the mean that is shown; the error is that of the others.
    """
    if not observed.completed.num_runs:
        return table
    model, limits = fit_model(observed), possible_range(observed)
    cells, source = [], ""
    for cell in table.cells:
        key = tuple(format_value(cell[name]) for name in observed.factors)
        if cell.mean is not None and key in model.places:
            found = model.mean(key)
            if found.is_testable:
                interval = interval_within(replace(found, value=cell.mean), limits)
                cell, source = replace(cell, interval=interval), found.source
        cells.append(cell)
    return replace(table, cells=tuple(cells), error=source)


def possible_range(observed: Observations) -> Interval:
    """The least and the greatest mean that there can be: 0 and 100 for percentages."""
    return (0.0, 100.0) if is_percent(observed) else (-math.inf, math.inf)


def interval_within(mean: Estimate, limits: Interval) -> Interval:
    """The interval of a mean in points, cut at the limits; NaN where no error is known."""
    lower, upper = mean.interval()
    return (lower, upper) if math.isnan(lower) else (max(limits[0], lower), min(limits[1], upper))
