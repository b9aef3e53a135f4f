"""A budget as it is written, and what a duration comes to."""

import math

import pytest

from actwise.errors import SpecError
from actwise.recommend.budget import BESIDE_SECONDS, RunSeconds, full_runs_in, read_budget
from actwise.sweep.plan import MOST_ROUNDS, are_enough
from made.race_results import SIX, made_race, made_results


@pytest.mark.parametrize(
    ("text", "full_runs", "seconds"),
    [
        ("33.3333333%", 6.0, None),
        ("33%", 6.0, None),
        ("11.1%", 2.0, None),
        ("50 %", 9.0, None),
        ("7runs", 7.0, None),
        ("1 run", 1.0, None),
        ("2.5 full runs", 2.5, None),
        ("30m", None, 1800.0),
        ("1h30m", None, 5400.0),
        ("90s", None, 90.0),
        (None, None, None),
    ],
)
def test_a_budget_is_a_part_a_number_or_a_time(
    text: str | None, full_runs: float | None, seconds: float | None
) -> None:
    found = read_budget(text, num_candidates=6)
    assert (found.full_runs, found.seconds) == (pytest.approx(full_runs), seconds)
    assert found.text == text


@pytest.mark.parametrize(
    "text", ["", "7", "7.5", "-3runs", "much", "0%", "0runs", "20000runs", "30m%", 7, 7.5]
)
def test_any_other_budget_is_refused(text: object) -> None:
    with pytest.raises(SpecError, match="budget"):
        read_budget(text, num_candidates=6)  # type: ignore[arg-type]


def test_a_part_is_of_the_grid_and_more_than_it_is_a_number() -> None:
    with pytest.raises(SpecError, match=r"at most 100%, .* such as 36runs"):
        read_budget("500%", num_candidates=6)
    assert read_budget("100%", num_candidates=40).full_runs == 120


@pytest.mark.parametrize(
    ("text", "count", "most_full"),
    [
        ("11%", 6, 0),
        ("22%", 6, 2),
        ("33%", 6, 4),
        ("44%", 6, 6),
        ("11%", 4, 0),
        ("33%", 2, 0),
        ("44%", 2, 2),
        ("33%", 3, 2),
    ],
)
def test_a_percentage_pays_the_full_runs_that_it_rounds(
    text: str, count: int, most_full: int
) -> None:
    budget = read_budget(text, num_candidates=count)
    settings = made_race(SIX[:count], full_runs=budget.full_runs).settings
    assert (settings.most_full, settings.is_screening) == (most_full, most_full == 0)


@pytest.mark.parametrize("count", range(3, 41))
def test_a_third_is_what_is_usual(count: int) -> None:
    names = [f"a{place}" for place in range(count)]
    budget = read_budget("33%", num_candidates=count)
    asked, usual = (
        made_race(names, incumbent=None, full_runs=full_runs).settings
        for full_runs in (budget.full_runs, None)
    )
    assert asked.most_full == usual.most_full


@pytest.mark.parametrize(
    ("workers", "num_full", "seconds"),
    [(1, 0, 30.0), (1, 3, 84.0), (2, 0, 20.0), (2, 2, 38.0), (2, 3, 56.0), (8, 3, 46.0)],
)
def test_full_runs_go_side_by_side_in_pairs(workers: int, num_full: int, seconds: float) -> None:
    cost = RunSeconds((10.0, 10.0, 10.0), (10.0, 16.0, 20.0), workers, steps_between=1)
    assert cost.of_race(num_full) == seconds


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_a_race_takes_as_long_as_was_promised(count: int, workers: int) -> None:
    cost = RunSeconds((9.0,) * count, (27.0,) * count, workers, steps_between=1)
    for num_full in range(2, 12):
        race = made_race(SIX[:count], full_runs=count / 3 + num_full, use_stopping=False)
        seconds = 0.0
        while trials := list(iter(race.ask, None)):
            seconds += math.ceil(len(trials) / workers) * trials[0].epochs
            for trial in trials:
                race.tell(trial, made_results(0)(trial) or "diverged")
        assert cost.of_race(num_full) == seconds, num_full


def test_a_duration_becomes_the_most_full_runs_that_fit() -> None:
    cost = RunSeconds((10.0,) * 3, (20.0,) * 3, 2, steps_between=1)

    def budget(seconds: float) -> float:
        return full_runs_in(seconds, cost, short_runs_cost=1.0, beside=5.0, text="1m")

    assert [budget(s) for s in (25.0, 44.9, 45.0, 65.0, 85.0)] == [1.0, 1.0, 3.0, 4.0, 6.0]
    with pytest.raises(SpecError, match=r"too short here: .* about 20 s, .* 5 s; .* 45 s"):
        budget(24.0)


@pytest.mark.parametrize("step_seconds", [0.0005, 0.1, 0.5, 1.5, 5.0, 20.0])
def test_what_is_kept_for_the_timing_of_costs_is_enough(step_seconds: float) -> None:
    cost = RunSeconds((1.0,) * 2, (1.0 + 100 * step_seconds,) * 2, 2, steps_between=100)
    a_round = 2 * step_seconds
    timed = next(n for n in range(1, MOST_ROUNDS + 1) if are_enough(n, n * a_round) or n == 25)
    assert (timed + 2) * a_round <= cost.beside - BESIDE_SECONDS
