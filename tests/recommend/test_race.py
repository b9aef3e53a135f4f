"""The race asks for the right trainings: whoever trains them, in whatever order they come back."""

from typing import Any

import numpy as np
import pytest

from actwise.recommend import Race, Trial
from made.race_results import SIX, Result, full_trials, made_race, made_results, noise, raced


@pytest.mark.parametrize("workers", [2, 3, 8])
@pytest.mark.parametrize("seed", range(4))
def test_any_number_of_workers_gives_the_race_of_one(workers: int, seed: int) -> None:
    options = {"full_runs": 11.0, "use_stopping": False}
    alone = raced(made_race(**options), made_results(seed)).advice()
    together = raced(made_race(**options), made_results(seed), workers=workers, order=seed).advice()
    assert together.to_dict() == alone.to_dict()


def test_a_race_goes_on_from_stored_results() -> None:
    whole = raced(made_race(full_runs=9.0), made_results(1))
    stored = {row.trial: row.value for row in whole.advice().trials}
    again = made_race(full_runs=9.0)
    for _ in range(8):  # the short runs, then two of a block; its next two are not stored
        trial = again.ask()
        assert trial is not None
        again.tell(trial, stored[trial] or "diverged")
    assert raced(again, made_results(1)).advice() == whole.advice()


