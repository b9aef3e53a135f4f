import pytest

from actwise.analysis.precision import (
    Seen,
    error_of_looks,
    looks_at,
    nominal_level,
    planned_level,
    unplanned_looks,
)
from actwise.errors import SpecError
from actwise.store import Look


def test_planned_looks_share_the_error() -> None:
    level = nominal_level((3, 5, 8))
    assert level == pytest.approx(0.020, abs=5e-4)
    assert error_of_looks((3, 5, 8), level=level) == pytest.approx(0.05, abs=1e-4)
    assert error_of_looks((3, 5, 10)) == pytest.approx(0.12, abs=5e-3)
    assert nominal_level((5,)) == pytest.approx(0.05, abs=2e-3)
    assert planned_level((3, 5, 8)) == level
    assert planned_level(()) == planned_level((5,)) == 0.05


def test_looks_that_do_not_rise_are_refused() -> None:
    with pytest.raises(SpecError, match="increasing"):
        nominal_level((5, 3))


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
    assert unplanned_looks(planned, (Seen(3), first)) == ()


def look(num_seeds: int, *, study: str | None = None) -> Look:
    return Look("2026-01-01T00:00", study, "analyze", num_seeds, 2 * num_seeds, 0.05)


def test_the_present_look_is_held_against_the_plan_and_those_before() -> None:
    fitting = looks_at(Seen(5, 10), taken=[look(3)], planned=(3, 5))
    assert fitting.is_planned and fitting.alpha == nominal_level((3, 5))
    late = looks_at(Seen(5, 10), taken=[look(3), look(3), look(5)])
    assert not late.is_planned
    assert (late.earlier, late.now, late.alpha) == ((Seen(3, 6),), Seen(5, 10), 0.05)


def test_runs_are_counted_only_between_looks_at_the_same_study() -> None:
    other = looks_at(Seen(3, 12), taken=[look(3, study="other")], study="mine")
    assert other.is_planned
    own = looks_at(Seen(3, 12), taken=[look(3, study="mine")], study="mine")
    assert not own.is_planned


def test_without_a_completed_run_nothing_is_looked_at() -> None:
    assert looks_at(Seen(0), planned=(3, 5)).unplanned == ()
