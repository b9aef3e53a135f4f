"""Quantiles and tails of the t, F and normal distributions; df may be infinite.

They come from ``scipy.special``, which loads ten times as fast as ``scipy.stats``; where a
noncentral distribution is needed, ``scipy.stats`` is imported by the function that needs it.
"""

import math


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


def f_quantile(probability: float, df1: float, df2: float) -> float:
    """The F quantile."""
    from scipy import special

    return float(special.fdtri(df1, df2, probability))


def chi2_quantile(probability: float, df: float) -> float:
    """The chi-square quantile."""
    from scipy import special

    return float(special.chdtri(df, 1 - probability))
