"""What is tried of a plan, and what follows from the tries: without training anything."""

from pathlib import Path
from typing import Any

import pytest

from actwise.spec import ObserveSpec, PlannedRun
from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.plan import estimate
from actwise.sweep.tries import (
    Calibration,
    CellRate,
    CompileAdvice,
    CompileTimes,
    ModelAdvice,
    advise_on_compiling,
    measure,
)
from actwise.sweep.tries.tries import Measured, Pace, TrialError, pace
from actwise.sweep.worker import Assignment, PutBack, Tried, make_assignment
from made.plans import describe
from made.played import Clock, PlayedExecutor
from made.sweeps import small_study

INLINE = RunOptions(executor="inline")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("actwise.sweep.tries.tries.time", clock)
    return clock


@pytest.fixture
def executor(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> PlayedExecutor:
    executor = PlayedExecutor(clock)

    def make(*_: object, workers: int) -> PlayedExecutor:
        executor.num_slots = workers
        return executor

    monkeypatch.setattr("actwise.sweep.tries.tries.make_executor", make)
    return executor


def asked(run: PlannedRun, *, batches: int, seconds: float) -> Assignment:
    observe = ObserveSpec()
    return make_assignment(run, observe=observe, max_batches=batches, timed_seconds=seconds)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_every_run_is_tried_on_every_worker_once_all_are_ready(
    workers: int, executor: PlayedExecutor, clock: Clock
) -> None:
    def tries(assignment: Assignment) -> Tried:
        clock.now += 5.0
        if not assignment.max_batches:
            return Tried(run_id=assignment.run_id)
        return Tried(run_id=assignment.run_id, loss=2.0, images_per_second=clock.now)

    executor.otherwise = tries
    first, second = make_plan(small_study(seeds=(0,)), describe).distinct_runs
    heard: list[tuple[int, int]] = []
    found = measure(
        [first, second, first], INLINE, workers=workers, on_tried=lambda *n: heard.append(n)
    )
    turns = [first, second, first]
    assert executor.taken == [
        *[asked(first, batches=0, seconds=0.0)] * workers,
        *(asked(run, batches=3, seconds=0.5) for run in turns for _ in range(workers)),
    ]
    assert heard == [(number + 1, 3 * workers) for number in range(3 * workers)]
    trials: dict[str, list[Tried]] = {first.run_id: [], second.run_id: []}
    for number, run in enumerate([run for run in turns for _ in range(workers)]):
        speed = 1000.0 + 5.0 * (workers + number + 1)
        trials[run.run_id].append(Tried(run_id=run.run_id, loss=2.0, images_per_second=speed))
    assert found == Measured(trials, 5.0 * workers)


def test_the_pace_of_a_run_is_the_median_of_its_tries() -> None:
    seen = [(90.0, 3.0), (None, 2.0), (110.0, None), (400.0, 50.0)]
    trials = [Tried(run_id="a", images_per_second=s, before_seconds=b) for s, b in seen]
    assert pace(trials) == Pace(110.0, 2.5)
    with pytest.raises(TrialError) as refusal:
        pace(trials[1:2])
    assert str(refusal.value) == "diverges in its first batch and cannot be timed"


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is here, and is not called."""
    path = tmp_path / "compiler"
    path.touch(mode=0o755)
    monkeypatch.setenv("CXX", str(path))
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "1")


def planned(**changes: Any) -> tuple[Plan, Calibration]:
    """Runs of 512,000 images in training and as many as 600,000 in all; three are short."""
    study = small_study(model=("convnet", "mlp"), seeds=(0,), epochs=2000, **changes)
    plan = make_plan(study, describe)
    rates = [
        CellRate(
            label=run.settings["model"],
            images_per_second=50.0,
            before_seconds=1.0,
            peak_memory_bytes=None,
            device_memory_bytes=None,
            seconds_per_run=12001.0 if run.spec.model == "convnet" else 119.0,
        )
        for run in plan.distinct_cells
    ]
    return plan, Calibration(estimate(plan, workers=2), tuple(rates), "cpu")


CELL = {"model": "convnet", "width": 0.125, "regularization": "bn+dropout(0.1)+aug"}
NOTES = ("not tried for runs under 120 s: mlp at width 0.125",)


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize(
    ("compiled_before", "seconds", "is_recommended"),
    # 2,560 of 6,001 s are saved, of which 5 % must be left.
    [(13.0, 12.0, True), (2260.9, 2259.9, True), (2261.0, 2260.0, False), (0.5, 0.0, True)],
)
def test_compiling_is_recommended_where_it_saves_more_than_it_takes(
    compiled_before: float, seconds: float, is_recommended: bool, executor: PlayedExecutor
) -> None:
    def tries(assignment: Assignment) -> Tried:
        is_compiled = assignment.spec.train.compile
        nth = sum(other == assignment for other in executor.taken)
        return Tried(
            run_id=assignment.run_id,
            images_per_second=200.0 if is_compiled else 100.0,
            before_seconds=compiled_before * (nth == 2) if is_compiled else 1.0,
        )

    executor.otherwise = tries
    plan, calibration = planned()
    advice = advise_on_compiling(plan, calibration, INLINE)
    eager = plan.distinct_cells[0]
    (compiled, *_) = make_plan(
        small_study(model=("convnet",), seeds=(0,), epochs=2000, compile=True), describe
    ).distinct_cells
    assert executor.taken == [
        *[asked(eager, batches=0, seconds=0.0)] * 2,
        *[asked(r, batches=6, seconds=0.5) for r in (eager, compiled) * 2 for _ in range(2)],
    ]
    times = CompileTimes(
        images_per_second=100.0,
        seconds_per_run=6001.0,
        compiled_images_per_second=200.0,
        compile_seconds=pytest.approx(seconds),
        compiled_seconds_per_run=pytest.approx(6001.0 + seconds - 2560.0),
        is_recommended=is_recommended,
    )
    assert advice == CompileAdvice((ModelAdvice(**CELL, activation="relu", times=times),), NOTES)


@pytest.mark.usefixtures("compiler")
@pytest.mark.parametrize(
    ("comes", "problem"),
    [
        (
            {"traceback": "Traceback (most recent call last):\n  ...\nValueError: no room\n"},
            "cannot be trained: ValueError: no room",
        ),
        ({"reason": "killed", "is_accident": True}, "cannot be trained: killed"),
        ({}, "diverges in its first batch and cannot be timed"),
    ],
)
def test_a_model_that_cannot_be_tried_compiled_is_told_with_the_reason(
    comes: dict[str, Any], problem: str, executor: PlayedExecutor
) -> None:
    def tries(assignment: Assignment) -> Tried | PutBack:
        run_id = assignment.run_id
        if not assignment.spec.train.compile:
            return Tried(run_id=run_id, images_per_second=100.0, before_seconds=1.0)
        kind = PutBack if "reason" in comes else Tried
        return kind(run_id=run_id, **comes)

    executor.otherwise = tries
    plan, calibration = planned()
    advice = advise_on_compiling(plan, calibration, INLINE, shortest_run_seconds=120.0)
    run_id = next(a.run_id for a in executor.taken if a.spec.train.compile)
    told = f"run {run_id} {problem}" if comes else problem
    assert advice == CompileAdvice((ModelAdvice(**CELL, activation="relu", problem=told),), NOTES)
