"""Verdicts on a family of differences: estimates, adjusted p values, and diverged runs.

Every family is judged in the same way, whatever adjusts its p values. Where a difference touches
a cell with diverged runs, the family is judged once more with these at chance accuracy, and what
the two do not say alike is undecided.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .equivalence import Verdict, judge_cautiously
from .estimate import Estimate
from .evidence import Evidence
from .families import AdjustedP, Method, adjust
from .inference import CellModel, Weights

Adjuster = Callable[[Sequence[Estimate], CellModel], tuple[AdjustedP, ...]]
"""The p values of a family under one model of the error, which is given too."""


@dataclass(frozen=True)
class Difference:
    """A contrast to be judged; every cell with a weight has a completed run.

    Attributes:
        name: Such as ``elu - relu``.
        weights: The contrast.
        margin: Half width of what counts as no difference, in points.
    """

    name: str
    weights: Weights
    margin: float


@dataclass(frozen=True)
class Judged:
    """What is said of a difference.

    Attributes:
        estimates, p: Under each deciding model, the shown one last.
        verdict: Better or worse says that the difference is good or bad.
        reason: "diverged", "no noise", "single-run", "imprecise" or "ok".
    """

    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    verdict: Verdict
    reason: str


def judge_family(
    evidence: Evidence, family: Sequence[Difference], adjuster: Adjuster
) -> list[Judged]:
    """Judge differences that belong together, on the scale of points.

    Raises:
        NotEstimableError: as :meth:`CellModel.contrast`.
    """
    found = _judge(evidence, family, adjuster)
    touched = [evidence.touches_diverged(row.weights) for row in family]
    if not any(touched):
        return found
    other = evidence.with_diverged()
    others = [row.verdict for row in _judge(other, family, adjuster)] if other else []
    return [
        Judged(row.estimates, row.p, "undecided", "diverged")
        if touched[number] and (not others or others[number] != row.verdict)
        else row
        for number, row in enumerate(found)
    ]


def by_sign(family: str, method: Method) -> Adjuster:
    """Adjusts the one-sided p of each difference's sign."""

    def adjuster(estimates: Sequence[Estimate], _: CellModel) -> tuple[AdjustedP, ...]:
        p_values = [min(e.p_above(), e.p_below()) for e in estimates]
        return adjust(p_values, family=family, method=method)

    return adjuster


def _judge(evidence: Evidence, family: Sequence[Difference], adjuster: Adjuster) -> list[Judged]:
    by_row = [evidence.estimates(row.weights, row.name) for row in family]
    columns = [
        adjuster([row[i] for row in by_row], model) for i, model in enumerate(evidence.models)
    ]
    found = []
    for number, row in enumerate(family):
        p = tuple(column[number] for column in columns)
        verdict, reason = judge_cautiously(
            by_row[number],
            margin=row.margin,
            higher_is_better=evidence.observed.higher_is_better,
            adjusted_p=[entry.adjusted for entry in p],
            is_single_run=evidence.rests_on_single_runs(row.weights),
        )
        if evidence.rests_on_no_noise(row.weights):
            verdict, reason = "undecided", "no noise"
        found.append(Judged(by_row[number], p, verdict, reason))
    return found
