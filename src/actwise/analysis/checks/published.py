"""Published summary statistics: comparisons from mean, SD and n, and a check of the published ones.

Cohen's d = |difference| / pooled SD; interval = difference +- t(n1 + n2 - 2) pooled SD
sqrt(1 / n1 + 1 / n2); Welch's interval beside it does not assume equal variances.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ...errors import UnknownNameError
from ..differences import AdjustedP, Pair, adjust
from ..model import Estimate, satterthwaite
from ..reading import Bank, Summary, summaries

TOLERANCE = 0.003
"""Largest distance that rounding in the published inputs explains."""


@dataclass(frozen=True)
class Comparison:
    """Difference of two summaries, with pooled and with Welch's standard error.

    Attributes:
        p: With the pooled deviation, two-sided, Holm over the comparisons.
    """

    high: str
    low: str
    cohens_d: float
    pooled: Estimate
    welch: Estimate
    p: AdjustedP


@dataclass(frozen=True)
class Contradiction:
    """A published row that does not follow from its own mean, SD and n.

    ``evidence`` holds (quantity, published, recomputed).
    """

    name: str
    evidence: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Recomputed:
    """What can be said of published summary statistics.

    Attributes:
        comparisons: Of each activation with the bank's reference, or only the pair asked for.
        contradictions: Rows that do not follow from their own figures.
    """

    comparisons: tuple[Comparison, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()


def check_published(bank: Bank, *, pair: Pair | None = None) -> Recomputed:
    """Recompute a bank of summary statistics.

    Args:
        bank: Of kind "summaries".
        pair: Of activations, the first minus the second; by default each against the reference.

    Raises:
        UnknownNameError: for an activation that is not in the bank.
    """
    known = {summary.name: summary for summary in summaries(bank)}
    reference = str(bank.reference)
    pairs = [pair] if pair else [(name, reference) for name in known if name != reference]
    found = [_compare(known, high, low) for high, low in pairs]
    family = "published comparisons"
    p_values = adjust([row.pooled.p_value() for row in found], family=family, method="holm")
    return Recomputed(
        tuple(replace(row, p=p) for row, p in zip(found, p_values, strict=True)),
        _contradictions(bank.rows(), known, reference),
    )


def _compare(known: Mapping[str, Summary], high: str, low: str) -> Comparison:
    for name in (high, low):
        if name not in known:
            raise UnknownNameError("activation", name, known)
    first, second = known[high], known[low]
    name, value = f"{high} - {low}", first.mean - second.mean
    df1, df2 = first.num_runs - 1, second.num_runs - 1
    pooled_variance = (df1 * first.sd**2 + df2 * second.sd**2) / (df1 + df2)
    pooled_error = math.sqrt(pooled_variance * (1 / first.num_runs + 1 / second.num_runs))
    welch_variance, welch_df = satterthwaite(
        [(first.sd**2 / first.num_runs, df1), (second.sd**2 / second.num_runs, df2)]
    )
    pooled = Estimate(name, value, pooled_error, df1 + df2, "pooled SD")
    p = pooled.p_value()
    return Comparison(
        high,
        low,
        abs(value) / math.sqrt(pooled_variance),
        pooled,
        Estimate(name, value, math.sqrt(welch_variance), welch_df, "Welch"),
        AdjustedP(p, p, name, 1, "none"),
    )


def _contradictions(
    rows: Sequence[Mapping[str, str]], known: Mapping[str, Summary], reference: str
) -> tuple[Contradiction, ...]:
    """Rows whose published d, interval or p does not follow from their mean, SD and n.

    Recomputed against the reference; the half width of the mean's own interval is checked too.
    """
    found = []
    for row in rows:
        name = row["activation"]
        checks = [
            ("half width of the mean's interval", row["ci_half_width"], _half_width(known[name]))
        ]
        if name != reference:
            checks += _published_comparison(row, _compare(known, name, reference))
        wrong = [
            (quantity, float(text), value)
            for quantity, text, value in checks
            if abs(float(text) - value) > TOLERANCE
        ]
        if wrong:
            found.append(Contradiction(name, tuple(wrong)))
    return tuple(found)


def _half_width(summary: Summary) -> float:
    error = summary.sd / math.sqrt(summary.num_runs)
    return Estimate("", 0.0, error, summary.num_runs - 1, "").interval()[1]


def _published_comparison(
    row: Mapping[str, str], recomputed: Comparison
) -> list[tuple[str, str, float]]:
    lower, upper = recomputed.pooled.interval()
    # A p printed as "<0.0001" is checked as the value 0.0001, within the tolerance.
    return [
        ("Cohen's d", row["cohens_d_against_mish"], recomputed.cohens_d),
        ("lower limit", row["difference_ci_low"], lower),
        ("upper limit", row["difference_ci_high"], upper),
        ("p", row["p_value_against_mish"].lstrip("<"), recomputed.pooled.p_value()),
    ]
