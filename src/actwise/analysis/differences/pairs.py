"""The compared factor in every condition: all pairs, and the best against the second best."""

from dataclasses import dataclass
from itertools import combinations

from ..model import ConditionFit, Model, Weights
from ..table.conditions import Condition
from .families import EXPLORATORY_ROWS
from .margins import margin_among
from .verdicts import Difference, Judged, by_sign, judge_family

Pair = tuple[str, str]


@dataclass(frozen=True)
class PairRow:
    """One level minus another in one condition, in points; the verdict is on ``a``."""

    condition: Condition
    a: str
    b: str
    judged: Judged


@dataclass(frozen=True)
class Separation:
    """The best level of a condition against its second best.

    Attributes:
        condition: Levels of the other factors.
        best, second: The levels.
        judged: best - second, in a family of its own over the conditions (two-sided, Holm).
        is_tie: Whether the two are equal: then neither is the best.
    """

    condition: Condition
    best: str
    second: str
    judged: Judged
    is_tie: bool

    @property
    def is_separated(self) -> bool:
        """Whether the best is shown to differ from the second best."""
        tests = zip(self.judged.p, self.judged.estimates, strict=True)
        return self.judged.reason in ("ok", "imprecise") and all(
            p.adjusted <= estimate.alpha for p, estimate in tests
        )


def all_pairs(
    model: Model, *, margin: float | None = None, direction: Pair | None = None
) -> tuple[PairRow, ...]:
    """All pairs of the compared factor in all conditions: one family.

    Holm; tables of over 50 rows are exploratory and use Benjamini-Hochberg instead.

    Args:
        model: In points.
        margin: Of equivalence, for all data sets; by default each one's own.
        direction: This pair is taken as (a, b); the others as the levels come.
    """
    found = []
    for entry in model.conditions:
        for a, b in combinations(entry.levels, 2):
            turned = direction == (b, a)
            found.append((entry, b, a) if turned else (entry, a, b))
    family = [_difference(model, *row, margin=margin) for row in found]
    adjuster = by_sign("pairs in conditions", "holm")
    if len(family) > EXPLORATORY_ROWS:
        adjuster = by_sign("pairs in conditions (exploratory)", "benjamini-hochberg")
    judged = judge_family(model, family, adjuster)
    return tuple(
        PairRow(entry.condition, a, b, row)
        for (entry, a, b), row in zip(found, judged, strict=True)
    )


def separations(model: Model, *, margin: float | None = None) -> tuple[Separation, ...]:
    """Best minus second best in each condition with two levels, Holm over the conditions.

    The data pick the two, but more levels do not make p too small: two that tie far ahead of the
    others are the least favourable case (Gutmann & Maymin 1987).
    """
    found = []
    for entry in model.conditions:
        if len(entry.levels) > 1:
            best, second, *_ = by_rank(model, entry)
            found.append((entry, best, second))
    family = [_difference(model, *row, margin=margin) for row in found]
    judged = judge_family(model, family, by_sign("best minus second best", "holm"))
    return tuple(
        Separation(entry.condition, best, second, row, row.estimate.value == 0.0)
        for (entry, best, second), row in zip(found, judged, strict=True)
    )


def by_rank(model: Model, entry: ConditionFit) -> list[str]:
    """The levels of a condition from best to worst, by means at the average seed."""
    sign = 1.0 if model.observed.higher_is_better else -1.0
    means = dict(zip(entry.levels, (sign * entry.fit.adjusted_L).tolist(), strict=True))
    return sorted(entry.levels, key=lambda level: -means[level])


def pair_weights(model: Model, condition: Condition, a: str, b: str) -> Weights:
    """The contrast a minus b in a condition."""
    return {model.cell_at(condition, a): 1.0, model.cell_at(condition, b): -1.0}


def _difference(
    model: Model, entry: ConditionFit, a: str, b: str, *, margin: float | None
) -> Difference:
    weights = pair_weights(model, entry.condition, a, b)
    return Difference(f"{a} - {b}", weights, margin_among(model, weights, margin))
