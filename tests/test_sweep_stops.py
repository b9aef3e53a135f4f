"""How a sweep is stopped, what that leaves behind, and that going on changes no number."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actwise.sweep.events import RunPutBack
from small_sweeps import (
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

LONG = {"epochs": 40, "activation": ("relu",), "seeds": (0,)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One run of some seconds, trained without a stop."""
    folder = tmp_path_factory.mktemp("undisturbed") / "store"
    assert sweep(folder, small_study(**LONG)).exit_code == 0
    return folder


def checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def test_a_time_limit_stops_with_a_checkpoint_and_the_same_command_goes_on(
    undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "store"
    listener = Listener()
    outcome = sweep(folder, small_study(**LONG), time_limit_seconds=0.5, progress=listener)
    assert (outcome.finished, outcome.left, outcome.exit_code) == (0, 1, 4)
    assert [event.reason for event in listener.of(RunPutBack)] == ["stopped with a checkpoint"]
    assert len(checkpoints(folder)) == 1
    while outcome.exit_code == 4:
        outcome = sweep(folder, small_study(**LONG), time_limit_seconds=1.5)
    assert outcome.exit_code == 0
    assert results(folder) == results(undisturbed)
    assert checkpoints(folder) == []


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
@pytest.mark.parametrize("presses", [1, 2])
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
    values = study_values(activation=("users_code:starts_a_child",), seeds=(0,))
    exit_code, said = drive(tmp_path / "store", values, workers=1)
    assert exit_code == 0, said
    wait_until_gone(tmp_path / "store")


@contextmanager
def long_operation(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A driver whose worker is inside one operation of torch that takes minutes."""
    values = study_values(activation=("users_code:computes_for_long",), seeds=(0,))
    with driver_of(folder, values, workers=1) as driver:
        wait_for_event(driver, "run_started")
        while not (folder.parent / "has-begun").exists():
            assert driver.poll() is None
            time.sleep(0.05)
        # From the file to the inside of the operation.
        time.sleep(0.5)
        yield driver
