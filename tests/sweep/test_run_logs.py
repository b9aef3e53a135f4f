"""What the log of a run says of an attempt: how it began, how it ended, what was not used."""

import re
from pathlib import Path

import pytest

from actwise.models import make_describe
from actwise.spec import ObserveSpec, PlannedRun
from actwise.sweep import make_plan
from actwise.sweep.worker import (
    Done,
    PutBack,
    Result,
    Setup,
    Tried,
    attempt_run,
    make_assignment,
)
from made.sweeps import small_study


def planned(*, learning_rate: float = 0.05) -> PlannedRun:
    """Two batches of 32 images."""
    study = small_study(
        model=("mlp",),
        regularization=("bn",),
        activation=("relu",),
        seeds=(0,),
        epochs=1,
        train_size=64,
        batch_size=32,
        learning_rate=learning_rate,
    )
    (run,) = make_plan(study, make_describe(None)).runs
    return run


def attempt(
    run: PlannedRun, setup: Setup, *, max_batches: int | None = None, is_stopped: bool = False
) -> Result:
    asked = make_assignment(run, token=7, observe=ObserveSpec(), max_batches=max_batches)
    return attempt_run(
        asked, setup, should_stop=lambda: is_stopped, on_progress=lambda progress: None
    )


def log_of(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Its lines, without their times."""
    lines = capsys.readouterr().err.splitlines()
    times = [re.match(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] ", line) for line in lines]
    return [line[found.end() :] for line, found in zip(lines, times, strict=True) if found]


def test_a_log_tells_what_was_trained_under_which_lease_and_how_that_ended(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned()
    result = attempt(run, setup)
    assert isinstance(result, Done)
    begins, ends = log_of(capsys)
    settings = run.spec.model_dump_json(exclude_defaults=True)
    assert begins == f"run {run.run_id} begins, lease 7: {settings}"
    assert '"learning_rate":0.05' in settings and '"momentum"' not in settings
    assert ends == f"run {run.run_id} ends: finished"


def test_a_run_that_diverges_ends_as_that(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    run = planned(learning_rate=1e30)
    result = attempt(run, setup)
    assert isinstance(result, Done) and result.record.status == "diverged"
    assert log_of(capsys)[-1] == f"run {run.run_id} ends: diverged"


def test_a_run_that_is_stopped_says_that_it_has_a_checkpoint(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned()
    result = attempt(run, setup, is_stopped=True)
    reason = "stopped with a checkpoint"
    assert result == PutBack(run_id=run.run_id, reason=reason, is_accident=False)
    assert log_of(capsys)[-1] == f"run {run.run_id} ends: {reason}"
    (checkpoint,) = Path(setup.checkpoints).iterdir()
    assert checkpoint.name == f"{run.run_id}.7.0.ckpt"


def test_a_checkpoint_that_was_not_used_is_named_with_its_fault(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned()
    name = f"{run.run_id}.3.5.ckpt"
    Path(setup.checkpoints, name).write_bytes(b"no checkpoint")
    assert isinstance(attempt(run, setup), Done)
    _, refused, _ = log_of(capsys)
    assert refused == f"a checkpoint was not used: {name} is damaged"


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_try_keeps_nothing_and_ends_as_one(
    batches: int, setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned()
    tried = attempt(run, setup, max_batches=batches)
    assert isinstance(tried, Tried)
    assert log_of(capsys)[-1] == f"run {run.run_id} ends: tried"
    assert (tried.loss is None, tried.images_per_second is None) == (not batches, not batches)
    assert tried.before_seconds is not None and tried.before_seconds > 0
    assert (tried.traceback, tried.device_memory_bytes) == (None, None)
    assert not [*Path(setup.checkpoints).iterdir()]
    assert not [*Path(setup.weights).iterdir()]


def test_a_store_that_cannot_be_written_is_an_accident_whose_trace_is_logged(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    run = planned()
    Path(setup.checkpoints).rmdir()
    result = attempt(run, setup)
    assert isinstance(result, PutBack) and result.is_accident
    assert result.reason.startswith(f"checkpoints of run {run.run_id} in ")
    said = capsys.readouterr().err
    assert "Traceback (most recent call last):" in said
    assert said.endswith(f"] run {run.run_id} ends: {result.reason}\n")
