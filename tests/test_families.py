import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from actwise.analysis.dunnett import dunnett_p
from actwise.analysis.families import adjust, benjamini_hochberg, holm

P_VALUES = [0.04, 0.001, 0.03, 0.2, 0.013, 0.9, 0.03]


def test_adjusted_values_equal_statsmodels() -> None:
    assert holm(P_VALUES) == pytest.approx(list(multipletests(P_VALUES, method="holm")[1]))
    expected = list(multipletests(P_VALUES, method="fdr_bh")[1])
    assert benjamini_hochberg(P_VALUES) == pytest.approx(expected)


def test_what_cannot_be_tested_does_not_count() -> None:
    adjusted = adjust([0.02, math.nan, 0.04], family="separation", method="holm")
    assert [a.adjusted for a in adjusted][::2] == pytest.approx([0.04, 0.04])
    assert math.isnan(adjusted[1].adjusted)
    assert {a.size for a in adjusted} == {2}
    assert adjust([], family="none", method="holm") == ()


def test_holm_keeps_the_family_wise_error() -> None:
    p_RM = np.random.default_rng(0).random((3000, 8))
    errors = np.mean([min(holm(list(row))) <= 0.05 for row in p_RM])
    assert errors == pytest.approx(0.05, abs=0.015)


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


def test_one_arm_against_a_control_is_a_t_test() -> None:
    for df in (4.0, 30.0, math.inf):
        p = dunnett_p([-2.1], variances=[0.5], control_variance=2.0, df=df)[0]
        assert p == pytest.approx(2 * stats.t.sf(2.1, df), rel=1e-3)
    one_sided = dunnett_p([-2.1], variances=[1.0], control_variance=1.0, df=9.0, two_sided=False)[0]
    assert one_sided == pytest.approx(stats.t.cdf(2.1, 9), rel=1e-3)
    assert math.isnan(dunnett_p([math.nan], variances=[1.0], control_variance=1.0, df=9.0)[0])
