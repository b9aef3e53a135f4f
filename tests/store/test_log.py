"""SQLite's log is part of a store that was killed: one that lost it is named."""

import shutil
import sqlite3
import warnings
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from actwise.errors import StoreWarning
from actwise.store import RunStore
from made.forks import run_forked
from made.runs import finish, made_plan, made_study

KILLED = """
import os, signal, sys
from actwise.store import Owner, RunStore
from made.runs import made_record
store = RunStore.open(sys.argv[1], create=True)
for run in store.states():
    store.record(store.lease(run, Owner.here()), made_record(run))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store whose four runs were recorded by a process that was killed then."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
    assert run_forked(KILLED, str(tmp_path / "store")).returncode == -9
    assert (tmp_path / "store" / "store.sqlite-wal").exists()
    return tmp_path / "store"


def num_results(folder: Path) -> int:
    with RunStore.open(folder) as store:
        return sum(state.has_result for state in store.states().values())


def copy_alone(folder: Path) -> Path:
    (folder.parent / "copy").mkdir()
    shutil.copy(folder / "store.sqlite", folder.parent / "copy")
    return folder.parent / "copy"


def copy_without_log(folder: Path) -> Path:
    ignore = shutil.ignore_patterns("*-wal", "*-shm")
    return Path(shutil.copytree(folder, folder.with_name("copy"), ignore=ignore))


def remove_log(folder: Path) -> Path:
    (folder / "store.sqlite-wal").unlink()
    return folder


def restore_over(folder: Path) -> Path:
    """Copied away and back: what a backup of single files does."""
    backup = Path(shutil.copy(folder / "store.sqlite", folder.parent / "backup"))
    for path in folder.glob("store.sqlite*"):
        path.unlink()
    return backup.rename(folder / "store.sqlite").parent


LOSSES: list[Callable[[Path], Path]] = [copy_alone, copy_without_log, remove_log, restore_over]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_store_whose_log_is_missing_after_a_kill_is_named(
    folder: Path, lose: Callable[[Path], Path]
) -> None:
    lost = lose(folder)
    with pytest.warns(StoreWarning, match=r"its log store\.sqlite-wal is missing: it may lack"):
        num_results(lost)


@pytest.mark.parametrize("lose", LOSSES)
def test_what_was_recorded_more_than_a_second_ago_is_in_the_file_itself(
    folder: Path, lose: Callable[[Path], Path]
) -> None:
    assert num_results(folder) == 4
    # By the reader above, which was the last to close it.
    if lose is not remove_log:
        lost = lose(folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StoreWarning)
            assert num_results(lost) == 4


def test_a_store_with_its_log_is_read_whole_without_a_word(folder: Path) -> None:
    copy = Path(shutil.copytree(folder, folder.with_name("copy")))
    moved = folder.rename(folder.with_name("moved"))
    assert num_results(copy) == num_results(moved) == 4


def test_another_program_may_bring_the_log_in(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not (folder / "store.sqlite-wal").exists()
    assert num_results(folder) == 4


def test_a_store_that_was_closed_has_no_log_to_lose(folder: Path) -> None:
    with RunStore.open(folder, create=True) as store:
        study = made_study("more", seeds="5")
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study))
        # Another user who closes it meanwhile does not close it for this one.
        with RunStore.open(folder, create=True) as second:
            second.add_study(study, made_plan(study))
        store.add_study(made_study("last"), made_plan(made_study("last")))
        with pytest.warns(StoreWarning):
            num_results(copy_alone(folder))
    shutil.rmtree(folder.with_name("copy"))
    assert num_results(copy_alone(folder)) == 6


def test_commands_say_it_in_one_sentence_and_go_on(folder: Path) -> None:
    remove_log(folder)
    done = run_forked("from actwise.cli import main; main()", "status", "--store", str(folder))
    assert done.returncode == 0
    assert done.stderr.startswith("actwise: store ")
    assert "its log store.sqlite-wal is missing" in done.stderr
    assert done.stderr.count("\n") == 1
