"""Published summary statistics: comparisons from mean, SD and n, and a check of the published ones.

Cohen's d = |difference| / pooled SD; interval = difference +- t(n1 + n2 - 2) pooled SD
sqrt(1 / n1 + 1 / n2); Welch's interval beside it does not assume equal variances.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UnknownNameError
from .estimate import Estimate, satterthwaite
from .reading import Bank, Summary, summaries

TOLERANCE = 0.003
"""Largest distance that rounding in the published inputs explains."""


@dataclass(frozen=True)
class Comparison:
    """Difference of two summaries, with pooled and with Welch's standard error."""

    high: str
    low: str
    cohens_d: float
    pooled: Estimate
    welch: Estimate


@dataclass(frozen=True)
class Contradiction:
    """A published row that does not follow from its own mean, SD and n.

    ``evidence`` holds (quantity, published, recomputed).
    """

    name: str
    evidence: tuple[tuple[str, float, float], ...]


def compare(known: Sequence[Summary], high: str, low: str) -> Comparison:
    """Mean of ``high`` minus mean of ``low``.

    Raises:
        UnknownNameError: for an activation that is not in the bank.
    """
    by_name = {summary.name: summary for summary in known}
    for name in (high, low):
        if name not in by_name:
            raise UnknownNameError("activation", name, by_name)
    first, second = by_name[high], by_name[low]
    name, value = f"{high} - {low}", first.mean - second.mean
    df1, df2 = first.num_runs - 1, second.num_runs - 1
    pooled_variance = (df1 * first.sd**2 + df2 * second.sd**2) / (df1 + df2)
    pooled_error = math.sqrt(pooled_variance * (1 / first.num_runs + 1 / second.num_runs))
    welch_variance, welch_df = satterthwaite(
        [(first.sd**2 / first.num_runs, df1), (second.sd**2 / second.num_runs, df2)]
    )
    return Comparison(
        high,
        low,
        abs(value) / math.sqrt(pooled_variance),
        Estimate(name, value, pooled_error, df1 + df2, "pooled SD"),
        Estimate(name, value, math.sqrt(welch_variance), welch_df, "Welch"),
    )


def contradictions(bank: Bank, *, tolerance: float = TOLERANCE) -> tuple[Contradiction, ...]:
    """Rows whose published d, interval or p does not follow from their mean, SD and n.

    Recomputed against ``bank.reference``; the half width of the mean's own interval is checked
    too.
    """
    known = summaries(bank)
    found = []
    for row, summary in zip(bank.rows(), known, strict=True):
        checks = [("half width of the mean's interval", row["ci_half_width"], _half_width(summary))]
        if summary.name != bank.reference:
            checks += _published_comparison(row, compare(known, summary.name, str(bank.reference)))
        wrong = [
            (quantity, float(text), value)
            for quantity, text, value in checks
            if abs(float(text) - value) > tolerance
        ]
        if wrong:
            found.append(Contradiction(summary.name, tuple(wrong)))
    return tuple(found)


def _half_width(summary: Summary) -> float:
    error = summary.sd / math.sqrt(summary.num_runs)
    return Estimate("", 0.0, error, summary.num_runs - 1, "").interval()[1]


def _published_comparison(
    row: dict[str, str], recomputed: Comparison
) -> list[tuple[str, str, float]]:
    lower, upper = recomputed.pooled.interval()
    # A p printed as "<0.0001" is checked as the value 0.0001, within the tolerance.
    return [
        ("Cohen's d", row["cohens_d_against_mish"], recomputed.cohens_d),
        ("lower limit", row["difference_ci_low"], lower),
        ("upper limit", row["difference_ci_high"], upper),
        ("p", row["p_value_against_mish"].lstrip("<"), recomputed.pooled.p_value()),
    ]
