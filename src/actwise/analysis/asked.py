"""One pair of levels in full (``--contrast A,B``): each condition, the mean, what changes it.

What is not estimable is refused by name, with the cells that are missing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from .conditions import PairRow, simple_effects
from .contrasts import Condition, cell_at, combine, conditions, level_difference
from .equivalence import Verdict
from .estimate import Estimate
from .evidence import Evidence, judge_difference
from .families import AdjustedP, adjust
from .inference import NotEstimableError, Weights
from .observations import Cell

Pair = tuple[str, str]


@dataclass(frozen=True)
class ContrastRow:
    """A difference, or a change of a difference, in points.

    Attributes:
        name: Such as ``elu - relu``.
        kind: "mean" over conditions, "change" by another factor, or "incumbent".
        condition: Levels that are fixed.
        estimates, p: Under each deciding model.
        margin, verdict, reason: As in :class:`PairRow`; the verdict is on the first level.
    """

    name: str
    kind: str
    condition: Condition
    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    margin: float
    verdict: Verdict
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


def pair_report(evidence: Evidence, pair: Pair) -> PairReport:
    """A minus B in each condition, on average, and how each other factor changes it.

    Raises:
        UnknownNameError: for a level that does not occur.
        NotEstimableError: if the two were never run in one condition.
    """
    model, focus = evidence.model, evidence.observed.focus
    whole = level_difference(model.factors, model.cells, factor=focus, high=pair[0], low=pair[1])
    name = f"{pair[0]} - {pair[1]}"
    simple = simple_effects(evidence, pair=pair)
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
    kept: list[tuple[Candidate, tuple[Estimate, ...]]] = []
    refusals = []
    for candidate in candidates:
        try:
            estimates = evidence.estimates(candidate.weights, candidate.name)
        except NotEstimableError as error:
            refusals.append(Refusal(candidate.name, str(error), error.missing))
        else:
            kept.append((candidate, estimates))
    rows: list[ContrastRow] = []
    for kind in dict.fromkeys(candidate.kind for candidate, _ in kept):
        members = [pair for pair in kept if pair[0].kind == kind]
        rows += judged(evidence, members, family=f"{family}: {kind}", adjust_all=_holm)
    return tuple(rows), tuple(refusals)


def _holm(p_values: list[float], family: str) -> tuple[AdjustedP, ...]:
    return adjust(p_values, family=family, method="holm")


def judged(
    evidence: Evidence,
    members: list[tuple[Candidate, tuple[Estimate, ...]]],
    *,
    family: str,
    adjust_all: Callable[[list[float], str], tuple[AdjustedP, ...]],
) -> list[ContrastRow]:
    """Rows of one family with their verdicts."""
    columns = [
        adjust_all([min(e[i].p_above(), e[i].p_below()) for _, e in members], family)
        for i in range(len(evidence.models))
    ]
    rows = []
    for number, (candidate, estimates) in enumerate(members):
        p = tuple(column[number] for column in columns)
        margin = strictest_margin(evidence, candidate.weights)
        verdict, reason = judge_difference(
            evidence,
            candidate.weights,
            estimates,
            margin=margin,
            adjusted_p=[entry.adjusted for entry in p],
        )
        rows.append(
            ContrastRow(
                candidate.name,
                candidate.kind,
                candidate.condition,
                estimates,
                p,
                margin,
                verdict,
                reason,
            )
        )
    return rows


def strictest_margin(evidence: Evidence, weights: Weights) -> float:
    """The margin of the data set of a contrast; over several, the smallest of theirs."""
    observed = evidence.observed
    names = {observed.dataset_of(cell) for cell, weight in weights.items() if weight}
    return min(evidence.margin_of(name) for name in names)
