"""Power, smallest detectable difference and seeds still needed (noncentral t).

A contrast of cell means with n runs a cell has standard error SD sqrt(sum l^2 / n): a simple
difference has sum l^2 = 2, a difference of two differences 4. With ``num_cells`` cells that share
one residual variance and seeds as blocks, df = (num_cells - 1)(n - 1); without blocks
num_cells (n - 1). Source: Cohen 1988, ch. 2; Phillips 1990 for two one-sided tests.
"""

import math
from dataclasses import dataclass

from .distributions import chi2_quantile, t_quantile

SIMPLE_DIFFERENCE = 2.0
"""Sum of squared weights of one cell minus another."""
DIFFERENCE_OF_DIFFERENCES = 4.0

_MOST_SEEDS = 1000


@dataclass(frozen=True)
class Design:
    """How many cells share the variance, and whether seeds are blocks among them."""

    num_cells: int
    blocked: bool = True

    def df(self, num_seeds: int) -> int:
        """Residual degrees of freedom at this number of seeds a cell."""
        cells = self.num_cells - 1 if self.blocked else self.num_cells
        return cells * (num_seeds - 1)


def power(
    difference: float,
    *,
    sd: float,
    num_seeds: int,
    design: Design,
    squared_weights: float = SIMPLE_DIFFERENCE,
    alpha: float = 0.05,
) -> float:
    """Power of the one-sided t test at a true difference; NaN without degrees of freedom.

    Args:
        difference: True value of the contrast, in the response's unit.
        sd: Residual standard deviation of one run.
        num_seeds: Runs in each cell.
        design: What the residual variance is pooled over.
        squared_weights: Sum of the contrast's squared weights.
        alpha: One-sided level.
    """
    from scipy.stats import nct

    df = design.df(num_seeds)
    if df < 1:
        return math.nan
    standard_error = sd * math.sqrt(squared_weights / num_seeds)
    if standard_error == 0.0:
        return 1.0 if difference > 0 else alpha
    return float(nct.sf(t_quantile(1 - alpha, df), df, difference / standard_error))


def smallest_detectable(
    *,
    sd: float,
    num_seeds: int,
    design: Design,
    squared_weights: float = SIMPLE_DIFFERENCE,
    target: float = 0.80,
    alpha: float = 0.05,
) -> float:
    """The true difference that is found with power ``target``; NaN without df."""
    from scipy.optimize import brentq

    if design.df(num_seeds) < 1 or sd == 0.0:
        return math.nan if design.df(num_seeds) < 1 else 0.0

    def shortfall(difference: float) -> float:
        return target - power(
            difference,
            sd=sd,
            num_seeds=num_seeds,
            design=design,
            squared_weights=squared_weights,
            alpha=alpha,
        )

    high = sd * math.sqrt(squared_weights)
    while shortfall(high) > 0:
        high *= 2
    return float(brentq(shortfall, 0.0, high, xtol=1e-9))


def power_equivalent(
    margin: float,
    *,
    sd: float,
    num_seeds: int,
    design: Design,
    squared_weights: float = SIMPLE_DIFFERENCE,
    alpha: float = 0.05,
) -> float:
    """Power to conclude "equivalent" where the true difference is 0 (two one-sided tests).

    P(|D| < margin - t SE), D normal and SE the estimated standard error: integrated over the
    chi-square quantiles of SE.
    """
    import numpy as np
    from scipy.special import chdtri, ndtr

    df = design.df(num_seeds)
    if df < 1 or math.isnan(margin):
        return math.nan
    true_error = sd * math.sqrt(squared_weights / num_seeds)
    if true_error == 0.0:
        return 1.0
    nodes, weights = np.polynomial.legendre.leggauss(128)
    estimated_S = true_error * np.sqrt(chdtri(df, (1 - nodes) / 2) / df)
    room_S = np.maximum(0.0, margin - t_quantile(1 - alpha, df) * estimated_S)
    return float(np.sum(weights / 2 * (2 * ndtr(room_S / true_error) - 1)))


def seeds_needed(
    difference: float,
    *,
    sd: float,
    design: Design,
    squared_weights: float = SIMPLE_DIFFERENCE,
    target: float = 0.80,
    alpha: float = 0.05,
) -> int | None:
    """Fewest seeds a cell that give the target power; None above 1,000."""
    low, high = 2, 2
    needs = {"sd": sd, "design": design, "squared_weights": squared_weights, "alpha": alpha}

    def reached(num_seeds: int) -> bool:
        return power(difference, num_seeds=num_seeds, **needs) >= target  # type: ignore[arg-type]

    while not reached(high):
        low, high = high + 1, 2 * high
        if high > 2 * _MOST_SEEDS:
            return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    return low if low <= _MOST_SEEDS else None


def seeds_needed_range(
    difference: float,
    *,
    sd: float,
    sd_df: float,
    design: Design,
    squared_weights: float = SIMPLE_DIFFERENCE,
    target: float = 0.80,
    alpha: float = 0.05,
) -> tuple[int | None, int | None]:
    """Seeds needed at the estimated SD and at its upper 80 % confidence limit."""
    upper = upper_sd(sd, sd_df, level=0.80)
    first, last = (
        seeds_needed(
            difference,
            sd=value,
            design=design,
            squared_weights=squared_weights,
            target=target,
            alpha=alpha,
        )
        for value in (sd, upper)
    )
    return first, last


def upper_sd(sd: float, df: float, *, level: float) -> float:
    """One-sided upper confidence limit of a standard deviation (chi-square)."""
    return sd * math.sqrt(df / chi2_quantile(1 - level, df)) if df > 0 else math.nan
