"""Any process is killed at any moment; two drivers share a store: every run counts once."""

import contextlib
import random
import sqlite3
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from actwise.store import RunStore
from actwise.store.exchange import export_table
from made.sweeps import (
    attempts,
    drive,
    driver_of,
    finish,
    results,
    small_study,
    study_values,
    sweep,
    wait_for_event,
    wait_until_gone,
    workers_of,
)

STUDY = {"activation": ("relu", "elu", "prelu"), "seeds": (0, 1), "epochs": 12}
OPTIONS = {"workers": 2, "checkpoint_seconds": 0.1}
NOT_DETERMINISTIC = ("train_seconds", "images_per_second", "attempts", "environment")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "store"
    assert sweep(folder, small_study(**STUDY)).exit_code == 0
    return folder


def exported(folder: Path) -> list[dict[str, Any]]:
    """The deterministic columns of the exported runs."""
    with RunStore.open(folder) as store:
        table = export_table(store, "runs").drop_columns(list(NOT_DETERMINISTIC))
    rows: list[dict[str, Any]] = table.to_pylist()
    return sorted(rows, key=lambda row: row["run_id"])


def integrity(folder: Path) -> str:
    with sqlite3.connect(folder / "store.sqlite") as database:
        return str(database.execute("PRAGMA integrity_check").fetchone()[0])


@pytest.mark.kills
def test_kills_at_random_moments_lose_and_double_nothing(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    dice = random.Random(0)
    for _ in range(4):
        with driver_of(folder, study_values(**STUDY), **OPTIONS) as driver:
            wait_for_event(driver, "sweep_started")
            for _ in range(4):
                kill_one(folder, dice)
                time.sleep(dice.uniform(0.0, 1.5))
        wait_until_gone(folder)
        assert integrity(folder) == "ok"
    exit_code, said = drive(folder, study_values(**STUDY), **OPTIONS)
    assert exit_code == 0, said
    assert results(folder) == results(undisturbed)
    assert exported(folder) == exported(undisturbed)
    assert list((folder / "checkpoints").iterdir()) == []


@pytest.mark.slow
def test_two_drivers_train_every_run_exactly_once(undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    options = OPTIONS | {"workers": 1}
    with (
        driver_of(folder, study_values(**STUDY), **options) as first,
        driver_of(folder, study_values(**STUDY), **options) as second,
    ):
        (first_code, first_said), (second_code, second_said) = finish(first), finish(second)
    assert (first_code, second_code) == (0, 0), first_said + second_said
    assert attempts(folder) == {1}
    logs = [path.read_text() for path in (folder / "logs").iterdir() if path.stem != "workers"]
    assert [log.count("begins, lease") for log in logs] == [1] * 6
    assert exported(folder) == exported(undisturbed)


def test_a_driver_waits_for_the_runs_of_another_and_says_for_whom(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    values = study_values(activation=("made.users_code:sleeps_for_long",), seeds=(0,))
    with driver_of(folder, values, workers=1) as first:
        wait_for_event(first, "run_started")
        with driver_of(folder, values, workers=1) as second:
            waiting = wait_for_event(second, "waiting")
            assert waiting["num_runs"] == 1
            assert str(first.pid) in waiting["holders"][0]
            first.kill()
            assert wait_for_event(second, "run_started")["attempt"] == 1
    wait_until_gone(folder)


def kill_one(folder: Path, dice: random.Random) -> None:
    """Kill the driver, a worker, or what either has started, at random."""
    alive = workers_of(folder)
    if alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            dice.choice(alive).kill()
