"""Verdicts on a difference: better, worse, equivalent or undecided."""

import math
from collections.abc import Mapping
from typing import Literal

from .estimate import Estimate

Verdict = Literal["better", "worse", "equivalent", "undecided"]

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
    """Judge a difference by its 90 % interval [L, U]: each direction one-sided 5 %.

    equivalent if -margin < L and U < margin (two one-sided tests, Schuirmann 1987); else better
    if L > 0; else worse if U < 0 (swapped where lower is better); else undecided.

    Args:
        difference: The estimate, in points.
        margin: Half width of what counts as no difference, in points.
        higher_is_better: Direction of the response.
        adjusted_p: One-sided p of the difference's sign, adjusted inside its family; better and
            worse need it to be at most .05.
        is_single_run: Single runs never show equivalence.
    """
    lower, upper = difference.interval(0.90)
    if math.isnan(lower):
        return "undecided"
    if -margin < lower and upper < margin and not is_single_run:
        return "equivalent"
    if adjusted_p is not None and adjusted_p > 0.05:
        return "undecided"
    if lower > 0:
        return "better" if higher_is_better else "worse"
    if upper < 0:
        return "worse" if higher_is_better else "better"
    return "undecided"


def judge_single_run(
    binomial: Estimate,
    with_run_sd: Estimate,
    *,
    margin: float,
    higher_is_better: bool = True,
    adjusted_p: tuple[float, float] | None = None,
) -> tuple[Verdict, str]:
    """Judge a difference of single runs twice; the more cautious verdict counts.

    Args:
        binomial: The difference with the binomial error of the test images alone.
        with_run_sd: The same with an external run-to-run deviation added.
        margin: As in :func:`judge`.
        higher_is_better: Direction of the response.
        adjusted_p: One-sided adjusted p values under the two models.

    Returns:
        The verdict, and the reason "single-run" where the two differ or the run-to-run deviation
        is not known, "imprecise" where both are undecided, else "ok".
    """
    first, second = (
        judge(
            estimate,
            margin=margin,
            higher_is_better=higher_is_better,
            adjusted_p=adjusted_p[i] if adjusted_p else None,
            is_single_run=True,
        )
        for i, estimate in enumerate((binomial, with_run_sd))
    )
    if first != second or not with_run_sd.is_testable:
        return "undecided", "single-run"
    return first, "imprecise" if first == "undecided" else "ok"
