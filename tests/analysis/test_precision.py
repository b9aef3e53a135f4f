"""Power, detectable differences, run deviations, the next step, and what a plan can show."""

import math
from dataclasses import replace

import numpy as np
import pytest

from actwise.analysis.differences import usual_margin
from actwise.analysis.model import fit_model
from actwise.analysis.precision import (
    SHORT_RUN_SDS,
    NextStep,
    next_step,
    planned_level,
    planned_powers,
    power,
    power_equivalent,
    precisions,
    sd_limits,
    smallest_detectable,
    upper_sd,
)
from actwise.analysis.table import Observations, network_of
from actwise.spec import RunSpec
from made.cases import case, cifar_mini
from made.studies import LEVELS, made_study

ONE_NETWORK = {**LEVELS, "dataset": ("cifar10",), "model": ("vgg16",)}


def error(sd: float, num_seeds: int, num_conditions: int = 1) -> float:
    return sd * math.sqrt(2 / num_seeds / num_conditions)


@pytest.mark.parametrize(
    ("sd", "alpha", "expected"),
    [
        (0.25, 0.05, (0.56, 0.41, 0.28)),
        (0.40, 0.05, (0.89, 0.66, 0.45)),
        (0.25, 0.05 / 12 / 2, (1.02, 0.67, 0.44)),
    ],
)
def test_differences_found_with_80_percent_power(
    sd: float, alpha: float, expected: tuple[float, ...]
) -> None:
    """One stratum of 2 conditions x 3 activations; at the step of Holm two-sided."""
    found = [
        smallest_detectable(standard_error=error(sd, n), df=4 * (n - 1), alpha=alpha)
        for n in (3, 5, 10)
    ]
    assert found == pytest.approx(expected, abs=6e-3)


def test_power_is_what_simulation_finds() -> None:
    generator, repetitions, df = np.random.default_rng(0), 20_000, 22
    own = error(0.25, 3)
    values = generator.normal(0.5, own, repetitions)
    errors = own * np.sqrt(generator.chisquare(df, repetitions) / df)
    rejected = np.mean(values / errors > 1.7171)  # t(.95; 22)
    assert power(0.5, standard_error=own, df=df) == pytest.approx(rejected, abs=0.01)
    for widening in (1.0, 1.2):
        inside = np.abs(values - 0.5) < 0.5 - 1.7171 * widening * errors
        found = power_equivalent(0.5, standard_error=own, df=df, widening=widening)
        assert found == pytest.approx(np.mean(inside), abs=0.012)


@pytest.mark.parametrize("df", [2.0, 78.0, 400.0])
def test_power_grows_with_the_difference_however_large_it_is(df: float) -> None:
    found = [power(d, standard_error=1.0, df=df, alpha=0.01) for d in np.arange(0.0, 80.0, 0.25)]
    assert np.diff(found).min() > -1e-9 and np.isfinite(found).all()
    # On both sides of where the noncentral t is left for its integral.
    below, above = (power(d, standard_error=1.0, df=df, alpha=1e-4) for d in (29.999, 30.001))
    assert above == pytest.approx(below, abs=1e-3)


def test_without_degrees_of_freedom_nothing_is_known_and_without_variance_everything() -> None:
    assert math.isnan(power(1.0, standard_error=0.25, df=0))
    assert math.isnan(smallest_detectable(standard_error=0.25, df=0))
    assert math.isnan(power_equivalent(1.0, standard_error=0.25, df=0))
    assert math.isnan(upper_sd(0.25, 0, level=0.8))
    assert power(0.1, standard_error=0.0, df=4) == 1.0
    assert power_equivalent(0.1, standard_error=0.0, df=4) == 1.0
    assert smallest_detectable(standard_error=0.0, df=4) == 0.0


def test_the_limits_of_a_deviation_cover_it() -> None:
    generator, df = np.random.default_rng(1), 8
    deviations = np.sqrt(generator.chisquare(df, 2000) / df)
    limits = np.array([sd_limits(float(sd), df) for sd in deviations])
    covered = np.mean((limits[:, 0] < 1) & (limits[:, 1] > 1))
    assert covered == pytest.approx(0.95, abs=0.02)
    above = np.mean([upper_sd(float(sd), df, level=0.8) > 1 for sd in deviations])
    assert above == pytest.approx(0.80, abs=0.03)


def test_a_deviation_that_is_known_has_no_other_limits() -> None:
    assert sd_limits(0.25, math.inf) == (0.25, 0.25)
    assert upper_sd(0.25, math.inf, level=0.8) == 0.25
    assert sd_limits(0.25, 1e9) == pytest.approx((0.25, 0.25), rel=1e-3)


def test_each_stratum_has_its_deviations_and_what_they_show() -> None:
    first, second = precisions(fit_model(case("split_plot")))
    assert first.stratum.within.sd == pytest.approx(1.527708887, abs=5e-10)
    assert second.stratum.total.sd == pytest.approx(0.619154, abs=5e-7)
    assert (first.num_seeds, second.stratum.within.df) == (4, 12)
    assert second.within_limits == sd_limits(second.stratum.within.sd, 12)
    expected = smallest_detectable(standard_error=error(second.stratum.within.sd, 4), df=12)
    assert second.detectable == pytest.approx(expected)
    assert second.detectable_change == pytest.approx(math.sqrt(2) * expected)
    assert precisions(fit_model(made_study(seeds=1, generator=np.random.default_rng(0)))) == ()


