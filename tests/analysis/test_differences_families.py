"""Adjusted p values against published tables, scipy and statsmodels."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from actwise.analysis.differences import adjust, benjamini_hochberg, holm
from actwise.analysis.differences.dunnett import dunnett_p

P_VALUES = [0.04, 0.001, 0.03, 0.2, 0.013, 0.9, 0.03]
NUMBERS = st.floats(0.0, 1.0, allow_subnormal=False)
families = st.lists(NUMBERS | st.just(math.nan), min_size=1, max_size=30)


def test_adjusted_values_equal_statsmodels_and_scipy() -> None:
    assert holm(P_VALUES) == pytest.approx(list(multipletests(P_VALUES, method="holm")[1]))
    expected = stats.false_discovery_control(P_VALUES)
    assert benjamini_hochberg(P_VALUES) == pytest.approx(list(expected))
    expected = multipletests(P_VALUES, method="fdr_bh")[1]
    assert benjamini_hochberg(P_VALUES) == pytest.approx(list(expected))


@given(families)
def test_adjusting_never_makes_a_p_smaller_and_keeps_its_rank(p_values: list[float]) -> None:
    known = [place for place, p in enumerate(p_values) if not math.isnan(p)]
    for method in (holm, benjamini_hochberg):
        adjusted = method(p_values)
        assert [math.isnan(p) for p in adjusted] == [math.isnan(p) for p in p_values]
        assert all(p_values[i] <= adjusted[i] <= 1.0 for i in known)
        ranked = sorted(known, key=lambda i: p_values[i])
        assert all(adjusted[i] <= adjusted[j] for i, j in pairwise(ranked))
    both = zip(benjamini_hochberg(p_values), holm(p_values), strict=True)
    assert all(math.isnan(b) or b <= h + 1e-15 for b, h in both)


def test_what_cannot_be_tested_does_not_count() -> None:
    adjusted = adjust([0.02, math.nan, 0.04], family="pairs", method="holm")
    assert [row.adjusted for row in adjusted][::2] == pytest.approx([0.04, 0.04])
    assert math.isnan(adjusted[1].adjusted)
    assert {(row.family, row.size, row.method) for row in adjusted} == {("pairs", 2, "holm")}
    assert adjust([], family="none", method="holm") == ()
    alone = adjust([0.02, 0.04], family="claim", method="none")
    assert [row.adjusted for row in alone] == [0.02, 0.04]


@pytest.mark.parametrize(
    ("arms", "df", "two_sided", "one_sided"),
    [(3, 20, 2.54, 2.19), (2, 10, 2.57, 2.15)],
)
def test_critical_values_equal_dunnetts_tables(
    arms: int, df: int, two_sided: float, one_sided: float
) -> None:
    p = dunnett_p([two_sided], variances=[1.0] * arms, control_variance=1.0, df=df)
    assert p[0] == pytest.approx(0.05, abs=0.0015)
    p = dunnett_p([one_sided], variances=[1.0] * arms, control_variance=1.0, df=df, two_sided=False)
    assert p[0] == pytest.approx(0.05, abs=0.0015)


def test_nine_arms_equal_scipys_dunnett() -> None:
    generator = np.random.default_rng(4)
    control, *arms = generator.normal(0, 1, size=(10, 7)) + np.linspace(0, 1.5, 10)[:, None]
    oracle = stats.dunnett(*arms, control=control, rng=generator)
    p = dunnett_p(list(oracle.statistic), variances=[1.0] * 9, control_variance=1.0, df=60)
    assert p == pytest.approx(list(oracle.pvalue), abs=2e-3)


def test_unequal_numbers_of_runs_give_rs_p_for_warpbreaks() -> None:
    """Tension M and H against L over both wools, six rows dropped: one-sided p of R."""
    variances = [(1 / first + 1 / second) / 4 for first, second in ((6, 8), (9, 9), (8, 8))]
    p = dunnett_p(
        [3.033381, 3.991028],
        variances=variances[1:],
        control_variance=variances[0],
        df=42,
        two_sided=False,
    )
    assert p[0] == pytest.approx(0.0039, abs=5e-5)
    assert p[1] == pytest.approx(0.00025, abs=5e-6)


def test_one_arm_against_a_control_is_a_t_test() -> None:
    for df in (4.0, 30.0, math.inf):
        p = dunnett_p([-2.1], variances=[0.5], control_variance=2.0, df=df)[0]
        assert p == pytest.approx(2 * stats.t.sf(2.1, df), rel=1e-3)
    one_sided = dunnett_p([-2.1], variances=[1.0], control_variance=1.0, df=9.0, two_sided=False)[0]
    assert one_sided == pytest.approx(stats.t.cdf(2.1, 9), rel=1e-3)
    assert math.isnan(dunnett_p([math.nan], variances=[1.0], control_variance=1.0, df=9.0)[0])


def test_what_is_not_known_of_an_arm_is_not_known_of_its_p() -> None:
    known, unknown = [1.0, 1.0], [1.0, float("nan")]
    assert 0 < dunnett_p([3.0], variances=known, control_variance=1.0, df=5)[0] < 0.1
    found = dunnett_p([3.0, float("nan")], variances=unknown, control_variance=1.0, df=5)
    assert np.isnan(found).all()
    assert dunnett_p([1e3], variances=known, control_variance=1.0, df=500) == [0.0]
