"""Tries of runs that are stopped, or end in accidents: an executor is played."""

import signal
from collections.abc import Callable, Generator
from typing import Any

import pytest

from actwise.errors import ActwiseError
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.executors import StoppedError, WorkSource
from actwise.sweep.tries import SmokeResult, measure, smoke
from actwise.sweep.worker import Advanced, Assignment, PutBack, Result, Tried
from made.plans import describe, study
from made.sweeps import small_study

INLINE = RunOptions(executor="inline")
MODULE = "actwise.sweep.tries.tries.make_executor"
Try = Callable[[Assignment, int], Result]


class PlayedExecutor:
    """Answers every assignment as it is told to, by its number too."""

    def __init__(self, answer: Try) -> None:
        self._answer = answer

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        number = 0
        for assignments in work:
            for assignment in assignments or ():
                yield self._answer(assignment, number)
                number += 1


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Callable[[Try], None]:
    def play(answer: Try) -> None:
        monkeypatch.setattr(MODULE, lambda *_, **__: PlayedExecutor(answer))

    return play


def tried(run: Assignment) -> Tried:
    return Tried(run_id=run.run_id, loss=2.5, images_per_second=100.0, before_seconds=1.0)


def stopped(run: Assignment) -> PutBack:
    return PutBack(run_id=run.run_id, reason="stopped", is_accident=False)


def accident(run: Assignment) -> PutBack:
    return PutBack(run_id=run.run_id, reason="out of memory", is_accident=True)


def once_then_interrupted(run: Assignment, number: int) -> Result:
    if number == 1:
        signal.raise_signal(signal.SIGINT)
    return tried(run) if number == 0 else stopped(run)


@pytest.mark.parametrize(
    ("answer", "statuses", "exit_code"),
    [
        (lambda run, number: tried(run), ["passed", "passed"], 0),
        (once_then_interrupted, ["passed"], 130),
        (lambda run, number: stopped(run), [], 1),
        (lambda run, number: accident(run) if number else tried(run), ["passed", "accident"], 1),
    ],
    ids=["all", "interrupted", "left", "accident"],
)
def test_cells_that_smoke_has_not_tried_are_left_out_and_told_by_its_exit_code(
    answer: Try, statuses: list[str], exit_code: int, answers: Callable[[Try], None]
) -> None:
    answers(answer)
    heard: list[SmokeResult] = []
    cells = small_study(model=("mlp",), regularization=("none",), seeds=(0, 1))
    report = smoke(cells, options=INLINE, on_result=heard.append)
    assert [result.status for result in report.results] == statuses
    assert heard == list(report.results)
    assert (report.num_cells, report.exit_code) == (2, exit_code)


def test_a_calibration_that_is_interrupted_ends_with_a_sentence(
    answers: Callable[[Try], None],
) -> None:
    answers(lambda run, number: once_then_interrupted(run, number - 1) if number else tried(run))
    runs = make_plan(study(), describe).distinct_runs[:3]
    heard: list[Any] = []
    with pytest.raises(StoppedError) as end:
        measure(runs, INLINE, workers=1, on_tried=lambda *counts: heard.append(counts))
    assert str(end.value) == "calibration ended: stopped by Ctrl-C"
    assert end.value.exit_code == 130
    assert heard == [(1, 3)]


def test_a_run_that_meets_an_accident_cannot_be_timed(answers: Callable[[Try], None]) -> None:
    answers(lambda run, number: accident(run) if number > 1 else tried(run))
    runs = make_plan(study(), describe).distinct_runs[:3]
    with pytest.raises(ActwiseError) as refusal:
        measure(runs, INLINE, workers=1)
    assert str(refusal.value) == f"run {runs[1].run_id} cannot be trained: out of memory"