def step(runs: Observations, **changes: float) -> NextStep:
    """Of one network that is decided over its conditions, among three networks."""
    model = fit_model(runs)
    conditions = [entry.condition for entry in model.conditions]
    settings = {"level": 0.05 / 6, "margin": 1.0, "num_levels": 3, "conditions_per_set": 2}
    return next_step(model, conditions, **(settings | changes))  # type: ignore[arg-type]


def test_the_next_step_gives_80_percent_whichever_is_true() -> None:
    """By simulation of the own test and of two one-sided tests at the numbers that it names."""
    runs = made_study(seeds=4, generator=np.random.default_rng(3), sd=0.7, levels=ONE_NETWORK)
    found = step(runs)
    assert found.seeds is not None and found.seeds_upper is not None
    assert found.seeds_now == 4 < found.seeds < found.seeds_upper

    def reached(num_seeds: int) -> float:
        own, df = error(found.sd, num_seeds, 2), 2 * (num_seeds - 1)
        leaves = power(1.0, standard_error=own, df=df, alpha=0.05 / 12)
        equal = power_equivalent(1.0, standard_error=own, df=4 * (num_seeds - 1))
        return min(leaves, equal)

    assert reached(found.seeds) >= 0.8 > reached(found.seeds - 1)


def test_smaller_margins_more_levels_and_single_conditions_take_more_seeds() -> None:
    runs = made_study(seeds=4, generator=np.random.default_rng(3), sd=0.7, levels=ONE_NETWORK)
    usual = step(runs).seeds
    assert usual is not None
    for changes in ({"margin": 0.8}, {"level": 0.01 / 6}, {"conditions_per_set": 1}):
        more = step(runs, **changes).seeds
        assert more is not None and more > usual
    more = step(runs, error_of_best=0.4, margin=0.5).seeds
    fixed = step(runs, margin=0.5).seeds
    assert more is not None and fixed is not None and more >= fixed


def test_above_a_hundred_seeds_there_is_no_number() -> None:
    generator = np.random.default_rng(3)
    noisy = made_study(seeds=4, generator=generator, sd=4.0, levels=ONE_NETWORK)
    assert (step(noisy).seeds, step(noisy).seeds_upper) == (None, None)
    flat = made_study(seeds=4, generator=generator, sd=0.0, levels=ONE_NETWORK)
    assert step(flat).seeds is None
    assert step(noisy, margin=math.nan).seeds is None


def test_single_runs_take_the_deviation_of_trained_networks_where_they_are_trained() -> None:
    runs = made_study(seeds=1, generator=np.random.default_rng(0), levels=ONE_NETWORK)
    assert math.isnan(step(runs).sd) and step(runs).seeds is None
    trained = step(replace(runs, scope={"width": 1.0, "train.epochs": 200}))
    assert trained.sd == pytest.approx(0.25)
    assert trained.seeds is not None


def test_the_deviations_of_short_runs_follow_from_our_study() -> None:
    model = fit_model(cifar_mini())
    found = {
        dict(stratum.name)["model"]: stratum.within
        for stratum in model.strata
        if dict(stratum.name)["dataset"] == "cifar10"
    }
    assert {name: round(own.sd, 2) for name, own in found.items()} == SHORT_RUN_SDS
    assert {own.df for own in found.values()} == {16}
    assert {network_of(entry.condition) for entry in model.conditions} == {
        stratum.name for stratum in model.strata
    }


def cells(*, dataset: str = "cifar10", models: int = 1, levels: int = 3) -> list[RunSpec]:
    return [
        RunSpec(
            dataset=dataset,
            model=f"resnet{18 + number}",
            regularization=regularization,
            activation=f"elu({1 + level})",
            seed=0,
        )
        for number in range(models)
        for regularization in ("bn", "bn+aug")
        for level in range(levels)
    ]


def test_a_plans_power_is_that_of_one_network_at_the_published_deviation() -> None:
    first, second = planned_powers(
        [*cells(models=3), *cells(dataset="cifar100")], 3, margin_of=usual_margin
    )
    assert (first.margin, first.run_sd, second.margin, second.run_sd) == (0.5, 0.25, 1.0, 0.42)
    expected = power_equivalent(0.5, standard_error=error(0.25, 3), df=2 * 2 * 2)
    assert first.power == pytest.approx(expected)
    assert first.num_cells == 6


def test_the_seeds_for_half_are_the_fewest_that_reach_it() -> None:
    for levels in (2, 3, 8):
        own = cells(levels=levels)
        (row,) = planned_powers(own, 2, margin_of=usual_margin)
        assert row.seeds_for_half is not None and row.is_low
        (enough,) = planned_powers(own, row.seeds_for_half, margin_of=usual_margin)
        (fewer,) = planned_powers(own, row.seeds_for_half - 1, margin_of=usual_margin)
        assert not enough.is_low and fewer.is_low


def test_one_seed_never_concludes_equivalence_and_no_power_is_made_up() -> None:
    known, unknown = planned_powers([*cells(), *cells(dataset="digits")], 1, margin_of=usual_margin)
    assert known.power == unknown.power == 0.0
    assert known.is_low and unknown.is_low
    (row,) = planned_powers(cells(dataset="digits"), 5, margin_of=usual_margin)
    assert (row.run_sd, row.power, row.seeds_for_half, row.is_low) == (None, None, None, False)
    assert planned_powers(cells(levels=1), 3, margin_of=usual_margin) == ()


def test_planned_looks_leave_each_test_a_lower_level_and_less_power() -> None:
    level = planned_level((3, 5, 8))
    (shared,) = planned_powers(cells(), 3, margin_of=usual_margin, alpha=level)
    (alone,) = planned_powers(cells(), 3, margin_of=usual_margin)
    assert shared.power is not None and alone.power is not None
    assert shared.power < alone.power
