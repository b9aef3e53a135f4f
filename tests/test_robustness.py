import numpy as np
import pytest
from scipy import stats

from actwise.analysis.robustness import (
    bca_interval,
    paired_tests,
    sign_flip_p,
    smallest_reachable_p,
)


def test_the_sign_flip_test_equals_scipys_exact_one() -> None:
    differences = np.random.default_rng(0).normal(0.4, 1.0, 9)
    oracle = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    found = sign_flip_p(differences, generator=np.random.default_rng(0))
    assert found == pytest.approx(float(oracle.pvalue))


def test_few_pairs_cannot_reach_a_small_p() -> None:
    generator = np.random.default_rng(1)
    assert smallest_reachable_p(3) == 0.25
    assert smallest_reachable_p(5) == 0.0625
    assert sign_flip_p(np.ones(5), generator=generator) == 0.0625
    assert paired_tests(np.ones(5), family_size=1, generator=generator) is None


def test_the_smallest_reachable_p_is_told_after_correction() -> None:
    differences = np.array([0.5, 0.7, 0.4, 0.9, 0.3, 0.8])
    found = paired_tests(differences, family_size=8, generator=np.random.default_rng(2))
    assert found is not None
    assert found.permutation_p == found.smallest_p == 0.03125
    assert found.smallest_adjusted_p == 0.25
    assert found.wilcoxon_p == pytest.approx(float(stats.wilcoxon(differences).pvalue))


def test_ties_and_zeros_do_not_break_the_signed_ranks() -> None:
    tied = np.array([0.5, 0.5, -0.5, 0.0, 0.5, 1.0, 0.5])
    found = paired_tests(tied, family_size=1, generator=np.random.default_rng(3))
    assert found is not None
    assert 0 < found.wilcoxon_p < 1
    same = paired_tests(np.zeros(6), family_size=1, generator=np.random.default_rng(3))
    assert same is not None
    assert same.permutation_p == 1.0
    assert np.isnan(same.wilcoxon_p)


def test_random_flips_agree_with_the_exact_test() -> None:
    differences = np.random.default_rng(4).normal(0.3, 1.0, 15)
    oracle = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    found = sign_flip_p(differences, generator=np.random.default_rng(5))
    assert found == pytest.approx(float(oracle.pvalue), abs=0.01)


@pytest.mark.parametrize("pairs", [6, 8])
def test_the_sign_flip_test_keeps_its_attainable_level(pairs: int) -> None:
    generator = np.random.default_rng(pairs)
    attainable = np.floor(0.05 * 2**pairs / 2) * 2 / 2**pairs
    samples = generator.normal(size=(1500, pairs))
    rejected = np.mean([sign_flip_p(sample, generator=generator) <= 0.05 for sample in samples])
    assert rejected == pytest.approx(attainable, abs=3 * np.sqrt(0.05 / 1500))


def test_bca_agrees_with_scipy_and_is_withheld_below_twenty_runs() -> None:
    generator = np.random.default_rng(6)
    high, low = generator.exponential(1.0, 30), generator.exponential(1.2, 25)
    oracle = stats.bootstrap(
        (high, low),
        lambda a, b, axis: a.mean(axis) - b.mean(axis),
        method="BCa",
        n_resamples=4000,
        rng=generator,
    ).confidence_interval
    found = bca_interval(high, low, generator=generator)
    assert found == pytest.approx((oracle.low, oracle.high), abs=0.06)
    assert bca_interval(high[:19], low, generator=generator) is None


def test_bca_of_constant_runs_is_a_point() -> None:
    found = bca_interval(np.full(20, 2.0), np.full(20, 1.0), generator=np.random.default_rng(7))
    assert found == (1.0, 1.0)
