"""A store that cannot be written while a sweep goes on: what is lost, and who may go on."""

import sqlite3
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.spec import parse_study
from actwise.store import RunStore
from actwise.sweep.watch import Event, Note, RunProgress, RunPutBack, RunStarted
from made.sweeps import Listener, attempts, results, small_study, study_values, sweep


def breaks_the_store(folder: Path) -> Listener:
    """Takes a table away as soon as something trains."""

    def on_event(event: Event) -> None:
        if isinstance(event, RunProgress):
            with sqlite3.connect(folder / "store.sqlite", timeout=60) as database:
                database.execute("DROP TABLE IF EXISTS predictions")

    return Listener(on_event)


def owners(folder: Path) -> list[str]:
    with sqlite3.connect(folder / "store.sqlite") as database:
        return [row[0] for row in database.execute("SELECT run_id FROM leases")]


def test_a_result_that_finds_the_store_busy_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.sqlite.BUSY_SECONDS", 0.1)
    folder = tmp_path / "store"
    locks: list[sqlite3.Connection] = []

    def on_event(event: Event) -> None:
        if isinstance(event, RunProgress) and not locks:
            locks.append(sqlite3.connect(folder / "store.sqlite", isolation_level=None))
            locks[0].execute("BEGIN IMMEDIATE")
        elif isinstance(event, Note) and locks[0].in_transaction:
            locks[0].execute("ROLLBACK")

    listener = Listener(on_event)
    outcome = sweep(folder, small_study(seeds=(0,)), progress=listener)
    locks[0].close()
    assert (outcome.finished, outcome.left, outcome.exit_code) == (2, 0, 0)
    said = " ".join(note.text for note in listener.of(Note))
    assert "is busy" in said and "waiting for it" in said and "answers again" in said
    assert listener.of(RunPutBack) == []
    assert attempts(folder) == {1}
    sweep(tmp_path / "undisturbed", small_study(seeds=(0,)))
    assert results(folder) == results(tmp_path / "undisturbed")


def test_a_broken_store_ends_the_command_and_leaves_no_lease(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with pytest.raises(StoreError, match="predictions"):
        sweep(folder, small_study(seeds=(0,)), progress=breaks_the_store(folder))
    assert owners(folder) == []


def test_what_is_in_flight_when_the_store_breaks_has_a_checkpoint(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    values = study_values(activation=("relu",), seeds=(0,))
    values["train"].pop("epochs")
    values["factors"]["train.epochs"] = (10, 2000)
    study = parse_study(values, source="test")
    options = {"executor": "process", "workers": 2, "progress": breaks_the_store(folder)}
    with pytest.raises(StoreError, match="predictions"):
        sweep(folder, study, **options)
    assert owners(folder) == []
    stopped = {path.name.split(".")[0] for path in (folder / "checkpoints").iterdir()}
    with sqlite3.connect(folder / "store.sqlite") as database:
        query = "SELECT run_id FROM study_runs WHERE asked LIKE '%2000%'"
        ((long_run,),) = database.execute(query).fetchall()
    assert long_run in stopped


def test_a_claim_that_is_given_back_untried_is_no_attempt(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    observe = {"test_curve": True}
    study = small_study(activation=("relu",), seeds=(0, 1))
    sweep(folder, study)

    def on_event(event: Event) -> None:
        if isinstance(event, RunStarted) and event.label.endswith("seed 0"):
            other = small_study(activation=("relu",), seeds=(1,), observe=observe)
            assert sweep(folder, other, observe_again=True).exit_code == 0

    asked = small_study(activation=("relu",), seeds=(0, 1), observe=observe)
    listener = Listener(on_event)
    assert sweep(folder, asked, observe_again=True, progress=listener).exit_code == 0
    assert len(listener.of(RunStarted)) == 1
    assert attempts(folder) == {2}


def test_weights_that_a_killed_driver_left_under_a_claim_are_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    study = small_study(activation=("relu",), seeds=(0,), observe={"keep_weights": True})
    sweep(folder, study)
    (kept,) = (folder / "weights").iterdir()
    with RunStore.open(folder) as store:
        assert kept.name == f"{next(iter(store.states()))}.safetensors"
    kept.with_suffix(".7.safetensors").write_bytes(b"of a claim that was lost")
    sweep(folder, study)
    assert list((folder / "weights").iterdir()) == [kept]
