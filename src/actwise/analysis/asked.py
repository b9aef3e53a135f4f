"""One pair of levels in full (``--contrast A,B``): each condition, the mean, what changes it.

What is not estimable is refused by name, with the cells that are missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from .conditions import PairRow
from .contrasts import Condition, cell_at, combine, conditions, level_difference
from .equivalence import ChangeVerdict, Verdict, as_change
from .estimate import Estimate
from .evidence import Evidence
from .families import AdjustedP
from .inference import NotEstimableError, Weights
from .table import Cell
from .verdicts import Adjuster, Difference, by_sign, judge_family

Pair = tuple[str, str]


@dataclass(frozen=True)
class ContrastRow:
    """A difference, or a change of a difference, in points.

    Attributes:
        name: Such as ``elu - relu``.
        kind: "mean" over conditions, "change" by another factor, or "incumbent".
        condition: Levels that are fixed.
        estimates, p: Under each deciding model.
        margin, verdict, reason: As in :class:`PairRow`; the verdict is on the first level. A change
            of a difference is neither good nor bad: larger or smaller.
    """

    name: str
    kind: str
    condition: Condition
    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    margin: float
    verdict: Verdict | ChangeVerdict
    reason: str

    @property
    def estimate(self) -> Estimate:
        """Under the model that is shown."""
        return self.estimates[-1]


@dataclass(frozen=True)
class Refusal:
    """A contrast that the runs cannot tell, the reason in words, and the missing cells."""

    name: str
    sentence: str
    missing: tuple[Cell, ...]


@dataclass(frozen=True)
class PairReport:
    """Everything about one pair of levels."""

    simple: tuple[PairRow, ...]
    rows: tuple[ContrastRow, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class Candidate:
    """A contrast to be judged, with its place in the study."""

    name: str
    kind: str
    condition: Condition
    weights: Weights


def pair_report(evidence: Evidence, pair: Pair, every_pair: Sequence[PairRow]) -> PairReport:
    """A minus B in each condition, on average, and how each other factor changes it.

    Args:
        evidence: On the scale of points.
        pair: (A, B).
        every_pair: All simple effects, this pair in this direction: p values are adjusted over
            all of them, since asking for one of them does not undo the others.

    Raises:
        UnknownNameError: for a level that does not occur.
        NotEstimableError: if the two were never run in one condition.
    """
    model, focus = evidence.model, evidence.observed.focus
    whole = level_difference(model.factors, model.cells, factor=focus, high=pair[0], low=pair[1])
    name = f"{pair[0]} - {pair[1]}"
    simple = tuple(row for row in every_pair if (row.high, row.low) == pair)
    if not simple:
        raise NotEstimableError(name, model.missing(whole))
    found = conditions(model.factors, whole, focus=focus)
    candidates = [Candidate(f"{name}, mean over conditions", "mean", (), whole)]
    for condition in found:
        label = f"{name} at {', '.join(level for _, level in condition)}"
        weights = _difference(evidence, condition, pair)
        if condition and model.missing(weights):
            candidates.append(Candidate(label, "simple", condition, weights))
    candidates += _changes(evidence, pair, found, name)
    rows, refusals = _estimate(evidence, candidates, family=f"contrast {name}")
    return PairReport(simple, rows, refusals)


def _difference(evidence: Evidence, condition: Condition, pair: Pair) -> dict[Cell, float]:
    factors, focus = evidence.model.factors, evidence.observed.focus
    high, low = (cell_at(factors, condition, focus=focus, level=level) for level in pair)
    return {high: 1.0, low: -1.0}


def _changes(evidence: Evidence, pair: Pair, found: list[Condition], name: str) -> list[Candidate]:
    """(A - B) at one level of another factor minus the same at another, the rest fixed.

    Those of which neither side was run are not even asked for.
    """
    candidates = []
    for first, second in combinations(found, 2):
        differing = [pairs for pairs in zip(first, second, strict=True) if pairs[0] != pairs[1]]
        sides = [_difference(evidence, side, pair) for side in (first, second)]
        if len(differing) != 1 or all(evidence.model.missing(side) for side in sides):
            continue
        ((factor, one), (_, other)) = differing[0]
        rest = tuple(entry for entry in first if entry[0] != factor)
        where = f" at {', '.join(level for _, level in rest)}" if rest else ""
        weights = combine((1.0, sides[0]), (-1.0, sides[1]))
        label = f"[{name}] {factor} {one} minus {other}{where}"
        candidates.append(Candidate(label, "change", rest, weights))
    return candidates


def _estimate(
    evidence: Evidence, candidates: list[Candidate], *, family: str
) -> tuple[tuple[ContrastRow, ...], tuple[Refusal, ...]]:
    """The candidates that can be estimated, Holm inside each kind, and the others."""
    kept: list[Candidate] = []
    refusals = []
    for candidate in candidates:
        try:
            evidence.estimates(candidate.weights, candidate.name)
        except NotEstimableError as error:
            refusals.append(Refusal(candidate.name, str(error), error.missing))
        else:
            kept.append(candidate)
    rows: list[ContrastRow] = []
    for kind in dict.fromkeys(candidate.kind for candidate in kept):
        members = [candidate for candidate in kept if candidate.kind == kind]
        rows += judged(evidence, members, by_sign(f"{family}: {kind}", "holm"))
    return tuple(rows), tuple(refusals)


def judged(
    evidence: Evidence, candidates: Sequence[Candidate], adjuster: Adjuster
) -> list[ContrastRow]:
    """Rows of one family with their verdicts."""
    family = [
        Difference(c.name, c.weights, strictest_margin(evidence, c.weights)) for c in candidates
    ]
    rows = []
    found = judge_family(evidence, family, adjuster)
    for asked, difference, entry in zip(candidates, family, found, strict=True):
        verdict: Verdict | ChangeVerdict = entry.verdict
        if asked.kind == "change":
            verdict = as_change(entry.verdict, higher_is_better=evidence.observed.higher_is_better)
        rows.append(
            ContrastRow(
                asked.name,
                asked.kind,
                asked.condition,
                entry.estimates,
                entry.p,
                difference.margin,
                verdict,
                entry.reason,
            )
        )
    return rows


def strictest_margin(evidence: Evidence, weights: Weights) -> float:
    """The margin of the data set of a contrast; over several, the smallest of theirs."""
    observed = evidence.observed
    names = {observed.dataset_of(cell) for cell, weight in weights.items() if weight}
    return min(evidence.margin_of(name) for name in names)
