"""Quantiles and tails of the t, F and normal distributions; df may be infinite.

They come from ``scipy.special``, which loads ten times as fast as ``scipy.stats``; where a
noncentral distribution is needed, ``scipy.stats`` is imported by the function that needs it.
"""

import math
from functools import cache

import numpy as np

from ..table.observations import Floats

_unit_nodes = cache(np.polynomial.legendre.leggauss)
_HUGE = 1e8
"""Of df1 * F: from noncentralities of about 1e10 on scipy's noncentral distributions are NaN."""


def t_quantile(probability: float, df: float) -> float:
    """The t quantile; NaN where df is not positive."""
    from scipy import special

    if not df > 0:
        return math.nan
    if math.isinf(df):
        return float(special.ndtri(probability))
    return float(special.stdtrit(df, probability))


def t_upper_tail(statistic: float, df: float) -> float:
    """P(T > statistic); NaN where df is not positive."""
    from scipy import special

    if not df > 0 or math.isnan(statistic):
        return math.nan
    if math.isinf(df) or math.isinf(statistic):
        return float(special.ndtr(-statistic))
    return float(special.stdtr(df, -statistic))


def f_upper_tail(statistic: float, df1: float, df2: float) -> float:
    """P(F > statistic) with df1 and df2 degrees of freedom."""
    from scipy import special

    return float(special.fdtrc(df1, df2, statistic))


def chi2_quantile(probability: float, df: float) -> float:
    """The chi-square quantile."""
    from scipy import special

    return float(special.chdtri(df, 1 - probability))


def deviation_nodes(df: float, count: int) -> tuple[Floats, Floats]:
    """Nodes and weights of sqrt(chi^2 / df), by its quantiles."""
    from scipy.special import chdtri

    if math.isinf(df):
        return np.ones(1), np.ones(1)
    nodes, weights = _unit_nodes(count)
    return np.sqrt(chdtri(df, (1.0 - nodes) / 2) / df), weights / 2


def noncentrality(f: float, *, df1: int, df2: float, probability: float) -> float:
    """The noncentrality L at which P(F' <= f; L) = ``probability``; 0 where none is so large.

    With infinite df2, df1 F' is noncentral chi-square. Where seeds almost agree F is huge, and F'
    is then L / df1 times the inverse of chi-square(df2) / df2 to a relative error of 1 / sqrt(L).
    """
    from scipy import optimize, special

    if f * df1 > _HUGE:
        return _noncentrality_of_huge(f * df1, df2, probability)

    def excess(found: float) -> float:
        if math.isinf(df2):
            return float(special.chndtr(f * df1, df1, found)) - probability
        return float(special.ncfdtr(df1, df2, found, f)) - probability

    if excess(0.0) <= 0:
        return 0.0
    high = max(1.0, f * df1)
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-10, rtol=1e-12))


def _noncentrality_of_huge(ratio: float, df2: float, probability: float) -> float:
    from scipy import special

    if math.isinf(df2):
        return float((math.sqrt(ratio) - special.ndtri(probability)) ** 2)
    return ratio * chi2_quantile(1 - probability, df2) / df2
