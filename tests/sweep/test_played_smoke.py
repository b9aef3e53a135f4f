"""What a smoke test says of a study: from tries that were thought up."""

import sys
from collections.abc import Callable
from contextlib import nullcontext
from math import inf
from typing import Any

import pytest

from actwise.sweep import RunOptions
from actwise.sweep.tries import SmokeReport, SmokeResult, smoke
from actwise.sweep.worker import Assignment, PutBack, Tried
from made.plans import describe
from made.played import Clock, PlayedExecutor
from made.sweeps import small_study

Said = dict[str, Any]


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> PlayedExecutor:
    executor = PlayedExecutor(Clock())

    def make(*_: object, workers: int) -> PlayedExecutor:
        executor.num_slots = workers
        return executor

    monkeypatch.setattr("actwise.sweep.tries.tries.make_executor", make)
    module = sys.modules["actwise.sweep.tries.smoke"]
    monkeypatch.setattr(module, "check_machine", lambda *_: "cpu")
    monkeypatch.setattr(module, "Describer", lambda *_, **__: nullcontext(describe))
    return executor


def comes(**by_activation: Said) -> Callable[[Assignment], Tried | PutBack]:
    """What comes of the try of each activation."""

    def play(assignment: Assignment) -> Tried | PutBack:
        said = by_activation[assignment.spec.activation]
        kind = PutBack if "is_accident" in said else Tried
        return kind(run_id=assignment.run_id, **said)

    return play


PASSED: Said = {"loss": 2.0}
DIVERGED: Said = {"loss": inf}
FAILED: Said = {"traceback": "Traceback ...\nValueError: no\n"}
ACCIDENT: Said = {"reason": "out of memory", "is_accident": True}
STOPPED: Said = {"reason": "stopped", "is_accident": False}


def smoked(*said: Said, executor: PlayedExecutor, **options: Any) -> SmokeReport:
    activations = ("relu", "elu", "tanh")[: len(said)]
    executor.otherwise = comes(**dict(zip(activations, said, strict=True)))
    return smoke(small_study(activation=activations), options=RunOptions(**options))


@pytest.mark.parametrize(
    ("said", "statuses", "exit_code"),
    [
        ((PASSED, PASSED), ["passed", "passed"], 0),
        ((PASSED, DIVERGED), ["passed", "diverged"], 0),
        ((FAILED, PASSED), ["failed", "passed"], 1),
        ((PASSED, ACCIDENT), ["passed", "accident"], 1),
        ((PASSED, STOPPED, PASSED), ["passed", "passed"], 1),
        (({"loss": None},), ["passed"], 0),
    ],
)
def test_a_command_ends_by_what_came_of_its_cells(
    said: tuple[Said, ...], statuses: list[str], exit_code: int, executor: PlayedExecutor
) -> None:
    report = smoked(*said, executor=executor)
    assert [result.status for result in report.results] == statuses
    assert (report.num_cells, report.exit_code) == (len(said), exit_code)


def test_every_cell_is_told_with_what_came_of_it(executor: PlayedExecutor) -> None:
    executor.otherwise = comes(relu=DIVERGED, elu=FAILED, tanh=ACCIDENT)
    heard: list[SmokeResult] = []
    study = small_study(activation=("relu", "elu", "tanh"), seeds=(3, 4))
    report = smoke(study, on_result=heard.append)
    ids = [assignment.run_id for assignment in executor.taken]
    assert [assignment.spec.seed for assignment in executor.taken] == [3, 3, 3]
    assert {assignment.max_batches for assignment in executor.taken} == {2}
    relu, elu, tanh = (f"{name} seed 3" for name in ("relu", "elu", "tanh"))
    assert report.results == (
        SmokeResult(run_id=ids[0], label=relu, status="diverged", loss=inf),
        SmokeResult(run_id=ids[1], label=elu, status="failed", reason=FAILED["traceback"]),
        SmokeResult(run_id=ids[2], label=tanh, status="accident", reason="out of memory"),
    )
    assert heard == [*report.results]
    assert [result.to_json()["loss"] for result in report.results] == [None, None, None]


def test_a_loss_is_written_as_it_is(executor: PlayedExecutor) -> None:
    (result,) = smoked(PASSED, executor=executor).results
    assert result.to_json() == {
        "run_id": result.run_id,
        "label": "convnet relu seed 0",
        "status": "passed",
        "loss": 2.0,
        "reason": "",
    }


def test_a_time_that_is_over_before_the_first_cell_is_told_by_the_exit_code(
    executor: PlayedExecutor,
) -> None:
    report = smoked(PASSED, PASSED, executor=executor, time_limit_seconds=1e-9)
    assert report == SmokeReport((), 2, 4)


def test_a_time_that_is_over_after_the_last_cell_is_none_of_its_business(
    executor: PlayedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr("actwise.sweep.executors.stopping.time", clock)

    def passes_late(assignment: Assignment) -> Tried:
        clock.now += 60.0
        return Tried(run_id=assignment.run_id, loss=2.0)

    executor.otherwise = passes_late
    study = small_study(activation=("relu", "elu"))
    options = {"executor": "inline", "time_limit_seconds": 90.0}
    report = smoke(study, options=RunOptions(**options))
    assert (len(report.results), report.exit_code) == (2, 0)
