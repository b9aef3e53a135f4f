"""What a plan says of its seeds before anything is trained."""

import pytest

from actwise.analysis.looks import planned_level
from actwise.analysis.planned_power import planned_powers
from actwise.analysis.power import Design, power_equivalent


def test_the_power_is_that_of_the_published_deviation_and_the_margin_of_the_data_set() -> None:
    first, second = planned_powers({"cifar10": 12, "cifar100": 6}, 3)
    assert (first.margin, first.run_sd, second.margin, second.run_sd) == (0.5, 0.25, 1.0, 0.42)
    expected = power_equivalent(0.5, sd=0.25, num_seeds=3, design=Design(12))
    assert first.power == pytest.approx(expected)
    assert not first.is_low


def test_the_seeds_for_half_are_the_fewest_that_reach_it() -> None:
    for num_cells in (2, 4, 24):
        (row,) = planned_powers({"cifar10": num_cells}, 2)
        assert row.seeds_for_half is not None
        assert row.is_low
        (enough,) = planned_powers({"cifar10": num_cells}, row.seeds_for_half)
        (fewer,) = planned_powers({"cifar10": num_cells}, row.seeds_for_half - 1)
        assert not enough.is_low
        assert fewer.is_low


def test_one_seed_never_concludes_equivalence() -> None:
    known, unknown = planned_powers({"cifar10": 12, "digits": 12}, 1)
    assert known.power == unknown.power == 0.0
    assert known.is_low
    assert unknown.is_low


def test_no_power_is_made_up_without_a_published_deviation() -> None:
    (row,) = planned_powers({"digits": 12}, 5)
    assert (row.run_sd, row.power, row.seeds_for_half) == (None, None, None)
    assert not row.is_low


def test_one_cell_has_nothing_to_be_equivalent_to() -> None:
    assert planned_powers({"cifar10": 1}, 3) == ()


def test_planned_looks_leave_each_test_a_lower_level_and_less_power() -> None:
    level = planned_level((3, 5, 8))
    assert level == pytest.approx(0.0197, abs=5e-4)
    assert planned_level(()) == planned_level((5,)) == 0.05
    (shared,) = planned_powers({"cifar10": 12}, 3, alpha=level)
    expected = power_equivalent(0.5, sd=0.25, num_seeds=3, design=Design(12), alpha=level)
    assert shared.power == pytest.approx(expected)
    (alone,) = planned_powers({"cifar10": 12}, 3)
    assert alone.power is not None
    assert shared.power is not None
    assert shared.power < alone.power
