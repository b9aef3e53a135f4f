import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols

from actwise.analysis.contrasts import combine, level_difference, mean_over
from actwise.analysis.estimate import Estimate, satterthwaite
from actwise.analysis.inference import NotEstimableError, fit_cells
from actwise.analysis.table import Observations
from actwise.errors import SpecError, UnknownNameError
from made.studies import made_rows, made_study

ONE_DATASET = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "activation": ("relu", "prelu", "elu"),
}
FACTORS = tuple(ONE_DATASET)
ELU = ("cifar10", "vgg16", "elu")
RELU = ("cifar10", "vgg16", "relu")


def test_a_blocked_contrast_equals_least_squares_with_runs_missing() -> None:
    generator = np.random.default_rng(0)
    rows = made_rows(seeds=5, generator=generator, levels=ONE_DATASET, seed_sd=0.5)
    rows = [row for row in rows if generator.random() > 0.2]
    model = fit_cells(Observations.from_rows(rows, factors=FACTORS, blocked=True))
    frame = pd.DataFrame(rows).assign(cell=lambda f: f.model + f.activation)
    oracle = ols("test_accuracy ~ 0 + cell + C(seed)", frame).fit()
    test = oracle.t_test("cell[vgg16elu] - cell[vgg16relu] = 0")
    estimate = model.contrast({ELU: 1, RELU: -1})
    assert estimate.value == pytest.approx(float(test.effect[0]), rel=1e-10)
    assert estimate.standard_error == pytest.approx(float(test.sd[0, 0]), rel=1e-10)
    assert estimate.df == pytest.approx(oracle.df_resid)
    assert estimate.p_value() == pytest.approx(float(test.pvalue), rel=1e-8)
    assert estimate.interval() == pytest.approx(test.conf_int()[0], rel=1e-8)


def test_each_cell_with_its_own_variance_is_welchs_test() -> None:
    observed = made_study(seeds=6, generator=np.random.default_rng(1), levels=ONE_DATASET)
    estimate = fit_cells(observed, pooled=False).contrast({ELU: 1, RELU: -1})
    chosen = [
        observed.response_R[observed.run_cells == observed.cells.index(cell)]
        for cell in (ELU, RELU)
    ]
    oracle = stats.ttest_ind(*chosen, equal_var=False)
    assert estimate.p_value() == pytest.approx(float(oracle.pvalue), rel=1e-10)
    assert estimate.df == pytest.approx(float(oracle.df), rel=1e-10)


def test_two_cells_with_seeds_as_blocks_are_a_paired_t_test() -> None:
    observed = made_study(
        seeds=5,
        generator=np.random.default_rng(2),
        levels={"activation": ("relu", "elu")},
        seed_sd=1.0,
    )
    estimate = fit_cells(observed).contrast({("elu",): 1, ("relu",): -1})
    high, low = (observed.response_R[observed.run_cells == c] for c in (1, 0))
    assert estimate.p_value() == pytest.approx(float(stats.ttest_rel(high, low).pvalue), rel=1e-9)


def test_variance_is_pooled_within_and_not_across_data_sets() -> None:
    observed = made_study(
        seeds=4,
        generator=np.random.default_rng(3),
        truth=lambda cell: 90.0 if cell["dataset"] == "cifar10" else 70.0,
    )
    noisy = observed.response_R * np.where(observed.run_datasets() == "cifar100", 3.0, 1.0)
    model = fit_cells(observed.with_response(noisy))
    small, large = model.parts
    assert (small.name, large.name) == ("cifar10", "cifar100")
    assert (small.df, large.df) == (33, 33)
    assert large.variance > 3 * small.variance
    differences = [
        level_difference(
            model.factors,
            model.cells,
            factor="activation",
            high="elu",
            low="relu",
            where={"dataset": dataset},
        )
        for dataset in ("cifar10", "cifar100")
    ]
    assert model.contrast(differences[0]).df == pytest.approx(33)
    across = model.contrast(combine((1, differences[1]), (-1, differences[0])))
    assert 33 < across.df < 66


def test_seeds_that_do_not_cross_all_cells_are_no_blocks_unless_planned() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(4), levels=ONE_DATASET)
    assert fit_cells(Observations.from_rows(rows, factors=FACTORS)).parts[0].df == 10
    assert fit_cells(Observations.from_rows(rows[:-1], factors=FACTORS)).parts[0].df == 11
    planned = Observations.from_rows(rows[:-1], factors=FACTORS, blocked=True)
    assert fit_cells(planned).parts[0].df == 9
    refused = Observations.from_rows(rows, factors=FACTORS, blocked=False)
    assert fit_cells(refused).parts[0].df == 12


