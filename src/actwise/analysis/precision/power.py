"""Power and the smallest detectable difference (noncentral t); equivalence by two one-sided tests.

Sources: Cohen 1988, ch. 2; Phillips 1990 for two one-sided tests.
"""

import math
from bisect import bisect_left
from collections.abc import Callable

import numpy as np

from ..model import ALPHA
from ..model.distributions import chi2_quantile, deviation_nodes, t_quantile

TARGET = 0.80
"""Power that is asked for."""
MOST_SEEDS = 100
"""More are no reasonable number."""
_MOST_NONCENTRALITY = 30.0
"""From 37 on a factor exp(-square / 2) of nctdtr is no normal number: NaN, or 0 where those are
flushed."""


def power(difference: float, *, standard_error: float, df: float, alpha: float = ALPHA) -> float:
    """Power of the one-sided t test at a true difference; NaN without degrees of freedom.

    Args:
        difference: True value of the contrast, in the response's unit.
        standard_error: Its true standard error.
        df: Degrees of freedom with which that is estimated.
        alpha: One-sided level.
    """
    from scipy.special import nctdtr, ndtr

    if not df > 0:
        return math.nan
    if standard_error == 0.0:
        return 1.0 if difference > 0 else alpha
    noncentrality, critical = difference / standard_error, t_quantile(1 - alpha, df)
    if abs(noncentrality) <= _MOST_NONCENTRALITY:
        return 1.0 - float(nctdtr(df, noncentrality, critical))
    deviations_S, weights_S = deviation_nodes(df, 128)
    return float(np.sum(weights_S * ndtr(noncentrality - critical * deviations_S)))


def smallest_detectable(
    *, standard_error: float, df: float, target: float = TARGET, alpha: float = ALPHA
) -> float:
    """The true difference that is found with power ``target``; NaN without degrees of freedom."""
    from scipy.optimize import brentq

    if not df > 0 or standard_error == 0.0:
        return standard_error if df > 0 else math.nan

    def shortfall(errors: float) -> float:
        return target - power(errors, standard_error=1.0, df=df, alpha=alpha)

    high = 1.0
    while shortfall(high) > 0:
        high *= 2
    return standard_error * float(brentq(shortfall, 0.0, high, xtol=1e-9))


def power_equivalent(
    margin: float, *, standard_error: float, df: float, alpha: float = ALPHA, widening: float = 1.0
) -> float:
    """Power to conclude "equivalent" where the true difference is 0.

    P(|D| < margin - t SE), D normal and SE estimated: integrated over the chi-square quantiles of
    SE. NaN without a margin or degrees of freedom.

    Args:
        margin: Of equivalence.
        standard_error: The true standard error of D.
        df: Degrees of freedom with which that is estimated.
        alpha: Of each of the two tests.
        widening: Factor on SE in the tests, for a margin that is an estimate itself.
    """
    from scipy.special import ndtr

    if not df > 0 or math.isnan(margin):
        return math.nan
    if standard_error == 0.0:
        return 1.0
    deviations_S, weights_S = deviation_nodes(df, 128)
    estimated_S = standard_error * widening * deviations_S
    room_S = np.maximum(0.0, margin - t_quantile(1 - alpha, df) * estimated_S)
    return float(np.sum(weights_S * (2 * ndtr(room_S / standard_error) - 1)))


def sd_limits(sd: float, df: float, *, level: float = 0.95) -> tuple[float, float]:
    """Confidence limits of a standard deviation (chi-square); NaN without degrees of freedom."""
    return upper_sd(sd, df, level=(1 - level) / 2), upper_sd(sd, df, level=(1 + level) / 2)


def upper_sd(sd: float, df: float, *, level: float) -> float:
    """One-sided upper confidence limit of a standard deviation (chi-square)."""
    if math.isinf(df):
        return sd
    return sd * math.sqrt(df / chi2_quantile(1 - level, df)) if df > 0 else math.nan


def fewest_seeds(settles: Callable[[int], bool]) -> int | None:
    """The fewest seeds from 2 on that settle something; None above :data:`MOST_SEEDS`."""
    counts = range(2, MOST_SEEDS + 1)
    place = bisect_left(counts, True, key=settles)
    return counts[place] if place < len(counts) else None
