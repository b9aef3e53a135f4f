"""The analysis of published summary statistics: recomputed comparisons, rows that contradict."""

from collections.abc import Sequence

from .asked import Pair
from .decision import Decision
from .estimate import ALPHA
from .findings import contradicting_rows
from .numbers import counted, signed, span
from .reading import StudyResults
from .reasons import joined
from .results import Analysis, Published
from .side_tests import published_tests
from .summaries import Comparison, Contradiction, compare, contradictions


def analyze_summaries(source: StudyResults, *, contrast: Pair | None) -> Analysis:
    """Every activation against the bank's reference, or the pair asked for.

    Raises:
        UnknownNameError: for an activation that is not in the bank.
    """
    assert source.bank is not None, "summary statistics come from a bank"
    reference = str(source.bank.reference)
    if contrast:
        compared: tuple[Comparison, ...] = (compare(source.summaries, *contrast),)
    else:
        compared = tuple(
            compare(source.summaries, summary.name, reference)
            for summary in source.summaries
            if summary.name != reference
        )
    wrong = contradictions(source.bank)
    finding = contradicting_rows(wrong)
    return Analysis(
        source=source,
        scale="points",
        margin=None,
        decision=_decision(source, compared, reference if contrast is None else None, wrong),
        findings=(finding,) if finding else (),
        published=Published(compared, wrong),
    )


def _decision(
    source: StudyResults,
    compared: Sequence[Comparison],
    reference: str | None,
    wrong: Sequence[Contradiction],
) -> Decision:
    """What the means show, and why nothing follows for other networks."""
    reasons = []
    names = {row.name for row in wrong}
    best = max(
        (summary for summary in source.summaries if summary.name not in names),
        key=lambda summary: summary.mean,
    )
    tests = [pooled.adjusted for pooled, _ in published_tests(compared)]
    if reference is not None:
        reasons.append(f"The highest mean is that of {best.name}, {best.mean:.2f}.")
        apart = [
            row.pooled.value
            for row, p in zip(compared, tests, strict=True)
            if p <= ALPHA and row.high not in names
        ]
        usable = [row for row in compared if row.high not in names]
        above = sum(value > 0 for value in apart)
        reasons.append(
            f"Shown to be above {reference}: {above} of {counted(len(usable), 'activation')}; "
            f"below: {len(apart) - above} (Holm)."
        )
        if names:
            listed = joined(sorted(names))
            reasons.append(f"Left out of these counts, since they contradict themselves: {listed}.")
    else:
        for row in compared:
            lower, upper = row.pooled.interval()
            reasons.append(
                f"{row.high} - {row.low}: {signed(row.pooled.value)} points, 95 % interval "
                f"{span(lower, upper)} with the pooled deviation; Welch's beside it."
            )
    headline = (
        "Nothing can be concluded about which activation to use: these are published means of one "
        "network on one data set, not runs."
    )
    return Decision(headline, tuple(reasons))
