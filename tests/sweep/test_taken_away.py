"""A store, or a part of it, that goes while a sweep is under way: one sentence, and no result."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.sweep.watch import Event, RunEnded, RunProgress, SweepEnded
from made.sweeps import (
    Listener,
    driver_of,
    finish,
    small_study,
    study_values,
    sweep,
    wait_for_event,
    wait_until_gone,
)

LONG = study_values(activation=("relu",), seeds=(0,), epochs=10_000)


def remove_database(folder: Path) -> None:
    for path in folder.glob("store.sqlite*"):
        path.unlink()


TAKEN: dict[str, Callable[[Path], object]] = {
    "deleted": remove_database,
    "renamed": lambda folder: (folder / "store.sqlite").rename(folder / "old.sqlite"),
    "emptied": lambda folder: os.truncate(folder / "store.sqlite", 0),
    "the folder moved": lambda folder: folder.rename(folder.with_name("away")),
    "no checkpoints": lambda folder: shutil.rmtree(folder / "checkpoints"),
    "no logs": lambda folder: shutil.rmtree(folder / "logs"),
}


def on_first(kind: type[Any], act: Callable[[], object]) -> Listener:
    """Acts once, at the first event of a kind."""
    seen: list[Event] = []

    def on_event(event: Event) -> None:
        if isinstance(event, kind) and not seen:
            seen.append(event)
            act()

    return Listener(on_event)


@pytest.mark.parametrize("take_away", TAKEN.values(), ids=TAKEN)
def test_a_store_that_goes_while_nothing_is_recorded_stops_the_sweep(
    tmp_path: Path, take_away: Callable[[Path], object]
) -> None:
    folder = tmp_path / "store"
    listener = on_first(RunProgress, lambda: take_away(folder))
    with pytest.raises(StoreError, match="while it was in use") as stopped:
        sweep(
            folder, small_study(activation=("relu",), seeds=(0,), epochs=10_000), progress=listener
        )
    assert "\n" not in str(stopped.value)
    assert listener.of(RunEnded) == []
    assert listener.of(SweepEnded) == []


@pytest.mark.parametrize("name", ["checkpoints", "weights", "logs"])
def test_a_run_that_misses_a_folder_of_the_store_has_not_failed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "store"
    listener = on_first(RunEnded, lambda: shutil.rmtree(folder / name))
    study = small_study(seeds=(0,), observe={"keep_weights": True})
    with pytest.raises(StoreError, match=f"its folder {name} was deleted"):
        sweep(folder, study, progress=listener, checkpoint_seconds=0.01)
    with RunStore.open(folder) as store:
        statuses = sorted(state.status for state in store.states().values())
    assert statuses == ["finished", "pending"]
    # The next command makes it again.
    assert sweep(folder, study).exit_code == 0


def test_a_store_that_goes_after_the_last_result_is_no_success(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    listener = on_first(RunEnded, lambda: remove_database(folder))
    with pytest.raises(StoreError, match=r"store\.sqlite was deleted"):
        sweep(folder, small_study(activation=("relu",), seeds=(0,)), progress=listener)
    assert listener.of(SweepEnded) == []


def test_workers_of_a_store_that_was_replaced_end_and_the_command_says_why(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    RunStore.open(tmp_path / "other", create=True).close()
    with driver_of(folder, LONG, workers=1) as driver:
        wait_for_event(driver, "run_progress")
        (tmp_path / "other" / "store.sqlite").replace(folder / "store.sqlite")
        exit_code, said = finish(driver)
    assert exit_code != 0
    assert "deleted, moved or replaced while it was in use" in said
    wait_until_gone(folder)
    with RunStore.open(folder) as other:
        assert other.states() == {}


def test_a_driver_that_waits_for_another_notices_too(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with driver_of(folder, LONG, workers=1) as first:
        wait_for_event(first, "run_progress")
        with driver_of(folder, LONG, workers=1) as second:
            wait_for_event(second, "waiting")
            remove_database(folder)
            for driver in (first, second):
                assert "while it was in use" in finish(driver)[1]
