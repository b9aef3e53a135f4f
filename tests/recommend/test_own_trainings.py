"""A training of the user's own is raced: by its own response, and with its own faults."""

from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError
from actwise.recommend import RaceFailedError
from actwise.sweep.run import run
from actwise.sweep.watch import RunEnded, RunPutBack, RunStarted, SweepEnded
from made.races import TWO, race
from made.sweeps import Listener

OWN: dict[str, Any] = {"data": None, "candidates": None, "overrides": ()}


def task(function: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": "own",
        "task": {"train": f"made.races_in_tasks:{function}", "unit": "percent", **settings},
        "factors": {"activation": [*TWO]},
    }


LESS = {"response": "error_rate", "higher_is_better": False}


def test_a_failed_training_ends_the_race_with_a_sentence(tmp_path: Path) -> None:
    study = task("raises")
    with pytest.raises(RaceFailedError, match=r"no advice: relu .* failed: ValueError: on purpose"):
        race(tmp_path / "store", study, **OWN)
    with pytest.raises(RaceFailedError, match="--retry-failed tries it again"):
        race(tmp_path / "store", study, **OWN)


def test_a_failure_is_named_by_its_exception_whatever_stands_below(tmp_path: Path) -> None:
    with pytest.raises(RaceFailedError, match="failed: ValueError: too large;"):
        race(tmp_path / "store", task("says_more"), **OWN)


def test_a_training_that_only_met_accidents_is_counted_as_put_back(tmp_path: Path) -> None:
    heard = Listener()
    with pytest.raises(RaceFailedError, match="ended again and again: out of memory"):
        race(tmp_path / "store", task("too_large"), max_attempts=1, progress=heard, **OWN)
    (ended,) = heard.of(SweepEnded)
    assert (ended.left, ended.put_back, ended.exit_code) == (1, 1, 1)


def test_a_training_of_one_s_own_gets_its_length_and_its_fold(tmp_path: Path) -> None:
    advice = race(tmp_path / "store", task("scores"), budget="1runs", **OWN)
    assert [told.value for told in advice.trials] == [52.0, 55.0]
    assert (advice.activation, advice.apply) == ("elu", 'aw.TaskActivation("elu")')
    (promise,) = advice.notes
    assert "is the promise of made.races_in_tasks:scores" in promise


def test_an_error_rate_is_better_where_it_is_lower(tmp_path: Path) -> None:
    study = task("errors", **LESS)
    advice = race(tmp_path / "store", study, budget="1runs", **OWN)
    assert advice.activation == "elu"
    assert [told.value for told in advice.trials] == pytest.approx([100 - 95 / 3, 100 - 65 / 3])
    assert "takes no fold: runs of a block are paired by their seed alone" in advice.notes[1]


@pytest.mark.parametrize(
    ("function", "settings"),
    [("lost", {}), ("all_wrong", LESS)],
)
def test_a_training_of_one_s_own_that_learned_nothing_is_dropped(
    function: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    advice = race(tmp_path / "store", task(function, **settings), budget="1runs", **OWN)
    assert (advice.activation, advice.diverged) == ("elu", ("relu",))


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        ("fractions", r"relu .* accuracy=0\.93, and .* in percent .* give 100 \* accuracy back"),
        ("now_and_then_fractions", r"elu .* accuracy=0\.91, and .* 100 \* accuracy back"),
        ("wrong_fractions", r"error_rate=0\.07, and no training more than 1, .* 100 \* error_rate"),
        ("points", r'accuracy=250, which is no percentage: with unit = "percent" task\.response'),
        ("below", "accuracy=-3, which is no percentage"),
    ],
)
def test_a_response_that_is_no_percentage_ends_the_race_with_a_sentence(
    function: str, complaint: str, tmp_path: Path
) -> None:
    study = task(function, **LESS if "wrong" in function else {})
    # A run of a study with another unit is the same run, and nobody looked at its range.
    plain = {**study["task"], "unit": "none", "settings": {"epochs": 3}}
    run(study | {"task": plain}, tmp_path / "store", executor="inline", device="cpu")
    for _ in range(2):
        with pytest.raises(RaceFailedError, match=complaint):
            race(tmp_path / "store", study, budget="1runs", **OWN)


def test_a_run_that_has_another_number_is_named_with_those_it_has(tmp_path: Path) -> None:
    race(tmp_path / "store", task("errors", **LESS), budget="1runs", **OWN)
    renamed = task("errors", **LESS | {"response": "top1_error"})
    with pytest.raises(RaceFailedError, match=r"no number 'top1_error': .* gave back error_rate;"):
        race(tmp_path / "store", renamed, budget="1runs", **OWN)


def test_a_training_that_met_an_accident_is_tried_again_before_all_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    heard = Listener()
    study = task("at_first_too_large")
    advice = race(tmp_path / "store", study, budget="1runs", max_attempts=2, progress=heard, **OWN)
    first, second = advice.run_ids
    kinds = (RunStarted, RunPutBack, RunEnded)
    found = [(type(e), e.run_id) for e in heard.events if isinstance(e, kinds)]
    assert found == [
        (kind, run_id)
        for run_id in (first, second)
        for kind in (RunStarted, RunPutBack, RunStarted, RunEnded)
    ]
    put_back = [(e.reason, e.is_given_up, e.attempts) for e in heard.of(RunPutBack)]
    assert put_back == [("out of memory: MemoryError", False, 1)] * 2
    assert [told.value for told in advice.trials] == [50.0, 60.0]


def test_a_failed_training_is_tried_again_only_if_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def ends(**options: Any) -> str:
        heard = Listener()
        with pytest.raises(RaceFailedError) as failure:
            study = task("at_first_wrong")
            race(Path("store"), study, budget="1runs", progress=heard, **options, **OWN)
        said.append([event.label for event in heard.of(RunStarted)])
        return str(failure.value)

    said: list[list[str]] = []
    first, again, second = ends(), ends(), ends(retry_failed=True)
    assert first == again
    (relu,), none, (_, elu) = said
    assert (relu.partition(" ")[0], none, elu.partition(" ")[0]) == ("relu", [], "elu")
    for sentence, label in ((first, relu), (second, elu)):
        told, _, hint = sentence.partition("; `actwise show run ")
        assert told == f"no advice: {label} failed: ValueError: on purpose"
        assert hint[20:] == (" --store store` has its traceback, and --retry-failed tries it again")
    study = task("at_first_wrong")
    advice = race(Path("store"), study, budget="1runs", retry_failed=True, **OWN)
    assert [told.value for told in advice.trials] == [50.0, 60.0]


def test_a_duration_is_no_budget_of_a_training_of_one_s_own(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as refusal:
        race(tmp_path / "store", task("scores"), budget="30m", **OWN)
    assert str(refusal.value) == (
        "budget 30m: how long a training of your own takes is not known; write a number of full "
        "trainings such as 7runs, or a percentage"
    )
    assert list(tmp_path.iterdir()) == []
