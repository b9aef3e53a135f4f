"""What a decomposition says of each term: shares, omega^2, F tests, intervals, expected noise."""

import math
from dataclasses import dataclass

from .distributions import f_upper_tail, noncentrality
from .factorial import Decomposition, Effect
from .inference import CellModel

_LEVEL = 0.90
"""Of the interval of partial eta^2: its lower limit is above 0 exactly where p < .05 (Steiger)."""


@dataclass(frozen=True)
class EffectSize:
    """One term, as reported. What replicates are needed for is NaN without them.

    Attributes:
        term: Such as ``regularization:activation``.
        ss, df: Sum of squares and its degrees of freedom.
        share: Percent of the part that involves the compared factor; NaN for other terms.
        share_of_total: Percent of the total sum of squares.
        omega_squared: (ss - df * MSE) / (total + MSE), Hays 1963; may be slightly negative.
        f, p: F test against the residual (cell x seed where seeds are blocks).
        partial_eta_squared, eta_lower, eta_upper: ss / (ss + residual ss), and its 90 % interval
            from the noncentral F distribution.
        noise_ss: Sum of squares expected from noise alone; NaN where there are replicates.
        is_complete: Whether missing cells cost the term no degree of freedom.
    """

    term: str
    ss: float
    df: int
    share: float
    share_of_total: float
    omega_squared: float
    f: float
    p: float
    partial_eta_squared: float
    eta_lower: float
    eta_upper: float
    noise_ss: float
    is_complete: bool


def effect_sizes(found: Decomposition, *, noise: CellModel | None = None) -> tuple[EffectSize, ...]:
    """Every term of a decomposition with its sizes and tests.

    Args:
        found: The decomposition.
        noise: For data without replicates, the model of single runs whose variances tell what
            noise alone would add to each term (the sum of projection diagonal * variance).
    """
    return tuple(_effect_size(effect, found, noise) for effect in found.effects)


def noise_in_focus(found: Decomposition, noise: CellModel) -> float:
    """Sum of squares that noise alone is expected to add to the compared factor's part."""
    return math.fsum(expected_noise(effect, noise) for effect in found.focus_effects)


def expected_noise(effect: Effect, noise: CellModel) -> float:
    """E[ss] of a term if there were no effects: sum_c P_cc * variance of cell c (single runs)."""
    variances = [noise.mean(cell).standard_error ** 2 for cell in noise.cells]
    return math.fsum(d * v for d, v in zip(effect.diagonal_C.tolist(), variances, strict=True))


def eta_interval(f: float, *, df1: int, df2: int, level: float = _LEVEL) -> tuple[float, float]:
    """Interval of the population's partial eta^2 by inverting the noncentral F distribution.

    The limits L of the noncentrality solve P(F' <= f; L) = (1 +- level) / 2 and map to
    L / (L + df1 + df2 + 1) (Steiger 2004, Psychological Methods 9, eq. 33).
    """
    size = df1 + df2 + 1
    lower, upper = (
        noncentrality(f, df1=df1, df2=df2, probability=p)
        for p in ((1 + level) / 2, (1 - level) / 2)
    )
    return lower / (lower + size), upper / (upper + size)


def _effect_size(effect: Effect, found: Decomposition, noise: CellModel | None) -> EffectSize:
    f, p, omega, eta = math.nan, math.nan, math.nan, math.nan
    limits = (math.nan, math.nan)
    if found.residual_df > 0 and found.residual_ss > 0 and effect.df:
        mse = found.residual_ss / found.residual_df
        f = effect.ss / effect.df / mse
        p = f_upper_tail(f, effect.df, found.residual_df)
        omega = (effect.ss - effect.df * mse) / (found.total_ss + mse)
        eta = effect.ss / (effect.ss + found.residual_ss)
        limits = eta_interval(f, df1=effect.df, df2=found.residual_df)
    involved = effect in found.focus_effects
    return EffectSize(
        effect.term,
        effect.ss,
        effect.df,
        _percent(effect.ss, found.focus_ss) if involved else math.nan,
        _percent(effect.ss, found.total_ss),
        omega,
        f,
        p,
        eta,
        *limits,
        expected_noise(effect, noise) if noise is not None else math.nan,
        effect.df == effect.full_df,
    )


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0 else math.nan
