"""Verdicts on a difference: better, worse, equivalent or undecided."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from .estimate import Estimate

Verdict = Literal["better", "worse", "equivalent", "undecided"]
ChangeVerdict = Literal["larger", "smaller", "equivalent", "undecided"]
"""On a difference of differences, of which neither sign is good or bad."""

MARGINS: Mapping[str, float] = {"cifar10": 0.5}
"""Margin of equivalence in points, by data set; ``DEFAULT_MARGIN`` for all others."""
DEFAULT_MARGIN = 1.0


def margin_for(dataset: str, *, override: float | None = None) -> float:
    """The margin of equivalence of a data set, in points."""
    return MARGINS.get(dataset, DEFAULT_MARGIN) if override is None else override


def judge(
    difference: Estimate,
    *,
    margin: float,
    higher_is_better: bool = True,
    adjusted_p: float | None = None,
    is_single_run: bool = False,
) -> Verdict:
    """Judge a difference by its verdict interval [L, U]: each direction one-sided alpha.

    equivalent if -margin < L and U < margin (two one-sided tests, Schuirmann 1987); else better
    if L > 0; else worse if U < 0 (swapped where lower is better); else undecided.

    Args:
        difference: The estimate, in points.
        margin: Half width of what counts as no difference, in points.
        higher_is_better: Direction of the response.
        adjusted_p: One-sided p of the difference's sign, adjusted inside its family; better and
            worse need it to be at most alpha.
        is_single_run: Single runs never show equivalence.
    """
    lower, upper = difference.verdict_interval()
    if math.isnan(lower):
        return "undecided"
    if -margin < lower and upper < margin and not is_single_run:
        return "equivalent"
    if adjusted_p is not None and adjusted_p > difference.alpha:
        return "undecided"
    if lower > 0:
        return "better" if higher_is_better else "worse"
    if upper < 0:
        return "worse" if higher_is_better else "better"
    return "undecided"


def as_change(verdict: Verdict, *, higher_is_better: bool) -> ChangeVerdict:
    """The same verdict in words that say only the sign of the estimate."""
    if verdict == "better" or verdict == "worse":
        return "larger" if (verdict == "better") == higher_is_better else "smaller"
    return verdict


def judge_cautiously(
    estimates: Sequence[Estimate],
    *,
    margin: float,
    higher_is_better: bool = True,
    adjusted_p: Sequence[float] | None = None,
    is_single_run: bool = False,
) -> tuple[Verdict, str]:
    """Judge one difference under several models of its error; only what all say counts.

    Args:
        estimates: The difference under each model, the most cautious last.
        margin: As in :func:`judge`.
        higher_is_better: Direction of the response.
        adjusted_p: One-sided adjusted p value under each model.
        is_single_run: Single runs never show equivalence.

    Returns:
        The verdict, and the reason: "single-run" where the models differ or the last knows no
        standard error, "imprecise" where they agree on undecided, else "ok".
    """
    verdicts = [
        judge(
            estimate,
            margin=margin,
            higher_is_better=higher_is_better,
            adjusted_p=adjusted_p[i] if adjusted_p else None,
            is_single_run=is_single_run,
        )
        for i, estimate in enumerate(estimates)
    ]
    if len(set(verdicts)) > 1 or not estimates[-1].is_testable:
        return "undecided", "single-run"
    return verdicts[0], "imprecise" if verdicts[0] == "undecided" else "ok"
