"""What a driver says of runs under way: how far they are, and how long all will take."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.store.records import RunRecord, pack_metrics
from actwise.sweep.watch import RunEnded, RunProgress, RunStarted
from actwise.sweep.worker import Assignment, Done
from made.played import (
    AWAY,
    Stage,
    Step,
    advances,
    diverges,
    fails,
    finishes,
    meets,
    name_of,
)
from made.runs import made_record
from made.sweeps import small_study
from made.tasks import task_study

FIRST, SECOND = "relu seed 0", "elu seed 0"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """Two runs."""
    with Stage(monkeypatch, tmp_path / "store", small_study(seeds=(0,))) as stage:
        yield stage


def later(stage: Stage, step: Step, seconds: float = 10.0) -> Step:
    """After so long."""

    def after(assignment: Assignment) -> Any:
        stage.clock.now += seconds
        return step(assignment)

    return after


def test_progress_is_told_with_the_time_that_the_whole_sweep_has_left(stage: Stage) -> None:
    stage.executor.plays = {
        FIRST: [[advances(1, 2), later(stage, advances(1, 4, loss=None)), finishes]],
        SECOND: [[later(stage, advances(2, 3, images_per_second=None)), finishes]],
    }
    stage.sweep()
    of_both = {"epochs": 2, "batches": 4, "is_compiling": False, "metrics": {}}
    first, second = stage.of(FIRST) | of_both, stage.of(SECOND) | of_both
    assert stage.listener.of(RunProgress) == [
        RunProgress(
            **first, epoch=1, batch=2, loss=0.5, images_per_second=100.0, seconds_left=None
        ),
        # A quarter of a run in 10 s, and one and a half are left.
        RunProgress(
            **first, epoch=1, batch=4, loss=None, images_per_second=100.0, seconds_left=60.0
        ),
        # Three quarters in 20 s, for where the second was taken up counts as done before.
        RunProgress(
            **second,
            epoch=2,
            batch=3,
            loss=0.5,
            images_per_second=None,
            seconds_left=pytest.approx(0.125 * 20 / 0.75),
        ),
    ]


ONCE_MORE: list[Step] = [advances(1, 2), finishes]


@pytest.mark.parametrize(
    ("ends", "max_attempts", "seconds"),
    [
        # Of the first run three quarters are done, and half of the second is left.
        (finishes, 3, 0.5 * 20 / (0.75 + 0.25)),
        (diverges, 3, 0.5 * 20 / (0.75 + 0.25)),
        (fails, 3, 0.5 * 20 / (0.75 + 0.25)),
        # Nothing came of it, and it is left as a whole, or is left alone.
        (meets("an accident"), 3, (0.5 + 1) * 20 / 0.25),
        (meets("an accident"), 1, 0.5 * 20 / 0.25),
    ],
)
def test_how_a_run_ended_decides_what_is_left(
    ends: Step, max_attempts: int, seconds: float, stage: Stage
) -> None:
    stage.executor.plays = {
        FIRST: [[advances(1, 2), later(stage, advances(1, 4)), ends], ONCE_MORE],
        SECOND: [[advances(1, 2), later(stage, advances(1, 4)), finishes]],
    }
    stage.sweep(max_attempts=max_attempts)
    told = [event for event in stage.listener.of(RunProgress) if event.label == SECOND]
    assert told[-1].seconds_left == pytest.approx(seconds)


def test_what_ended_elsewhere_is_left_no_more(stage: Stage) -> None:
    (first, second) = stage.holds(AWAY, FIRST, SECOND)
    stage.executor.plays = {SECOND: [[advances(1, 2), later(stage, advances(1, 4)), finishes]]}
    stage.executor.meanwhile = [
        lambda: stage.store.record(first, made_record(first.run_id)),
        lambda: stage.store.release(second),
    ]
    stage.sweep()
    assert [event.seconds_left for event in stage.listener.of(RunProgress)] == [None, 20.0]


def test_a_run_compiles_in_the_first_epoch_of_each_attempt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    study = small_study(activation=("relu",), seeds=(0,), compile=True)
    with Stage(monkeypatch, tmp_path / "compiled", study) as stage:
        stage.ids = {f"convnet {label}": run_id for label, run_id in stage.ids.items()}
        stage.executor.plays = {
            FIRST: [
                [advances(1, 1), advances(1, 4), advances(2, 1), meets("an accident")],
                [advances(2, 1), finishes],
            ]
        }
        stage.sweep()
    said = [
        event.is_compiling
        for event in stage.listener.events
        if isinstance(event, RunStarted | RunProgress)
    ]
    assert said == [True, True, True, False, True, True]


def at(epoch: int, batch: int, speed: float | None) -> Step:
    return advances(epoch, batch, images_per_second=speed)


@pytest.mark.parametrize(
    ("is_compiled", "slow", "is_first"),
    [
        (False, [at(1, 4, 10.0)], True),
        (False, [at(1, 3, 10.0)], False),
        (False, [at(1, 4, None)], False),
        (True, [at(1, 4, 10.0)], False),
        (True, [at(1, 4, 1000.0), at(2, 4, 10.0)], True),
    ],
)
def test_what_is_slow_over_an_epoch_that_was_not_compiled_goes_first_with_the_next_seed(
    is_compiled: bool,
    slow: list[Step],
    is_first: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    with Stage(monkeypatch, tmp_path / "slow", small_study(compile=is_compiled)) as stage:
        fast = [at(1, 4, 100.0), at(2, 4, 100.0), finishes]
        stage.executor.plays = {FIRST: [fast], SECOND: [[*slow, finishes]]}
        stage.sweep()
    taken = [name_of(assignment) for assignment in stage.executor.taken]
    rest = ["relu seed 1", "elu seed 1"]
    assert taken == [FIRST, SECOND, *(reversed(rest) if is_first else rest)]


def test_what_a_training_of_the_users_own_gave_back_is_told(stage: Stage) -> None:
    def gives(assignment: Assignment) -> Done:
        curves = {"score": (0.25, 0.5), "loss": (2.0, None)}
        return Done(
            record=RunRecord(
                run_id=assignment.run_id,
                status="finished",
                probes=pack_metrics(curves),
                train_seconds=2.0,
            )
        )

    unknown = {"epochs": None, "batches": 1, "loss": None, "images_per_second": None}
    stage.executor.plays = {FIRST: [[advances(1, 0, **unknown, metrics={"score": 0.25}), gives]]}
    stage.sweep()
    assert stage.events[1:3] == [
        RunProgress(
            **stage.of(FIRST),
            epoch=1,
            batch=0,
            **unknown,
            seconds_left=None,
            metrics={"score": 0.25},
        ),
        RunEnded(
            **stage.of(FIRST),
            status="finished",
            test_accuracy=None,
            train_seconds=2.0,
            metrics={"score": 0.5, "loss": None},
        ),
    ]


def test_a_worker_is_told_what_must_come_out_of_a_training_of_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Stage(monkeypatch, tmp_path / "own", task_study(seeds=[0])) as stage:
        stage.sweep()
    assert stage.study.task is not None
    assert [assignment.task for assignment in stage.executor.taken] == [stage.study.task] * 2
