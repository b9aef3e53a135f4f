"""Verdicts on a family of differences: better, worse, equivalent or undecided.

From the interval at 1 - 2 alpha [L, U]: equivalent if -margin < L and U < margin (two one-sided
tests, Schuirmann 1987); else better if L > 0, worse if U < 0 (swapped where lower is better), both
only with an adjusted two-sided p of at most alpha; else undecided. Where a difference touches a
cell with diverged or stuck runs it must come out alike with these at chance. A conclusive verdict
that the difference's own variance does not share is fragile: it stands, and is marked.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..model import Estimate, Model, Weights
from .families import AdjustedP, Method, adjust
from .margins import Margin

Verdict = Literal["better", "worse", "equivalent", "undecided"]
Reason = Literal["ok", "diverged", "stuck", "no-noise", "single-run", "imprecise"]
_UNKNOWN = Estimate("", math.nan, math.nan, 0.0, "")
OWN_DF = 4
"""Least degrees of freedom of an own variance that is taken for a second look."""

Adjuster = Callable[[Sequence[Estimate]], tuple[AdjustedP, ...]]
"""Two-sided p values of a family of estimates."""


@dataclass(frozen=True)
class Difference:
    """A contrast to be judged; every cell with a weight has a completed run."""

    name: str
    weights: Weights
    margin: Margin


@dataclass(frozen=True)
class Judged:
    """What is said of a difference.

    Attributes:
        estimates, p: Under each model of the error, the shown one last; two for single runs.
        own, own_p: By its own variance; None below 4 degrees of freedom.
        margin: Of equivalence.
        verdict: Better or worse says that the difference is good or bad.
        reason: Why it is undecided; "ok" where it is not.
        is_fragile: Whether the own variance does not say the same of a conclusive verdict.
    """

    estimates: tuple[Estimate, ...]
    p: tuple[AdjustedP, ...]
    own: Estimate | None
    own_p: AdjustedP | None
    margin: Margin
    verdict: Verdict
    reason: Reason
    is_fragile: bool

    @property
    def estimate(self) -> Estimate:
        """The difference under the model that is shown."""
        return self.estimates[-1]


def by_sign(family: str, method: Method) -> Adjuster:
    """Adjusts the two-sided p of "no difference"."""
    return lambda estimates: adjust([e.p_value() for e in estimates], family=family, method=method)


def judge(
    difference: Estimate,
    *,
    margin: Margin,
    higher_is_better: bool = True,
    adjusted_p: float | None = None,
    is_single_run: bool = False,
) -> Verdict:
    """Judge one difference; single runs never show equivalence."""
    lower, upper = difference.verdict_interval()
    if math.isnan(lower):
        return "undecided"
    if not is_single_run and is_equivalent(difference, margin):
        return "equivalent"
    if adjusted_p is not None and not adjusted_p <= difference.alpha:
        return "undecided"
    if lower > 0:
        return "better" if higher_is_better else "worse"
    if upper < 0:
        return "worse" if higher_is_better else "better"
    return "undecided"


def is_equivalent(difference: Estimate, margin: Margin) -> bool:
    """Whether the interval lies inside the margin, which may be an estimate itself."""
    lower, upper = margin.widen(difference).verdict_interval()
    return -margin.points < lower and upper < margin.points


def judge_family(model: Model, family: Sequence[Difference], adjuster: Adjuster) -> list[Judged]:
    """Judge differences that belong together, in points.

    Args:
        model: In points.
        family: The differences.
        adjuster: Of the family; the own variances are adjusted by Holm.

    Raises:
        NotEstimableError: as :meth:`Model.contrast`.
    """
    by_row = [model.estimates(row.weights, name=row.name) for row in family]
    num_models = max(map(len, by_row), default=1)
    columns = [[row[min(i, len(row) - 1)] for row in by_row] for i in range(num_models)]
    verdicts, p_columns = _verdicts(model, family, columns, adjuster)
    shifts = [model.shift(row.weights) for row in family]
    touched = [model.touches_lost(row.weights) for row in family]
    others = verdicts
    if any(touched):
        shifted = [
            [e.shifted(s) for e, s in zip(column, shifts, strict=True)] for column in columns
        ]
        others, _ = _verdicts(model, family, shifted, adjuster)
    own = [model.own(row.weights, name=row.name, least_df=OWN_DF) for row in family]
    name = f"{p_columns[0][0].family}, own variance" if family else ""
    (own_verdicts,), (own_p,) = _verdicts(
        model, family, [[estimate or _UNKNOWN for estimate in own]], by_sign(name, "holm")
    )
    found = []
    for number, row in enumerate(family):
        said = {column[number] for column in verdicts}
        verdict: Verdict = said.pop() if len(said) == 1 else "undecided"
        reason: Reason = "ok"
        if verdict == "undecided":
            is_open = len({column[number] for column in verdicts}) > 1
            is_single = is_open or not by_row[number][-1].is_testable
            reason = "single-run" if is_single else "imprecise"
        if model.has_no_noise(row.weights):
            verdict, reason = "undecided", "no-noise"
        elif touched[number] and (
            math.isnan(shifts[number])
            or any(o[number] != v[number] for o, v in zip(others, verdicts, strict=True))
        ):
            verdict = "undecided"
            reason = "diverged" if any(lost.diverged for lost in touched[number]) else "stuck"
        differs = own[number] is not None and own_verdicts[number] != verdict
        found.append(
            Judged(
                by_row[number],
                tuple(column[number] for column in p_columns[-len(by_row[number]) :]),
                own[number],
                own_p[number] if own[number] else None,
                row.margin,
                verdict,
                reason,
                is_fragile=differs and verdict != "undecided",
            )
        )
    return found


def _verdicts(
    model: Model,
    family: Sequence[Difference],
    columns: Sequence[Sequence[Estimate]],
    adjuster: Adjuster,
) -> tuple[list[list[Verdict]], list[tuple[AdjustedP, ...]]]:
    """Of every model of the error the verdicts and the p values of the family.

    Where runs show no noise nothing is tested: a p of 0 would count as a discovery.
    """
    is_silent = [model.has_no_noise(row.weights) for row in family]
    p_columns = [
        adjuster([_UNKNOWN if s else e for s, e in zip(is_silent, column, strict=True)])
        for column in columns
    ]
    verdicts = [
        [
            judge(
                estimate,
                margin=row.margin,
                higher_is_better=model.observed.higher_is_better,
                adjusted_p=p.adjusted,
                is_single_run=model.is_single(row.weights),
            )
            for row, estimate, p in zip(family, column, p_column, strict=True)
        ]
        for column, p_column in zip(columns, p_columns, strict=True)
    ]
    return verdicts, p_columns
