import math

import numpy as np
import pytest

from actwise.analysis.equivalence import judge, judge_cautiously, margin_for
from actwise.analysis.estimate import Estimate


def difference(value: float, error: float = 0.1, df: float = 20) -> Estimate:
    return Estimate("elu - relu", value, error, df, "made")


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.0, "equivalent"), (0.3, "equivalent"), (0.45, "better"), (-0.45, "worse"), (2.0, "better")],
)
def test_verdicts_follow_the_ninety_percent_interval(value: float, verdict: str) -> None:
    assert judge(difference(value), margin=0.5) == verdict


def test_a_wide_interval_is_undecided_and_so_is_an_unknown_one() -> None:
    assert judge(difference(0.1, error=1.0), margin=0.5) == "undecided"
    assert judge(difference(9.0, error=math.nan, df=0), margin=0.5) == "undecided"


def test_lower_is_better_swaps_better_and_worse() -> None:
    assert judge(difference(2.0), margin=0.5, higher_is_better=False) == "worse"
    assert judge(difference(-2.0), margin=0.5, higher_is_better=False) == "better"


def test_inside_a_family_the_adjusted_p_is_needed_too() -> None:
    assert judge(difference(0.6), margin=0.5, adjusted_p=0.06) == "undecided"
    assert judge(difference(0.6), margin=0.5, adjusted_p=0.05) == "better"
    assert judge(difference(0.0), margin=0.5, adjusted_p=0.9) == "equivalent"


def judge_single(*estimates: Estimate) -> tuple[str, str]:
    return judge_cautiously(estimates, margin=0.5, is_single_run=True)


def test_single_runs_take_the_more_cautious_verdict() -> None:
    narrow, wide = difference(1.0, 0.3, math.inf), difference(1.0, 0.9, math.inf)
    assert judge_single(narrow, wide) == ("undecided", "single-run")
    assert judge_single(narrow, narrow) == ("better", "ok")
    assert judge_single(wide, wide) == ("undecided", "imprecise")
    unknown = difference(1.0, math.nan, 0)
    assert judge_single(wide, unknown) == ("undecided", "single-run")


def test_single_runs_never_show_equivalence() -> None:
    exact = difference(0.0, 0.01, math.inf)
    assert judge_single(exact, exact) == ("undecided", "imprecise")


def test_margins_by_data_set() -> None:
    assert margin_for("cifar10") == 0.5
    assert margin_for("cifar100") == 1.0
    assert margin_for("cifar10", override=0.2) == 0.2


@pytest.mark.parametrize("df", [4, 22])
def test_equivalent_is_rare_at_a_true_difference_of_the_margin(df: int) -> None:
    generator, repetitions, error = np.random.default_rng(df), 3000, 0.15
    values = generator.normal(0.5, error, repetitions)
    errors = error * np.sqrt(generator.chisquare(df, repetitions) / df)
    found = [
        judge(difference(float(v), float(e), df), margin=0.5) == "equivalent"
        for v, e in zip(values, errors, strict=True)
    ]
    assert np.mean(found) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / repetitions)
