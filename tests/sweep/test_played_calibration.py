"""What a plan costs by its tries: the arithmetic, from tries that were thought up."""

import sys
from typing import Any

import pytest

from actwise.spec import parse_study
from actwise.sweep import Plan, RunOptions, make_plan
from actwise.sweep.plan import estimate
from actwise.sweep.tries import Calibration, CellRate, calibrate
from actwise.sweep.tries.tries import TrialError
from actwise.sweep.worker import Assignment, Tried
from made.plans import describe
from made.played import Clock, PlayedExecutor
from made.sweeps import study_values

TWO = RunOptions(workers=2)
BEFORE, PER_SECOND = 2.0, 200.0
"""Medians of what the tries of a run say."""


@pytest.fixture
def executor(monkeypatch: pytest.MonkeyPatch) -> PlayedExecutor:
    """Whose tries take 5 s each, and tell two speeds by turns."""
    clock = Clock()
    executor = PlayedExecutor(clock)

    def make(*_: object, workers: int) -> PlayedExecutor:
        executor.num_slots = workers
        return executor

    told = [(100.0, 1.0), (300.0, 3.0)]

    def played(assignment: Assignment) -> Tried:
        clock.now += 5.0
        run_id = assignment.run_id
        if not assignment.max_batches:
            return Tried(run_id=run_id)
        told.reverse()
        speed, before = told[-1]
        return Tried(run_id=run_id, images_per_second=speed, before_seconds=before)

    executor.otherwise = played
    monkeypatch.setattr("actwise.sweep.tries.tries.time", clock)
    monkeypatch.setattr("actwise.sweep.tries.tries.make_executor", make)
    module = sys.modules["actwise.sweep.tries.calibrate"]
    monkeypatch.setattr(module, "check_machine", lambda *_: "cpu")
    return executor


def remembers(executor: PlayedExecutor, **of: list[int | None]) -> None:
    """Let the tries of a cell tell of memory, one after the other."""
    tries = executor.otherwise
    left = {name: [*values] for name, values in of.items()}

    def played(assignment: Assignment) -> Any:
        tried = tries(assignment)
        assert isinstance(tried, Tried)
        if not assignment.max_batches:
            return tried
        return tried.model_copy(update={name: values.pop(0) for name, values in left.items()})

    executor.otherwise = played


def plan_of(*, seeds: tuple[int, ...] = (0,), epochs: list[int], **train: Any) -> Plan:
    """Runs of 256 images an epoch, with 300 test images that count a third."""
    values = study_values(activation=("relu",), seeds=seeds, **train)
    values["factors"] |= {"train.epochs": epochs}
    return make_plan(parse_study(values, source="test"), describe)


def test_a_plan_takes_what_its_runs_take_and_what_workers_take_to_get_ready(
    executor: PlayedExecutor,
) -> None:
    plan = plan_of(epochs=[2, 6, 4], seeds=(0, 1))
    found = calibrate(plan, TWO)
    seconds = [BEFORE + (epochs * 256 + 100) / PER_SECOND for epochs in (2, 6, 4)]
    assert found.device == "cpu"
    assert found.cells == tuple(
        CellRate(
            label=f"epochs={epochs} seed 0",
            images_per_second=PER_SECOND,
            before_seconds=BEFORE,
            peak_memory_bytes=None,
            device_memory_bytes=None,
            seconds_per_run=pytest.approx(of_one),
        )
        for epochs, of_one in zip((2, 6, 4), seconds, strict=True)
    )
    # Longest first in each seed: one worker has the long ones, the other all others.
    short, _, middle = seconds
    busy = middle + short + middle + short
    assert found.estimate.seconds == pytest.approx(2 * 5.0 + busy)
    assert (found.estimate.workers, found.estimate.is_measured) == (2, True)
    arithmetic = estimate(plan, workers=2)
    assert found.estimate.memory_bytes == arithmetic.memory_bytes == 4000
    basis = "measured: some steps of every network with all workers busy"
    assert found.estimate.basis == basis
    assert found.cells[1].step_seconds == pytest.approx((6 * 256 + 100) / PER_SECOND)


def test_the_longest_of_the_runs_that_go_at_one_speed_is_tried(executor: PlayedExecutor) -> None:
    plan = plan_of(epochs=[2, 6, 4])
    calibrate(plan, TWO)
    tried = {assignment.spec.train.epochs for assignment in executor.taken}
    assert tried == {6}
    assert len(executor.taken) == 4


def test_the_most_memory_of_all_tries_counts(executor: PlayedExecutor) -> None:
    peaks: list[int | None] = [None, 30_000, 20_000, 10_000]
    remembers(executor, peak_memory_bytes=peaks, device_memory_bytes=[None, None, 70, 90])
    plan = plan_of(epochs=[2], batch_size=64)
    values = plan.study.model_dump()
    values["factors"]["activation"] = ("relu", "elu")
    both = make_plan(type(plan.study).model_validate(values), describe)
    found = calibrate(both, TWO)
    assert [cell.peak_memory_bytes for cell in found.cells] == [30_000, 20_000]
    assert [cell.device_memory_bytes for cell in found.cells] == [None, 90]
    assert found.estimate.memory_bytes == 30_000
    assert found.estimate.device_memory_bytes == 90


def test_what_compiles_counts_with_the_memory_of_its_run(
    executor: PlayedExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHINDUCTOR_COMPILE_THREADS", "2")
    remembers(executor, peak_memory_bytes=[30_000, 10_000])
    found = calibrate(plan_of(epochs=[2], compile=True), TWO)
    assert found.cells[0].peak_memory_bytes == 30_000
    assert found.estimate.memory_bytes == 30_000 + 2 * 200 * 2**20


@pytest.mark.parametrize(
    ("epochs", "is_short"), [([1], True), ([2], False), ([8, 1], True), ([2, 8], False)]
)
def test_a_plan_with_runs_of_a_few_steps_is_timed_with_a_caution(
    epochs: list[int], is_short: bool, executor: PlayedExecutor
) -> None:
    found = calibrate(plan_of(epochs=epochs), TWO)
    said = "; runs of fewer than 5 steps are too short to be timed well"
    assert found.estimate.basis.endswith(said) is is_short


def test_five_steps_are_enough(executor: PlayedExecutor) -> None:
    found = calibrate(plan_of(epochs=[1], train_size=320), TWO)
    assert "too short" not in found.estimate.basis


def test_a_cell_that_diverges_at_once_is_named(executor: PlayedExecutor) -> None:
    executor.otherwise = lambda assignment: Tried(run_id=assignment.run_id)
    with pytest.raises(TrialError) as refusal:
        calibrate(plan_of(epochs=[2, 4]), TWO)
    sentence = "run epochs=2 seed 0 diverges in its first batch and cannot be timed"
    assert str(refusal.value) == sentence


def test_it_is_heard_how_many_tries_are_done(executor: PlayedExecutor) -> None:
    heard: list[tuple[int, int]] = []
    calibrate(plan_of(epochs=[2], seeds=(0, 1)), TWO, on_tried=lambda *counts: heard.append(counts))
    assert heard == [(1, 2), (2, 2)]


def test_a_calibration_is_written_as_json(executor: PlayedExecutor) -> None:
    found = calibrate(plan_of(epochs=[2]), TWO)
    assert isinstance(found, Calibration)
    values = found.to_json()
    assert [*values] == ["estimate", "cells"]
    assert values["estimate"] == found.estimate.to_json()
    assert [cell["label"] for cell in values["cells"]] == ["convnet relu seed 0"]
