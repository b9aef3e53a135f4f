"""The analysis of published summary statistics: recomputed comparisons, rows that contradict."""

from .asked import Pair
from .decision import nothing
from .findings import contradicting_rows
from .results import Analysis, Published
from .source import Source
from .summaries import Comparison, compare, contradictions


def analyze_summaries(source: Source, *, contrast: Pair | None) -> Analysis:
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
    best = max(source.summaries, key=lambda summary: summary.mean)
    return Analysis(
        source=source,
        scale="points",
        margin=None,
        decision=nothing(
            f"these are published means, not runs (the highest is {best.name}, {best.mean:.2f}); "
            "one network, one data set, every activation compared with one reference"
        ),
        findings=(finding,) if finding else (),
        published=Published(compared, wrong),
    )
