"""Intervals of single means: of the mean that is shown, within the range that a mean can have.

``actwise table`` shows plain means of the runs of a cell. Its interval is mean ± t SE with
SE² = (s² + s_seed²) / n: n is the cell's own number of runs, s² the run-to-run variance of all
cells of its data set, s_seed² that of seeds, which are a random sample here. In a half-finished
study ``analyze`` shows means adjusted for seeds, with the intervals of these; where a cell has
every seed the two are one. An interval of a percentage ends at 0 and at 100.
"""

import math
from dataclasses import replace

from ..registry import format_value
from .estimate import Estimate, satterthwaite
from .evidence import gather, is_percent
from .inference import CellModel
from .table import Cell, Observations, Table

Interval = tuple[float, float]


def with_intervals(table: Table, observed: Observations) -> Table:
    """The table with the 95 % interval of every mean of which an error is known, and its source.

    A label that stands for a network that another label stands for has its interval there.
    """
    if not observed.completed().num_runs:
        return table
    model, limits = gather(observed).model, possible_range(observed)
    cells = []
    for cell in table.cells:
        key = tuple(format_value(cell[name]) for name in observed.factors)
        found = _plain_mean(model, key, cell.mean) if cell.mean is not None else None
        if found is not None and found.is_testable:
            cell = replace(cell, interval=interval_within(found, limits))
        cells.append(cell)
    is_any_known = any(cell.interval for cell in cells)
    return replace(table, cells=tuple(cells), error=model.source if is_any_known else "")


def possible_range(observed: Observations) -> Interval:
    """The least and the greatest mean that there can be: 0 and 100 for percentages."""
    return (0.0, 100.0) if is_percent(observed) else (-math.inf, math.inf)


def interval_within(mean: Estimate, limits: Interval, *, level: float | None = None) -> Interval:
    """The interval of a mean in points, cut at the limits; NaN where no error is known."""
    lower, upper = mean.interval(level)
    return (lower, upper) if math.isnan(lower) else (max(limits[0], lower), min(limits[1], upper))


def _plain_mean(model: CellModel, cell: Cell, mean: float) -> Estimate | None:
    """The unadjusted mean of a cell's runs with its standard error; None without such a cell."""
    place = model.index.get(cell)
    if place is None:
        return None
    (part,) = (part for part in model.parts if place in part.members_G)
    num_runs, num_seeds = float(model.counts_C[place]), part.fit.num_seeds
    if num_seeds < 2 or num_runs == num_seeds:
        return model.mean(cell)
    seeds = max(0.0, part.fit.seed_variance())
    variance, df = satterthwaite(
        [(part.variance / num_runs, part.df), (seeds / num_runs, num_seeds - 1.0)]
    )
    return Estimate(", ".join(cell), mean, math.sqrt(variance), df, model.source)
