"""How a sweep is stopped, what that leaves behind, and that going on changes no number."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actwise.signs import listening
from actwise.store import RunStore
from actwise.sweep.executors import Describer, Nursery, StoppedError, StopRequest
from actwise.sweep.watch import Event, RunProgress, RunPutBack
from made.data import made_images, write_folder
from made.forks import Fork
from made.sweeps import (
    Listener,
    drive,
    driver_of,
    finish,
    results,
    small_study,
    study_values,
    sweep,
    wait_for_event,
    wait_until_gone,
)

LONG = {"epochs": 28, "activation": ("relu",), "seeds": (0,)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of some seconds, trained without a stop."""
    folder = tmp_path_factory.mktemp("undisturbed") / "store"
    assert sweep(folder, small_study(**LONG)).exit_code == 0
    return folder


def terminate(event: Event) -> None:
    """Send SIGTERM to this process once it trains."""
    if isinstance(event, RunProgress):
        os.kill(os.getpid(), signal.SIGTERM)


def terminate_after_an_epoch(event: Event) -> None:
    if isinstance(event, RunProgress) and event.epoch > 1:
        os.kill(os.getpid(), signal.SIGTERM)


def environment(folder: Path) -> dict[str, Any]:
    """Where the one run of a store was trained."""
    with RunStore.open(folder) as store:
        (record,) = (store.result(run_id) for run_id in store.states())
    assert record is not None
    return record.environment


def checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").glob("*"))


def test_a_time_limit_stops_with_a_checkpoint_and_the_same_command_goes_on(
    undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    listener = Listener()
    seconds = 0.5
    # A busy machine needs some of the time to begin at all.
    while not checkpoints(folder):
        outcome = sweep(folder, small_study(**LONG), time_limit_seconds=seconds, progress=listener)
        assert (outcome.finished, outcome.left, outcome.exit_code) == (0, 1, 4)
        seconds *= 1.5
    assert [event.reason for event in listener.of(RunPutBack)] == ["stopped with a checkpoint"]
    assert len(checkpoints(folder)) == 1
    while outcome.exit_code == 4:
        outcome = sweep(folder, small_study(**LONG), time_limit_seconds=seconds)
    assert outcome.exit_code == 0
    assert results(folder) == results(undisturbed)
    assert checkpoints(folder) == []


@pytest.mark.slow
def test_a_checkpoint_of_another_fingerprint_is_only_used_when_allowed(
    tmp_path: Path,
) -> None:
    folder, allowed = tmp_path / "store", tmp_path / "allowed"
    study = small_study(activation=("relu",), seeds=(0,))
    assert sweep(folder, study, progress=Listener(terminate)).exit_code == 143
    shutil.copytree(folder, allowed)
    with_two_threads = {"executor": "process", "workers": 1, "threads": 2}
    sweep(folder, study, **with_two_threads)
    (log,) = (path for path in (folder / "logs").iterdir() if path.stem != "workers")
    assert "a checkpoint was not used" in log.read_text(encoding="utf-8")
    assert "environment_changed" not in environment(folder)
    sweep(allowed, study, **with_two_threads, allow_environment_change=True)
    assert environment(allowed)["environment_changed"] is True


@pytest.mark.slow
def test_a_run_that_starts_again_is_not_marked_by_a_checkpoint_that_it_refused(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "store"
    study = small_study(activation=("relu",), seeds=(0,), epochs=8)
    while not checkpoints(folder):
        sweep(folder, study, progress=Listener(terminate_after_an_epoch))
    with_curve = small_study(
        activation=("relu",), seeds=(0,), epochs=8, observe={"test_curve": True}
    )
    # Of another fingerprint, which is allowed, and without the curve, which is not.
    options = {"executor": "process", "workers": 1, "threads": 2, "allow_environment_change": True}
    assert sweep(folder, with_curve, **options).exit_code == 0
    (log,) = (path for path in (folder / "logs").iterdir() if path.stem != "workers")
    assert "lacks the test curve" in log.read_text(encoding="utf-8")
    assert "environment_changed" not in environment(folder)


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_with_a_checkpoint(
    undisturbed: Path, tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    folder = tmp_path / "store"
    with driver_of(folder, study_values(**LONG), workers=1) as driver:
        wait_for_event(driver, "run_progress")
        # To the whole group in front, as the terminal does on Ctrl-C.
        os.killpg(driver.pid, number)
        code, said = finish(driver)
    assert code == exit_code, said
    assert "stopped with a checkpoint" in said
    assert len(checkpoints(folder)) == 1
    wait_until_gone(folder)
    assert sweep(folder, small_study(**LONG)).exit_code == 0
    assert results(folder) == results(undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("presses", [pytest.param(1, marks=pytest.mark.kills), 2])
def test_an_operation_that_takes_minutes_does_not_hold_up_ctrl_c(
    tmp_path: Path, presses: int
) -> None:
    with long_operation(tmp_path / "store") as driver:
        for _ in range(presses):
            driver.send_signal(signal.SIGINT)
            time.sleep(0.3)
        exit_code, said = finish(driver)
    assert exit_code == 130
    # The second Ctrl-C does not wait for the worker, not even to put its run back in order.
    assert ("run_put_back" in said) == (presses == 1)
    wait_until_gone(tmp_path / "store")


def test_a_killed_driver_takes_its_workers_along_whatever_they_compute(tmp_path: Path) -> None:
    with long_operation(tmp_path / "store") as driver:
        driver.kill()
        finish(driver)
        wait_until_gone(tmp_path / "store")


def test_what_a_worker_leaves_running_ends_with_it(tmp_path: Path) -> None:
    values = study_values(activation=("made.users_code:starts_a_child",), seeds=(0,))
    exit_code, said = drive(tmp_path / "store", values, workers=1)
    assert exit_code == 0, said
    wait_until_gone(tmp_path / "store")


@contextmanager
def long_operation(folder: Path) -> Iterator[Fork]:
    """A driver whose worker is inside one operation of torch that takes minutes."""
    values = study_values(activation=("made.users_code:computes_for_long",), seeds=(0,))
    with driver_of(folder, values, workers=1) as driver:
        wait_for_event(driver, "run_started")
        while not (folder.parent / "has-begun").exists():
            assert driver.poll() is None
            time.sleep(0.05)
        # From the file to the inside of the operation.
        time.sleep(0.5)
        yield driver


def test_planning_heeds_a_stop_before_it_looks_at_a_cell() -> None:
    stop, cell = StopRequest(time_limit_seconds=0), next(small_study().cells())
    with (
        Nursery() as nursery,
        Describer(None, nursery, stop=stop) as describe,
        pytest.raises(StoppedError, match="nothing was begun: stopped by the time limit"),
    ):
        describe(cell)


@pytest.mark.parametrize("model", ["convnet", "made.own_networks:Quick"])
def test_planning_heeds_a_stop_while_images_are_read(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    images_of = {name: list(made_images(40, seed=seed)) for seed, name in enumerate("ab")}
    folder, read = write_folder(tmp_path / "photos", images_of), []
    cell = next(small_study(model=(model,)).cells()).model_copy(
        update={"dataset": f"folder:{folder}"}
    )

    def terminate_once(what: str, done: int, total: int | None) -> None:
        read.append(done)
        if len(read) == 2:
            signal.raise_signal(signal.SIGTERM)

    stop = StopRequest(time_limit_seconds=None)
    with (
        Nursery() as nursery,
        Describer(None, nursery, stop=stop) as describe,
        stop,
        listening(terminate_once),
        pytest.raises(StoppedError, match="by SIGTERM"),
    ):
        describe(cell)
    assert len(read) == 2