def test_cells_that_share_no_seed_are_not_compared_through_blocks() -> None:
    rows = made_rows(seeds=4, generator=np.random.default_rng(5), levels=ONE_DATASET)
    rows = [row for row in rows if (row["activation"] == "elu") == (row["seed"] > 1)]
    model = fit_cells(Observations.from_rows(rows, factors=FACTORS, blocked=True))
    with pytest.raises(NotEstimableError, match="no chain of shared seeds"):
        model.contrast({ELU: 1, RELU: -1})
    assert model.contrast({RELU: 1, ("cifar10", "vgg16", "prelu"): -1}).is_testable


def test_a_single_cells_mean_counts_seeds_as_a_sample() -> None:
    observed = made_study(
        seeds=4, generator=np.random.default_rng(6), levels=ONE_DATASET, seed_sd=2.0
    )
    model = fit_cells(observed)
    assert model.mean(ELU).standard_error > 3 * model.contrast({ELU: 1, RELU: -1}).standard_error
    assert model.mean(ELU).df < 4


@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("seed_sd", [0.0, 0.5])
def test_default_intervals_cover_and_tests_keep_their_level(seeds: int, seed_sd: float) -> None:
    generator, repetitions = np.random.default_rng(seeds), 600
    base = made_study(seeds=seeds, generator=generator, levels=ONE_DATASET)
    assert base.seeds_R is not None
    seed_of_run = base.seeds_R.astype(int)
    covered = above = 0
    for _ in range(repetitions):
        noise = generator.normal(0, 0.25, base.num_runs)
        noise += seed_sd * generator.normal(0, 1, seeds)[seed_of_run]
        estimate = fit_cells(base.with_response(80 + noise)).contrast({ELU: 1, RELU: -1})
        lower, upper = estimate.interval()
        covered += lower <= 0 <= upper
        above += estimate.p_above() <= 0.05
    assert covered / repetitions == pytest.approx(0.95, abs=0.03)
    assert above / repetitions == pytest.approx(0.05, abs=0.03)


def test_one_seed_leaves_contrasts_without_a_standard_error() -> None:
    model = fit_cells(made_study(seeds=1, generator=np.random.default_rng(7), levels=ONE_DATASET))
    estimate = model.contrast({ELU: 1, RELU: -1})
    assert not estimate.is_testable
    assert math.isnan(estimate.lower())
    assert math.isnan(estimate.p_value())


def test_zero_variance_gives_a_point_and_no_crash() -> None:
    observed = made_study(seeds=3, generator=np.random.default_rng(8), levels=ONE_DATASET, sd=0.0)
    estimate = fit_cells(observed).contrast({ELU: 1, RELU: -1})
    assert estimate.interval() == (0.0, 0.0)
    assert estimate.p_value() == 1.0
    assert estimate.p_above(-1.0) == 0.0


def test_no_runs_give_a_model_without_cells() -> None:
    model = fit_cells(Observations.from_rows([], factors=FACTORS))
    assert model.cells == ()
    with pytest.raises(NotEstimableError, match="no runs in cifar10, vgg16, elu"):
        model.mean(ELU)


def test_unknown_factors_levels_and_empty_choices_are_refused() -> None:
    cells = [ELU, RELU]
    with pytest.raises(UnknownNameError, match="no factor"):
        level_difference(FACTORS, cells, factor="depth", high="elu", low="relu")
    with pytest.raises(UnknownNameError, match="no level of activation is named 'gelu'"):
        level_difference(FACTORS, cells, factor="activation", high="gelu", low="relu")
    with pytest.raises(SpecError, match="neither elu nor relu"):
        level_difference(
            FACTORS, cells, factor="activation", high="elu", low="relu", where={"model": "vgg19"}
        )
    with pytest.raises(SpecError, match="no cells"):
        mean_over([])


def test_a_satterthwaite_sum_of_one_part_keeps_its_df() -> None:
    assert satterthwaite([(2.0, 7.0)]) == (2.0, pytest.approx(7.0))
    assert satterthwaite([]) == (0, math.inf)
    assert satterthwaite([(1.0, math.inf), (1.0, 10.0)])[1] == pytest.approx(40.0)
    assert math.isnan(satterthwaite([(1.0, 0.0)])[0])


def test_a_known_standard_error_gives_normal_limits() -> None:
    estimate = Estimate("x", 1.0, 1.0, math.inf, "known")
    assert estimate.upper(0.95) == pytest.approx(1.0 + 1.644854, abs=1e-6)
    assert estimate.p_above() == pytest.approx(stats.norm.sf(1.0))
    assert estimate.p_below() == pytest.approx(stats.norm.cdf(1.0))
