"""An estimate with its standard error and degrees of freedom: t intervals and t tests.

Assumes that the estimate is normal around the true value and that its variance was estimated
with ``df`` degrees of freedom (Student 1908; Satterthwaite 1946 where variances are combined).
"""

import math
from dataclasses import dataclass, replace
from typing import Self

from .distributions import t_quantile, t_upper_tail

ALPHA = 0.05
"""Level of a test that is made once; planned looks share it (see ``looks``)."""


@dataclass(frozen=True)
class Estimate:
    """A contrast, or any other quantity, with what is known of its precision.

    Attributes:
        name: What it is, for people.
        value: The estimate, in the unit of the response.
        standard_error: Its standard deviation; NaN where nothing is known of it.
        df: Degrees of freedom of the standard error; infinite where it is known, 0 where not.
        source: Where the variance comes from.
        alpha: Level at which it is judged: of a two-sided test, and of each direction of a verdict.
    """

    name: str
    value: float
    standard_error: float
    df: float
    source: str
    alpha: float = ALPHA

    @property
    def is_testable(self) -> bool:
        """Whether a standard error is known."""
        return self.df > 0 and math.isfinite(self.standard_error)

    def statistic(self) -> float:
        """Value / standard error; infinite or 0 where the standard error is 0."""
        if not self.is_testable:
            return math.nan
        if self.standard_error == 0.0:
            return math.copysign(math.inf, self.value) if self.value else 0.0
        return self.value / self.standard_error

    def shifted(self, by: float) -> Self:
        """The same with another value."""
        return replace(self, value=self.value + by)

    def lower(self, level: float | None = None) -> float:
        """One-sided lower confidence limit, by default at 1 - alpha."""
        return self.value - self._half_width(1 - self.alpha if level is None else level)

    def upper(self, level: float | None = None) -> float:
        """One-sided upper confidence limit, by default at 1 - alpha."""
        return self.value + self._half_width(1 - self.alpha if level is None else level)

    def interval(self) -> tuple[float, float]:
        """Two-sided confidence interval with equal tails, at 1 - alpha."""
        one_sided = 1 - self.alpha / 2
        return self.lower(one_sided), self.upper(one_sided)

    def verdict_interval(self) -> tuple[float, float]:
        """The interval that decides a verdict, at 1 - 2 alpha: each direction errs in alpha."""
        return self.lower(), self.upper()

    def p_above(self) -> float:
        """One-sided p value against "true value <= 0"; small where it lies above."""
        return t_upper_tail(self.statistic(), self.df)

    def p_value(self) -> float:
        """Two-sided p value against "true value = 0"."""
        tail = t_upper_tail(abs(self.statistic()), self.df)
        return tail if math.isnan(tail) else min(1.0, 2 * tail)

    def _half_width(self, level: float) -> float:
        if not self.is_testable:
            return math.nan
        return t_quantile(level, self.df) * self.standard_error


def satterthwaite(parts: list[tuple[float, float]]) -> tuple[float, float]:
    """Sum of independent variances and its degrees of freedom.

    df = (sum v)^2 / sum(v^2 / df): Satterthwaite 1946. A part with infinite df is known exactly.

    Args:
        parts: (variance, df) of each part that has a weight.

    Returns:
        The variance and its df; (NaN, 0) if a part has no df, (0, inf) if there is no part.
    """
    if any(math.isnan(variance) or not df > 0 for variance, df in parts):
        return math.nan, 0.0
    total = math.fsum(variance for variance, _ in parts)
    spread = math.fsum(variance**2 / df for variance, df in parts)
    if spread == 0.0:
        return total, min((df for variance, df in parts if variance == total), default=math.inf)
    return total, total**2 / spread
