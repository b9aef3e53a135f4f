"""Limits and p values of an estimate, by how well its standard error is known."""

import math

import pytest

from actwise.analysis.model import Estimate

NAN = math.nan


def estimate(df: float, *, value: float = 2.0, error: float = 1.0, alpha: float = 0.05) -> Estimate:
    return Estimate("it", value, error, df, "source", alpha)


@pytest.mark.parametrize(
    ("df", "one_sided", "two_sided", "tail"),
    [
        # Of the normal distribution, of Cauchy's, and of Student's tables.
        (math.inf, 1.6448536270, 1.9599639845, 0.0227501319),
        (1.0, 6.3137515147, 12.7062047362, 0.1475836177),
        (10.0, 1.8124611228, 2.2281388520, 0.0366940174),
    ],
)
def test_limits_and_p_values_follow_from_the_degrees_of_freedom(
    df: float, one_sided: float, two_sided: float, tail: float
) -> None:
    found = estimate(df)
    assert found.lower() == pytest.approx(2.0 - one_sided)
    assert found.upper() == pytest.approx(2.0 + one_sided)
    assert found.interval() == pytest.approx((2.0 - two_sided, 2.0 + two_sided))
    assert found.verdict_interval() == (found.lower(), found.upper())
    assert found.lower(0.5) == pytest.approx(2.0)
    assert found.p_above() == pytest.approx(tail)
    assert found.shifted(-4.0).p_above() == pytest.approx(1 - tail)
    assert found.p_value() == found.shifted(-4.0).p_value() == pytest.approx(2 * tail)
    assert estimate(df, alpha=0.1).interval() == pytest.approx(found.verdict_interval())
    half = estimate(df, value=-1.0, error=0.5)
    assert half.upper() == pytest.approx(-1.0 + one_sided / 2)


@pytest.mark.parametrize("found", [estimate(0.0), estimate(5.0, error=NAN), estimate(NAN)])
def test_without_a_standard_error_nothing_is_known(found: Estimate) -> None:
    numbers = (*found.interval(), found.lower(), found.upper(), found.p_above(), found.p_value())
    assert not found.is_testable
    assert all(math.isnan(number) for number in (*numbers, found.statistic()))


@pytest.mark.parametrize("df", [5.0, math.inf])
def test_a_standard_error_of_zero_leaves_no_doubt(df: float) -> None:
    found = estimate(df, error=0.0)
    assert found.interval() == (2.0, 2.0)
    below, at = found.shifted(-3.0), found.shifted(-2.0)
    assert (found.p_above(), below.p_above(), at.p_above()) == (0.0, 1.0, 0.5)
    assert (found.p_value(), at.p_value()) == (0.0, 1.0)
