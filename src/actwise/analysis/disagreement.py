"""Do the conditions agree on what is best, or does a mean over them hide the answer?

They disagree where different levels are separated from the second best, or where the leader on
average is shown to be worse than another level in some condition. Differences that are shown to be
less than the margin do not count.
"""

from collections import Counter
from collections.abc import Sequence

from .conditions import PairRow, Separation
from .contrasts import Condition
from .numbers import counted
from .reasons import joined


def disagreement(leader: str, separations: Sequence[Separation], simple: Sequence[PairRow]) -> str:
    """How the conditions contradict a choice on average, in a sentence; "" where they do not.

    Args:
        leader: The best level on average.
        separations: Best against second best in each condition.
        simple: All pairs in all conditions.
    """
    equal = {
        (row.condition, frozenset((row.high, row.low)))
        for row in simple
        if row.verdict == "equivalent"
    }
    winners = Counter(
        row.best
        for row in separations
        if row.is_separated and (row.condition, frozenset((row.best, row.second))) not in equal
    )
    total = counted(len(separations), "condition")
    if len(winners) > 1:
        listed = [f"{level} in {count}" for level, count in winners.most_common()]
        return (
            f"Which is the best depends on the condition: of {total}, {joined(listed)} separated "
            f"from the second best. Choose by condition; on average {leader} leads."
        )
    behind = _where_worse(leader, simple) | {
        row.condition for row in separations if row.best in winners and row.best != leader
    }
    if not behind:
        return ""
    return (
        f"Which is the best depends on the condition: {leader} leads on average, but is shown to "
        f"be worse than another in {len(behind)} of {total}. Choose by condition."
    )


def _where_worse(level: str, simple: Sequence[PairRow]) -> set[Condition]:
    return {
        row.condition
        for row in simple
        if (row.verdict, row.high) == ("worse", level)
        or (row.verdict, row.low) == ("better", level)
    }
