import numpy as np
import pytest
from scipy import stats

from actwise.analysis.assumptions import outlier_runs, seed_correlation
from actwise.analysis.divergence import at_chance, diverged_cells, divergence_rates, exact_interval
from actwise.analysis.inference import fit_cells
from actwise.analysis.table import Observations
from actwise.analysis.variance import run_components
from made.studies import made_rows, made_study

LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "activation": ("relu", "prelu", "elu"),
}


@pytest.mark.parametrize(("seed_sd", "truth"), [(0.0, 0.0), (0.25, 0.5)])
def test_the_within_seed_correlation_is_covered(seed_sd: float, truth: float) -> None:
    covered, values = 0, []
    for repetition in range(200):
        observed = made_study(
            seeds=8,
            generator=np.random.default_rng(repetition),
            levels={"activation": ("relu", "prelu", "elu")},
            seed_sd=seed_sd,
        )
        found = seed_correlation(observed)
        assert found is not None
        covered += found.lower <= truth <= found.upper
        values.append(found.value)
    assert covered / 200 == pytest.approx(0.95, abs=0.05)
    assert np.mean(values) == pytest.approx(truth, abs=0.08)


def test_no_correlation_without_pairs() -> None:
    assert seed_correlation(made_study(seeds=1, generator=np.random.default_rng(0))) is None
    flat = made_study(seeds=3, generator=np.random.default_rng(0), sd=0.0)
    assert seed_correlation(flat) is None


def test_an_outlier_is_flagged_with_its_seed_and_not_removed() -> None:
    rows = made_rows(seeds=6, generator=np.random.default_rng(1), levels=LEVELS)
    rows[4]["test_accuracy"] -= 5.0
    observed = Observations.from_rows(rows, factors=tuple(LEVELS))
    model = fit_cells(observed)
    (outlier,) = outlier_runs(observed, model)
    assert (outlier.cell, outlier.seed) == (("cifar10", "vgg16", "relu"), "4")
    assert outlier.deviations < -3.5
    assert model.counts_C.sum() == len(rows)


def test_outliers_are_judged_from_twenty_df_on() -> None:
    rows = made_rows(seeds=4, generator=np.random.default_rng(1), levels=LEVELS)
    rows[2]["test_accuracy"] -= 50.0
    observed = Observations.from_rows(rows, factors=tuple(LEVELS))
    assert outlier_runs(observed, fit_cells(observed)) == ()


def test_variance_components_are_covered_and_never_negative() -> None:
    covered = []
    for repetition in range(200):
        observed = made_study(
            seeds=6, generator=np.random.default_rng(repetition), levels=LEVELS, seed_sd=0.3
        )
        seed, rest = run_components(fit_cells(observed).parts[0])
        assert seed.name == "seed"
        assert rest.name == "cell x seed"
        assert 0 <= seed.lower <= seed.variance <= seed.upper
        covered.append((seed.lower <= 0.09 <= seed.upper, rest.lower <= 0.0625 <= rest.upper))
    assert np.mean(covered, axis=0) == pytest.approx([0.95, 0.95], abs=0.045)


def test_a_negative_component_is_shown_as_zero() -> None:
    negative = 0
    for repetition in range(40):
        generator = np.random.default_rng(repetition)
        seed, _ = run_components(
            fit_cells(made_study(seeds=3, generator=generator, levels=LEVELS)).parts[0]
        )
        negative += seed.raw < 0
        assert seed.variance == max(0.0, seed.raw)
    assert negative > 5


def diverging() -> Observations:
    rows = made_rows(seeds=3, generator=np.random.default_rng(3), levels=LEVELS)
    rows[0].update(status="diverged", test_accuracy=None)
    return Observations.from_rows(rows, factors=tuple(LEVELS))


def test_divergence_is_a_rate_with_its_exact_interval() -> None:
    (rate,) = divergence_rates(diverging())
    assert (rate.diverged, rate.runs) == (1, 3)
    oracle = stats.binomtest(1, 3).proportion_ci(method="exact")
    assert (rate.lower, rate.upper) == pytest.approx((oracle.low, oracle.high))
    assert exact_interval(0, 5)[0] == 0.0
    assert exact_interval(5, 5)[1] == 1.0


def test_the_sensitivity_analysis_sets_diverged_runs_to_chance() -> None:
    observed = diverging()
    assert diverged_cells(observed) == {("cifar10", "vgg16", "relu")}
    assert fit_cells(observed).counts_C.sum() == 17
    filled = at_chance(observed)
    assert filled.response_R[0] == 10.0
    assert not filled.diverged_R.any()
    assert fit_cells(filled).counts_C.sum() == 18
