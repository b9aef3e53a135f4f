"""A race in which nothing learned has no pick; one without a full run of its pick has no limit."""

import pytest

from actwise.recommend import Trial
from made.race_results import SIX, Result, full_trials, made_race, made_results, noise, raced


def constant(value: float) -> Result:
    return lambda trial: value + noise(f"{trial.activation} {trial.seed} {trial.is_full}") / 10


@pytest.mark.parametrize(("num_classes", "value"), [(10, 10.0), (100, 1.5), (2, 50.0), (None, 0.0)])
@pytest.mark.parametrize("count", [2, 6])
def test_where_no_short_run_learned_there_is_no_pick(
    num_classes: int | None, value: float, count: int
) -> None:
    race = made_race(SIX[:count], num_classes=num_classes, margin=50.0)
    result = constant(value) if value else lambda trial: trial.number % 2
    advice = raced(race, result).advice()
    assert (advice.activation, advice.limit, advice.why_stopped) == (None, None, "unlearned")
    assert advice.not_told_apart == advice.further == () and not advice.is_screening
    assert advice.spent == pytest.approx(count / 3)
    first, *_, last = str(advice).splitlines()
    assert first.startswith("No advice: nothing has learned. The best accuracy of")
    assert all(what in first for what in ("learning rate", "epochs", "data"))
    assert last.endswith("stopped as no training has learned.")


def test_where_the_full_runs_of_the_leaders_learned_nothing_there_is_no_pick() -> None:
    def collapses(trial: Trial) -> float:
        return 10.0 if trial.is_full else float(made_results(0)(trial) or 0)

    advice = raced(made_race(num_classes=10, margin=50.0), collapses).advice()
    assert (advice.activation, advice.why_stopped, advice.best_value) == (None, "unlearned", 10.0)
    assert advice.spent == pytest.approx(4.0)


@pytest.mark.parametrize("num_classes", [None, 10])
def test_what_learned_more_than_guesses_is_raced(num_classes: int | None) -> None:
    low = raced(made_race(num_classes=num_classes), lambda t: float(made_results(0)(t) or 0) - 38)
    assert low.advice().activation is not None


@pytest.mark.parametrize(("spread", "least", "most"), [(1.0, 0, 0), (3.5, 5, 12), (10.0, 12, 12)])
def test_results_that_differ_by_far_more_than_the_bank_s_are_told(
    spread: float, least: int, most: int
) -> None:
    found = [
        raced(made_race(full_runs=4.0), made_results(seed, spread=spread))
        .advice(with_further=False)
        .is_unlike_bank
        for seed in range(12)
    ]
    assert least <= sum(found) <= most


def test_a_stuck_run_makes_no_other_world() -> None:
    def stuck(trial: Trial) -> float:
        return 10.0 if trial.activation == "silu" else float(made_results(0)(trial) or 0)

    assert not raced(made_race(), stuck).advice(with_further=False).is_unlike_bank


@pytest.mark.parametrize("gap", [0.0, 2.0, 20.0])
@pytest.mark.parametrize("full_runs", [1.0, 3.0])
def test_without_a_full_run_the_pick_is_a_screening_without_a_limit(
    gap: float, full_runs: float
) -> None:
    def result(trial: Trial) -> float:
        return 60.0 + gap * (trial.activation == "elu")

    advice = raced(made_race(SIX[:3:2], full_runs=full_runs), result).advice()
    has_full = ("elu" if gap else "relu") in [name for _, name in full_trials(advice)]
    assert has_full == (full_runs > 2)
    assert advice.is_screening == (not has_full)
    assert (advice.limit is None) == (advice.expected_loss is None) == advice.is_screening
    assert advice.further == () or has_full
    assert str(advice).startswith("Screening only" if advice.is_screening else ("Use", "Keep"))
    assert "0.0 points" not in str(advice) and "loss 0.0" not in str(advice)