@pytest.mark.parametrize("step", [None, 0.35, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_the_order_of_candidates_changes_nothing(seed: int, step: float | None) -> None:
    def result(trial: Trial) -> float:
        value = made_results(seed)(trial) or 0.0
        return round(value / step) * step if step else value

    one = raced(made_race(SIX), result).advice()
    other = raced(made_race(SIX[::-1]), result).advice()
    assert full_trials(other) == full_trials(one)
    assert (other.activation, other.not_told_apart) == (one.activation, one.not_told_apart)
    assert other.limit == pytest.approx(one.limit)


@pytest.mark.parametrize("names", [SIX, SIX[::-1]])
def test_of_equal_ones_the_one_in_use_is_kept(names: tuple[str, ...]) -> None:
    def tied(trial: Trial) -> float:
        return 60.0 + (trial.activation in ("elu", "gelu", "silu"))

    assert [
        raced(made_race(names, incumbent=name), tied).advice(with_further=False).activation
        for name in ("silu", "gelu", "elu", "relu")
    ] == ["silu", "gelu", "elu", "elu"]


def test_names_of_candidates_mean_nothing() -> None:
    names = dict(zip(SIX, ("a", "b", "c", "d", "e", "f"), strict=True))
    back = {new: old for old, new in names.items()}

    def renamed(trial: Trial) -> float | None:
        old = Trial(**{**vars(trial), "activation": back[trial.activation]})
        return made_results(3)(old)

    one = raced(made_race(SIX, incumbent="relu"), made_results(3)).advice()
    other = raced(made_race(list(names.values()), incumbent="a"), renamed).advice()
    assert other.activation == names[str(one.activation)]
    assert (other.limit, other.gain_over_incumbent) == (one.limit, one.gain_over_incumbent)


def test_how_high_all_results_are_changes_nothing() -> None:
    results = made_results(5)
    low = raced(made_race(), lambda trial: float(results(trial) or 0) - 40.0).advice()
    high = raced(made_race(), results).advice()
    assert full_trials(low) == full_trials(high)
    assert low.limit == pytest.approx(high.limit, rel=1e-6)


@pytest.mark.parametrize("epochs", [9, 10, 11, 13, 14, 20, 28, 29, 50, 200])
def test_every_length_has_the_full_runs_of_the_usual_budget(epochs: int) -> None:
    settings = Race(SIX, epochs=epochs).settings
    assert settings.most_full == 4
    assert 3 <= settings.short_epochs <= epochs / 3


@pytest.mark.parametrize("count", [2, 3, 6, 15])
@pytest.mark.parametrize("beside_short", [0.0, 2.0, 4.9, 9.0])
def test_a_budget_is_never_exceeded(count: int, beside_short: float) -> None:
    names = [f"a{place}" for place in range(count)]
    budget = count / 3 + beside_short
    race = made_race(names, incumbent=None, full_runs=budget, use_stopping=False)
    advice = raced(race, made_results(0, diverging=names[:1])).advice()
    assert advice.spent == pytest.approx(race.spent)
    assert advice.spent <= budget
    assert budget - advice.spent < 2 or len(advice.outlooks) == 1
    assert advice.is_screening == (beside_short < 2 and len(advice.outlooks) > 1)


def test_every_candidate_has_a_short_run_first_and_blocks_share_seed_and_fold() -> None:
    advice = raced(made_race(full_runs=25.0, use_stopping=False), made_results(0)).advice()
    trials = [row.trial for row in advice.trials]
    assert [(t.activation, t.epochs, t.seed, t.is_full) for t in trials[:6]] == [
        (name, 9, 0, False) for name in SIX
    ]
    assert all(t.epochs == 27 and t.is_full for t in trials[6:])
    assert all(t.fold == t.seed % 5 for t in trials)
    assert [t.number for t in trials] == list(range(len(trials)))
    blocks = [[t.activation for t in trials[6:] if t.seed == seed] for seed in range(9)]
    assert list(map(len, blocks)) == [4, 3, 2, 2, 2, 2, 2, 2, 2]
    assert all(len(set(block)) == len(block) for block in blocks)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("full_runs", [4.0, 6.0, 9.0])
def test_a_gain_is_claimed_only_after_a_full_run_of_the_incumbent(
    seed: int, full_runs: float
) -> None:
    advice = raced(made_race(full_runs=full_runs), made_results(seed)).advice()
    has_full = any(name == "relu" for _, name in full_trials(advice))
    if advice.activation == "relu":
        assert advice.gain_over_incumbent is None
    else:
        is_stated = has_full and not advice.is_screening
        assert (advice.gain_over_incumbent is not None) == is_stated
    assert has_full or advice.activation == "relu"


def test_the_incumbent_takes_the_last_place_of_a_block() -> None:
    def last(trial: Trial) -> float:
        return 50.0 if trial.activation == "relu" else float(made_results(2)(trial) or 0)

    options: Any = {"full_runs": 6.0, "use_stopping": False}
    advice = raced(made_race(**options), last).advice()
    assert full_trials(advice)[3] == (0, "relu")
    without = raced(made_race(**options, incumbent_place=False), last).advice()
    assert full_trials(without)[:3] == full_trials(advice)[:3]
    assert "relu" not in [name for _, name in full_trials(without)]


def test_a_race_stops_when_the_limit_is_within_the_margin() -> None:
    wide = raced(made_race(margin=6.0, incumbent=None), made_results(0)).advice()
    assert (wide.why_stopped, wide.margin) == ("decided", 6.0)
    assert wide.spent == pytest.approx(4.0)
    advice = raced(made_race(full_runs=30.0), made_results(0, spread=2.0)).advice()
    assert advice.why_stopped == "decided"
    assert advice.limit is not None and advice.limit <= advice.margin
    assert advice.spent < 29


def test_a_margin_below_what_runs_can_tell_is_raised() -> None:
    advice = raced(made_race(margin=0.1), made_results(0)).advice()
    assert advice.margin_asked == 0.1
    assert advice.margin == pytest.approx(1.4 * advice.run_sd)


def test_a_block_of_one_run_decides_nothing() -> None:
    for seed in range(20):
        advice = raced(made_race(full_runs=30.0), made_results(seed, spread=1.5)).advice()
        sizes = np.bincount([block for block, _ in full_trials(advice)] or [0, 0])
        assert min(sizes) >= 2


def test_noisy_runs_are_noticed() -> None:
    def noisy(seed: int) -> Result:
        def result(trial: Trial) -> float:
            more = 3.0 * noise(f"more {seed} {trial.activation} {trial.seed} {trial.is_full}")
            return float(made_results(seed)(trial) or 0) + more

        return result

    options: Any = {"full_runs": 15.0, "use_stopping": False}
    for seed in range(5):
        quiet = raced(made_race(**options), made_results(seed)).advice()
        loud = raced(made_race(**options), noisy(seed)).advice()
        assert loud.run_sd > 1.5 * quiet.run_sd


def test_a_stuck_run_does_not_pass_for_noise() -> None:
    def stuck(trial: Trial) -> float:
        return 10.0 if trial.activation == "silu" else float(made_results(0)(trial) or 0)

    advice = raced(made_race(), stuck).advice()
    plain = raced(made_race(), made_results(0)).advice()
    assert advice.activation == plain.activation
    assert advice.run_sd < 1.5 * plain.run_sd
    assert advice.outlooks[-1].activation == "silu"
    assert advice.outlooks[-1].p_best < 0.01
    assert (advice.far_below, plain.far_below) == ({"silu": 10.0}, {})


def test_the_gain_over_an_incumbent_that_is_stuck_is_said_to_be_at_least_so_large() -> None:
    def stuck(trial: Trial) -> float:
        return 10.0 if trial.activation == "relu" else float(made_results(0)(trial) or 0)

    advice = raced(made_race(), stuck).advice()
    gain = advice.gain_over_incumbent
    assert gain is not None and advice.best_value is not None
    assert gain.upper < advice.best_value - 10.0
    assert f"Over relu: at least +{gain.lower:.1f} points." in str(advice)
    assert "in a run: relu (10.0 %)" in str(advice)


def test_a_candidate_that_diverges_is_dropped() -> None:
    def later(trial: Trial) -> float | None:
        if trial.activation == "elu":
            return None if trial.is_full else 75.0
        return made_results(0)(trial)

    advice = raced(made_race(use_stopping=False), later).advice()
    assert advice.diverged == ("elu",)
    assert advice.activation != "elu" and "elu" not in advice.not_told_apart
    assert [name for _, name in full_trials(advice)].count("elu") == 1


def test_what_is_left_alone_is_picked_and_nothing_if_all_diverge() -> None:
    alone = raced(made_race(), made_results(0, diverging=SIX[1:])).advice()
    assert (alone.activation, alone.limit, alone.why_stopped) == ("relu", 0.0, "alone")
    nothing = raced(made_race(), made_results(0, diverging=SIX)).advice()
    assert (nothing.activation, nothing.limit, nothing.why_stopped) == (None, None, "diverged")
    assert nothing.diverged == SIX


def test_a_prior_is_shown_beside_the_pick_and_changes_nothing() -> None:
    plain = raced(made_race(), made_results(4)).advice()
    asked = raced(made_race(prior=True), made_results(4)).advice()
    assert plain.prior_pick is None and asked.prior_pick in SIX
    assert {**asked.to_dict(), "prior_pick": None} == plain.to_dict()


def test_a_case_of_no_known_family_has_wider_limits() -> None:
    options: Any = {"use_stopping": False, "incumbent_place": False, "full_runs": 4.0}
    known = raced(made_race(**options, widened=False), made_results(0)).advice()
    wide = raced(made_race(**options), made_results(0)).advice()
    assert 1.1 < (wide.limit or 0) / (known.limit or 1) < 1.7


def test_forty_candidates_are_raced_within_a_third_of_their_grid() -> None:
    names = [f"a{place}" for place in range(40)]
    advice = raced(made_race(names, incumbent="a7"), made_results(0)).advice()
    assert advice.spent <= advice.budget == 40
    assert advice.num_candidates == 40
    assert advice.activation in advice.not_told_apart
    truth = {name: noise(f"0 {name}") for name in names}
    assert max(truth.values()) - truth[str(advice.activation)] <= (advice.limit or 0)


def test_more_runs_are_expected_to_narrow_the_limit() -> None:
    advice = raced(made_race(full_runs=4.0), made_results(0)).advice()
    assert [row.full_runs for row in advice.further] == [2, 4, 8]
    limits = [advice.limit or 0, *(row.limit for row in advice.further)]
    assert limits == sorted(limits, reverse=True)
