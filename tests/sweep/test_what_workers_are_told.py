"""What workers are told: at their start, of a command, of a run; and how often they speak."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actwise.spec import ObserveSpec
from actwise.store import RunStore
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.executors import Nursery
from actwise.sweep.worker import Advanced, is_told_at_start, make_assignment, make_setup
from actwise.sweep.worker import __main__ as worker
from made.plans import describe, study


@pytest.mark.parametrize(
    ("variable", "is_told"),
    [
        ("ACTWISE_DATA", True),
        ("COLUMNS", True),
        ("LINES", True),
        ("TERM", True),
        ("NO_COLOR", True),
        ("ACTWISE_", False),
        ("MY_ACTWISE_DATA", False),
        ("TERMINAL", False),
        ("XTERM", False),
        ("OMP_NUM_THREADS", False),
    ],
)
def test_a_worker_is_told_what_matters_to_no_process_before_it_works(
    variable: str, is_told: bool
) -> None:
    assert is_told_at_start(variable) is is_told


@pytest.mark.parametrize(
    ("cores", "allowed", "workers", "threads", "cpus"),
    [
        ([0, 2], {0, 1, 2, 3}, 2, 1, (0, 2)),
        ([0, 2], {0, 1, 2, 3}, 1, 2, (0, 2)),
        ([0, 2], {0, 1, 2, 3}, 3, 1, None),
        ([0, 2], {0, 1, 2, 3}, 2, 2, None),
        ([0, 2], {0, 2}, 1, 1, None),
    ],
)
def test_workers_keep_to_one_processor_of_each_core_where_that_is_enough(
    cores: list[int],
    allowed: set[int],
    workers: int,
    threads: int,
    cpus: tuple[int, ...] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actwise.sweep.worker.assignment.physical_cores", lambda: cores)
    monkeypatch.setattr("actwise.sweep.worker.assignment.allowed_cpus", lambda: allowed)
    with RunStore.open(tmp_path / "store", create=True) as store:
        setup = make_setup(store, RunOptions(threads=threads), workers=workers)
        assert setup.cpus == cpus
        ray = RunOptions(threads=threads, executor="ray")
        assert make_setup(store, ray, workers=workers).cpus is None


def test_workers_are_told_the_options_of_their_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    options = RunOptions(
        data_dir=Path("data"),
        device="cpu",
        threads=3,
        checkpoint_seconds=7.0,
        allow_environment_change=True,
    )
    with RunStore.open(tmp_path / "store", create=True) as store:
        setup = make_setup(store, options, workers=1)
        usual = make_setup(store, RunOptions(), workers=1)
        folders = str(store.checkpoints), str(store.weights), str(store.logs)
    assert setup.data_dir == str(tmp_path / "data")
    assert (setup.device, setup.threads) == ("cpu", 3)
    assert (setup.checkpoint_seconds, setup.allow_environment_change) == (7.0, True)
    assert (setup.checkpoints, setup.weights, setup.logs) == folders
    assert usual.data_dir is None
    assert (usual.device, usual.threads, usual.checkpoint_seconds) == ("auto", 1, 30.0)
    assert not usual.allow_environment_change


def test_a_run_is_told_as_planned_and_nothing_beside_it() -> None:
    plan = make_plan(study(), describe)
    # Dropout, which has no place in this network.
    run = next(r for r in plan.runs if r.is_aliased and r.spec.regularization == "bn+dropout")
    told = make_assignment(run, observe=ObserveSpec())
    assert (told.run_id, told.spec.regularization) == (run.run_id, "bn")
    assert told.spec == run.spec.model_copy(update={"regularization": "bn"})
    assert (told.token, told.max_batches, told.timed_seconds) == (0, None, 0.0)
    assert (told.task, told.recorded_weights, told.code_digests) == (None, None, ())
    assert told.data_digest == "d" * 64
    assert not told.has_users_code


def test_an_operation_has_one_thread_unless_more_are_asked_for() -> None:
    assert Nursery().threads == 1


def test_progress_is_passed_on_four_times_a_second_and_at_the_end_of_an_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now))
    heard: list[Advanced] = []
    throttle = worker.Throttle(heard.append)
    values: dict[str, Any] = {"epoch": 1, "epochs": 2, "batches": 9, "loss": None}
    told = []
    for seconds, batch in (
        (0.0, 1),
        (0.2, 2),
        (0.25, 3),
        (0.3, 9),
        (0.5, 1),
        (0.55, 2),
        (0.6, 3),
    ):
        now = 100.0 + seconds
        progress = Advanced(run_id="a", images_per_second=None, batch=batch, **values)
        before = len(heard)
        throttle(progress)
        told.append(heard[before:] == [progress])
    assert told == [True, False, True, True, False, True, False]
