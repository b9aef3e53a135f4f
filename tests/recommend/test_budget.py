"""A budget as it is written, and what a duration comes to."""

import pytest

from actwise.errors import SpecError
from actwise.recommend.budget import RunSeconds, full_runs_in, read_budget


@pytest.mark.parametrize(
    ("text", "full_runs", "seconds"),
    [
        ("33.3333333%", 6.0, None),
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


@pytest.mark.parametrize("text", ["", "7", "-3runs", "much", "0%", "0runs", "20000runs", "30m%", 7])
def test_any_other_budget_is_refused(text: object) -> None:
    with pytest.raises(SpecError, match="budget"):
        read_budget(text, num_candidates=6)  # type: ignore[arg-type]


def test_a_part_is_of_the_grid_and_more_than_it_is_a_number() -> None:
    with pytest.raises(SpecError, match=r"at most 100%, .* such as 36runs"):
        read_budget("500%", num_candidates=6)
    assert read_budget("100%", num_candidates=6).full_runs == 18


@pytest.mark.parametrize(
    ("workers", "num_full", "seconds"),
    [(1, 0, 30.0), (1, 3, 84.0), (2, 0, 20.0), (2, 1, 38.0), (2, 4, 56.0), (8, 4, 46.0)],
)
def test_full_runs_go_side_by_side_in_pairs(workers: int, num_full: int, seconds: float) -> None:
    cost = RunSeconds(short=(10.0, 10.0, 10.0), full=(10.0, 16.0, 20.0), workers=workers)
    assert cost.of_race(num_full) == seconds


def test_a_duration_becomes_the_most_full_runs_that_fit() -> None:
    cost = RunSeconds(short=(10.0,) * 3, full=(20.0,) * 3, workers=2)

    def budget(seconds: float) -> float:
        return full_runs_in(seconds, cost, short_runs_cost=1.0, text="1m")

    assert [budget(s) for s in (20.0, 39.9, 40.0, 60.0)] == [1.0, 1.0, 3.0, 5.0]
    with pytest.raises(SpecError, match=r"budget 1m is too short: .* takes about 20 s here"):
        budget(19.0)
