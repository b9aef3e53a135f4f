import math

import numpy as np
import pytest

from actwise.analysis.assumptions import break_even_correlation
from actwise.analysis.evidence import gather
from actwise.analysis.looks import Seen, error_of_looks, nominal_level, unplanned_looks
from actwise.analysis.power import (
    DIFFERENCE_OF_DIFFERENCES,
    Design,
    power,
    power_equivalent,
    seeds_needed,
    seeds_needed_range,
    smallest_detectable,
    upper_sd,
)
from actwise.analysis.precision import precisions
from actwise.errors import SpecError
from made.studies import LEVELS, made_study

TWELVE = Design(num_cells=12)


@pytest.mark.parametrize(
    ("sd", "expected"), [(0.25, (0.52, 0.40, 0.28)), (0.40, (0.84, 0.64, 0.45))]
)
def test_differences_found_with_80_percent_power(sd: float, expected: tuple[float, ...]) -> None:
    found = [smallest_detectable(sd=sd, num_seeds=n, design=TWELVE) for n in (3, 5, 10)]
    assert found == pytest.approx(expected, abs=5e-3)


def test_a_difference_of_differences_needs_the_root_of_two_more() -> None:
    simple = smallest_detectable(sd=0.25, num_seeds=5, design=TWELVE)
    double = smallest_detectable(
        sd=0.25, num_seeds=5, design=TWELVE, squared_weights=DIFFERENCE_OF_DIFFERENCES
    )
    assert double / simple == pytest.approx(math.sqrt(2), rel=1e-6)


@pytest.mark.parametrize(("cells", "expected"), [(2, 0.29), (24, 0.67)])
def test_pooling_the_variance_more_than_doubles_the_power_at_three_seeds(
    cells: int, expected: float
) -> None:
    # Two-sided 5 %: the other tail is negligible here.
    found = power(0.5, sd=0.25, num_seeds=3, design=Design(cells), alpha=0.025)
    assert found == pytest.approx(expected, abs=5e-3)


def test_power_is_what_simulation_finds() -> None:
    generator, repetitions = np.random.default_rng(0), 20_000
    error, df = 0.25 * math.sqrt(2 / 3), TWELVE.df(3)
    values = generator.normal(0.5, error, repetitions)
    errors = error * np.sqrt(generator.chisquare(df, repetitions) / df)
    rejected = np.mean(values / errors > 1.7171)  # t(.95; 22)
    assert power(0.5, sd=0.25, num_seeds=3, design=TWELVE) == pytest.approx(rejected, abs=0.01)
    inside = np.abs(generator.normal(0, error, repetitions)) < 0.5 - 1.7171 * errors
    found = power_equivalent(0.5, sd=0.25, num_seeds=3, design=TWELVE)
    assert found == pytest.approx(np.mean(inside), abs=0.012)


def test_seeds_needed_reach_the_power_and_one_fewer_does_not() -> None:
    needed = seeds_needed(0.3, sd=0.25, design=TWELVE)
    assert needed is not None
    assert power(0.3, sd=0.25, num_seeds=needed, design=TWELVE) >= 0.8
    assert power(0.3, sd=0.25, num_seeds=needed - 1, design=TWELVE) < 0.8


def test_seeds_needed_are_a_range_and_have_an_end() -> None:
    low, high = seeds_needed_range(0.3, sd=0.25, sd_df=22, design=TWELVE)
    assert low is not None
    assert high is not None
    assert low < high
    assert seeds_needed(0.001, sd=1.0, design=TWELVE) is None
    assert upper_sd(0.25, 22, level=0.8) > 0.25
    assert math.isnan(upper_sd(0.25, 0, level=0.8))


def test_one_seed_has_no_power_to_speak_of() -> None:
    assert math.isnan(power(1.0, sd=0.25, num_seeds=1, design=TWELVE))
    assert math.isnan(smallest_detectable(sd=0.25, num_seeds=1, design=TWELVE))
    assert math.isnan(power_equivalent(1.0, sd=0.25, num_seeds=1, design=TWELVE))


def test_no_variance_gives_full_power() -> None:
    assert power(0.1, sd=0.0, num_seeds=3, design=TWELVE) == 1.0
    assert power_equivalent(0.1, sd=0.0, num_seeds=3, design=TWELVE) == 1.0
    assert smallest_detectable(sd=0.0, num_seeds=3, design=TWELVE) == 0.0


@pytest.mark.parametrize(("seeds", "expected"), [(3, 0.58), (5, 0.31), (10, 0.14)])
def test_pairing_gains_only_above_the_break_even_correlation(seeds: int, expected: float) -> None:
    assert break_even_correlation(seeds) == pytest.approx(expected, abs=5e-3)
    assert math.isnan(break_even_correlation(1))


def test_planned_looks_share_the_error() -> None:
    level = nominal_level((3, 5, 8))
    assert level == pytest.approx(0.020, abs=5e-4)
    assert error_of_looks((3, 5, 8), level=level) == pytest.approx(0.05, abs=1e-4)
    assert error_of_looks((3, 5, 10)) == pytest.approx(0.12, abs=5e-3)
    assert nominal_level((5,)) == pytest.approx(0.05, abs=2e-3)


def test_many_cells_allow_a_little_more_a_look() -> None:
    # The normal limit for these information fractions is near Pocock's 0.0221.
    assert 0.0215 < nominal_level((3, 5, 8), num_cells=24) < 0.0235


def test_looks_that_were_not_planned_are_named() -> None:
    three, four, five, eight = (Seen(count) for count in (3, 4, 5, 8))
    assert unplanned_looks((3, 5, 8), (three, four, eight, four)) == (four,)
    assert unplanned_looks((), (three, three)) == ()
    assert unplanned_looks((), (three, five)) == (five,)


@pytest.mark.parametrize("planned", [(), (3, 5)])
def test_a_second_look_at_the_same_seeds_with_more_runs_is_not_planned(
    planned: tuple[int, ...],
) -> None:
    first, again, more = Seen(3, 12), Seen(3, 12), Seen(3, 18)
    assert unplanned_looks(planned, (first, again)) == ()
    assert unplanned_looks(planned, (first, more, again)) == (more,)
    unrecorded = Seen(3)
    assert unplanned_looks(planned, (unrecorded, first)) == ()
    assert str(more) == "3 seeds (18 runs)"
    with pytest.raises(SpecError, match="increasing"):
        nominal_level((5, 3))


def test_the_precision_is_that_of_the_level_that_looks_leave() -> None:
    observed = made_study(
        seeds=3, generator=np.random.default_rng(4), levels={**LEVELS, "dataset": ("cifar10",)}
    )
    (usual,), (shared,) = (precisions(gather(observed, alpha=alpha)) for alpha in (0.05, 0.0197))
    assert shared.sd == usual.sd
    assert shared.detectable == pytest.approx(
        smallest_detectable(sd=usual.sd, num_seeds=3, design=TWELVE, alpha=0.0197)
    )
    assert shared.detectable_change > usual.detectable_change
    assert shared.power_equivalent < usual.power_equivalent
    expected = seeds_needed_range(0.5, sd=usual.sd, sd_df=usual.df, design=TWELVE, alpha=0.0197)
    assert shared.seeds_for_margin == expected
    assert expected != seeds_needed_range(0.5, sd=usual.sd, sd_df=usual.df, design=TWELVE)
