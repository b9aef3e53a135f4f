"""Estimates, the sum of variances, and the two scales."""

import math

import numpy as np
import pytest
from scipy import stats

from actwise.analysis.model import (
    Estimate,
    fit_model,
    is_percent,
    looks_like_fraction,
    on_scale,
    satterthwaite,
)
from actwise.analysis.model.distributions import noncentrality
from actwise.analysis.model.scales import logit_slope
from actwise.analysis.table import Observations
from made.cases import observe


def observe_values(values: list[float], response: str = "test_accuracy") -> Observations:
    rows = [{"activation": f"a{place}", response: value} for place, value in enumerate(values)]
    return observe(rows, response=response)


def test_a_sum_of_variances_has_satterthwaites_df() -> None:
    assert satterthwaite([(2.0, 7.0)]) == (2.0, pytest.approx(7.0))
    assert satterthwaite([]) == (0, math.inf)
    assert satterthwaite([(1.0, math.inf), (1.0, 10.0)])[1] == pytest.approx(40.0)
    assert math.isnan(satterthwaite([(1.0, 0.0)])[0])


def test_a_known_standard_error_gives_normal_limits() -> None:
    estimate = Estimate("x", 1.0, 1.0, math.inf, "known")
    assert estimate.upper(0.95) == pytest.approx(1.0 + 1.644854, abs=1e-6)
    assert estimate.p_above() == pytest.approx(stats.norm.sf(1.0))
    assert estimate.p_value() == pytest.approx(2 * stats.norm.sf(1.0))


def test_the_level_moves_every_limit() -> None:
    usual, strict = (Estimate("x", 1.0, 0.5, 9.0, "made", alpha) for alpha in (0.05, 0.01))
    assert usual.interval() == pytest.approx(stats.t.interval(0.95, 9, 1.0, 0.5))
    assert strict.interval() == pytest.approx(stats.t.interval(0.99, 9, 1.0, 0.5))
    assert usual.verdict_interval() == pytest.approx(stats.t.interval(0.90, 9, 1.0, 0.5))
    assert strict.verdict_interval() == pytest.approx(stats.t.interval(0.98, 9, 1.0, 0.5))
    assert usual.lower(0.9) == strict.lower(0.9)


def test_nothing_is_said_where_no_error_is_known() -> None:
    unknown = Estimate("x", 1.0, math.nan, 0.0, "one seed")
    assert not unknown.is_testable
    assert all(map(math.isnan, (*unknown.interval(), unknown.p_value(), unknown.statistic())))


def test_zero_variance_gives_a_point_and_no_crash() -> None:
    point = Estimate("x", 0.0, 0.0, 4.0, "made")
    assert point.interval() == (0.0, 0.0)
    assert point.p_value() == 1.0
    assert point.shifted(1.0).p_above() == 0.0


def test_the_logit_slope_is_the_derivative() -> None:
    y = np.array([5.0, 50.0, 99.0])

    def logit(value: np.ndarray) -> np.ndarray:
        return np.log(value / (100 - value))

    numeric = (logit(y + 1e-4) - logit(y - 1e-4)) / 2e-4
    assert logit_slope(y) == pytest.approx(numeric, rel=1e-6)


def test_full_and_no_accuracy_have_finite_logits() -> None:
    found = on_scale(observe_values([0.0, 100.0, 50.0]), "logit").response_R
    assert np.all(np.isfinite(found))
    assert found.tolist() == pytest.approx([-math.log(19_999), math.log(19_999), 0.0])


@pytest.mark.parametrize(
    ("response", "values", "percent", "fraction"),
    [
        ("test_accuracy", [80.0, 0.5], True, False),
        ("test_error", [8.0, 20.0], True, False),
        ("test_accuracy", [0.8, 0.91], False, True),
        ("test_accuracy", [120.0, 80.0], False, False),
        ("test_loss", [0.8, 0.9], False, False),
    ],
)
def test_a_percentage_is_named_so_and_lies_between_its_ends(
    response: str, values: list[float], percent: bool, fraction: bool
) -> None:
    observed = observe_values(values, response)
    assert (is_percent(observed), looks_like_fraction(observed)) == (percent, fraction)


def test_what_is_no_percentage_is_judged_by_its_replicates_only() -> None:
    rows = [
        {"activation": a, "seed": s, "test_loss": 1.5 + s / 10 + (0.3 + s / 50) * (a == "elu")}
        for a in ("relu", "elu")
        for s in range(3)
    ]
    weights = {("elu",): 1.0, ("relu",): -1.0}
    settings = {"response": "test_loss", "higher_is_better": False}
    assert fit_model(observe(rows, **settings)).contrast(weights).p_value() < 0.01
    single = fit_model(observe(rows[::3], **settings))
    assert not single.contrast(weights).is_testable
    assert single.known == {}


@pytest.mark.parametrize("probability", [0.0125, 0.5, 0.975])
@pytest.mark.parametrize("df2", [12.0, math.inf])
@pytest.mark.parametrize("df1", [2, 8])
def test_the_noncentrality_of_a_huge_f_goes_on_where_that_of_a_large_one_ends(
    df1: int, df2: float, probability: float
) -> None:
    largest = 1e8 / df1
    within, beyond, far = (
        noncentrality(factor * largest, df1=df1, df2=df2, probability=probability)
        for factor in (1 - 1e-9, 1 + 1e-9, 1e4)
    )
    assert beyond == pytest.approx(within, rel=1e-6)
    assert noncentrality(largest / 1e4, df1=df1, df2=df2, probability=probability) < within < far
    if math.isinf(df2):
        # Its root is normal around that of F, with variance 1.
        assert math.sqrt(far) == pytest.approx(1e6 - stats.norm.ppf(probability), abs=1e-6)
