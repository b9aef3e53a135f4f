"""Variance components: the seed, cell x seed, and the sample of test images, with intervals.

Intervals of a difference of mean squares are modified large-sample limits (Ting, Burdick,
Graybill, Jeyaratnam & Lu 1990). Negative estimates are shown as 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .distributions import chi2_quantile, f_quantile
from .inference import VariancePart
from .predictions import crossed_mean_squares
from .table import Booleans


@dataclass(frozen=True)
class Component:
    """A variance component, in squared points, with its 95 % interval.

    Attributes:
        name: "seed", "cell x seed" (within cells, without blocks) or "test images".
        variance: The estimate, 0 where it came out negative.
        raw: The estimate as it came out.
        lower, upper: Limits, at least 0.
    """

    name: str
    variance: float
    raw: float
    lower: float
    upper: float

    @property
    def sd(self) -> float:
        """Standard deviation, in points."""
        return math.sqrt(self.variance)


def run_components(part: VariancePart, *, level: float = 0.95) -> tuple[Component, ...]:
    """Components of one data set's runs: the residual and, with blocks, the seed.

    Empty without residual degrees of freedom.
    """
    fit = part.fit
    if fit.df < 1:
        return ()
    tail = (1 - level) / 2
    scale = fit.variance * fit.df
    name = "cell x seed" if fit.num_seeds else "within cells"
    lower, upper = (scale / chi2_quantile(p, fit.df) for p in (1 - tail, tail))
    residual = Component(name, fit.variance, fit.variance, lower, upper)
    if fit.num_seeds < 2:
        return (residual,)
    seeds_df = fit.num_seeds - 1
    mean_square = float(fit.seed_effects_S @ fit.normal_SS @ fit.seed_effects_S) / seeds_df
    per_seed = float(np.trace(fit.normal_SS)) / seeds_df
    seed = _difference("seed", mean_square, seeds_df, fit.variance, fit.df, per_seed, level)
    return (seed, residual)


def image_components(tables: Sequence[Booleans], *, level: float = 0.95) -> tuple[Component, ...]:
    """Variance of a cell's accuracy over samples of test images, the mean over some cells.

    Of each cell (S_image^2 - S_res^2 / n) / N of its seeds x images table. Where no cell has two
    runs it is S_image^2 / N, the binomial variance, which then holds the runs' own chance too. All
    cells share their images, so their mean has the degrees of freedom of one.

    Args:
        tables: Correct predictions of each cell, one row a seed, the same images in each.
        level: Of the interval.

    Returns:
        One component; nothing without tables.
    """
    several = [table_KN for table_KN in tables if len(table_KN) > 1] or tables
    if not several:
        return ()
    squares = [crossed_mean_squares(table, np.zeros_like(table)) for table in several]
    count = squares[0].num_images
    images = float(np.mean([cell.image_variance for cell in squares])) / count
    rest, rest_df = 0.0, 1
    if squares[0].num_seeds > 1:
        rests = [cell.rest_variance / (cell.num_seeds * count) for cell in squares]
        rest, rest_df = float(np.mean(rests)), sum(s.num_seeds - 1 for s in squares) * (count - 1)
    return (_difference("test images", images, count - 1, rest, rest_df, 1.0, level),)


def _difference(
    name: str, first: float, df1: int, second: float, df2: int, divisor: float, level: float
) -> Component:
    """(first - second) / divisor of two independent mean squares, with its interval."""
    tail = (1 - level) / 2
    g1, h1 = 1 - df1 / chi2_quantile(1 - tail, df1), df1 / chi2_quantile(tail, df1) - 1
    g2, h2 = 1 - df2 / chi2_quantile(1 - tail, df2), df2 / chi2_quantile(tail, df2) - 1
    f_high, f_low = f_quantile(1 - tail, df1, df2), f_quantile(tail, df1, df2)
    g12 = ((f_high - 1) ** 2 - (g1 * f_high) ** 2 - h2**2) / f_high
    h12 = ((1 - f_low) ** 2 - (h1 * f_low) ** 2 - g2**2) / f_low
    below = (g1 * first) ** 2 + (h2 * second) ** 2 + g12 * first * second
    above = (h1 * first) ** 2 + (g2 * second) ** 2 + h12 * first * second
    raw = (first - second) / divisor
    lower = raw - math.sqrt(max(0.0, below)) / divisor
    upper = raw + math.sqrt(max(0.0, above)) / divisor
    return Component(name, max(0.0, raw), raw, max(0.0, lower), max(0.0, upper))
