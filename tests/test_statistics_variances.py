import numpy as np
import pytest
from scipy import stats

from actwise.analysis.equal_variances import brown_forsythe
from actwise.analysis.table import Observations
from made.studies import made_rows, made_study

LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "activation": ("relu", "prelu", "elu"),
}


def spread_out(observed: Observations, *, cell: int, factor: float) -> Observations:
    values_R = observed.response_R.copy()
    values_R[observed.run_cells == cell] = 80 + factor * (values_R[observed.run_cells == cell] - 80)
    return observed.with_response(values_R)


def test_without_blocks_the_statistic_is_scipys_and_many_runs_give_its_p() -> None:
    generator = np.random.default_rng(0)
    observed = made_study(seeds=40, generator=generator, levels=LEVELS, blocked=False)
    observed = spread_out(observed, cell=2, factor=1.4)
    groups = [observed.response_R[observed.run_cells == c] for c in range(6)]
    oracle = stats.levene(*groups, center="median")
    (found,) = brown_forsythe(observed)
    assert found.f == pytest.approx(oracle.statistic)
    assert 0.005 < oracle.pvalue < 0.2
    assert found.p == pytest.approx(oracle.pvalue, abs=0.01)


@pytest.mark.parametrize(("seeds", "blocked"), [(3, True), (4, False)])
def test_the_level_is_kept_at_few_seeds(seeds: int, blocked: bool) -> None:
    generator, repetitions = np.random.default_rng(seeds), 250
    base = made_study(seeds=seeds, generator=generator, levels=LEVELS, blocked=blocked)
    found = [
        brown_forsythe(base.with_response(generator.normal(80, 0.25, base.num_runs)))[0].p
        for _ in range(repetitions)
    ]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.042)
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_effects_of_seeds_and_the_scale_change_nothing() -> None:
    observed = made_study(seeds=4, generator=np.random.default_rng(1), levels=LEVELS, blocked=True)
    assert observed.seeds_R is not None
    lifted_R = 60 + 3 * observed.response_R / 10 + 7 * np.sin(observed.seeds_R.astype(float))
    first, second = (brown_forsythe(o)[0] for o in (observed, observed.with_response(lifted_R)))
    assert second.f == pytest.approx(first.f)
    assert second.p == first.p


def test_one_cell_that_varies_more_is_seen() -> None:
    observed = made_study(seeds=10, generator=np.random.default_rng(2), levels=LEVELS)
    (found,) = brown_forsythe(spread_out(observed, cell=1, factor=6.0))
    assert found.p < 0.001


def test_lost_runs_and_large_studies_are_tested_too() -> None:
    rows = made_rows(seeds=5, generator=np.random.default_rng(3), levels=LEVELS)
    lost = Observations.from_rows([*rows[:7], *rows[9:]], factors=tuple(LEVELS), blocked=True)
    (found,) = brown_forsythe(lost)
    assert (found.df1, found.df2) == (5, 22)
    assert 0 < found.p <= 1
    wide = {**LEVELS, "depth": tuple(str(depth) for depth in range(40))}
    (large,) = brown_forsythe(made_study(seeds=5, generator=np.random.default_rng(4), levels=wide))
    assert 999 <= large.draws < found.draws


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_runs_a_cell_have_no_test(seeds: int) -> None:
    generator = np.random.default_rng(5)
    assert brown_forsythe(made_study(seeds=seeds, generator=generator, levels=LEVELS)) == ()


def test_two_cells_paired_by_seed_have_no_test() -> None:
    two = {"activation": ("relu", "elu")}
    assert brown_forsythe(made_study(seeds=5, generator=np.random.default_rng(6), levels=two)) == ()
    apart = made_study(seeds=5, generator=np.random.default_rng(6), levels=two, blocked=False)
    assert len(brown_forsythe(apart)) == 1


def test_runs_that_agree_exactly_have_no_p() -> None:
    flat = made_study(seeds=4, generator=np.random.default_rng(7), levels=LEVELS, sd=0.0)
    (found,) = brown_forsythe(flat)
    assert np.isnan(found.f) and np.isnan(found.p)
