"""No file of a store that was refused, or closed, stays open."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from made.runs import made_plan, made_study

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/fd").exists(), reason="looks for open files in /proc"
)


def open_in(folder: Path) -> set[str]:
    """What of a folder this process holds open."""
    links = Path("/proc/self/fd").iterdir()
    found = {str(link.readlink()) for link in links if link.is_symlink()}
    return {path for path in found if path.startswith(str(folder))}


def open_store(folder: Path, name: str, files: str) -> RunStore:
    url = f"sqlite:///{folder / name}.db"
    return RunStore.open(url, create=True, artifacts=folder / files)


def change(folder: Path, statement: str) -> None:
    connection = sqlite3.connect(folder / "a.db")
    connection.execute(statement)
    connection.commit()
    connection.close()


def folder_of_another(folder: Path) -> None:
    open_store(folder, "b", "others").close()
    open_store(folder, "a", "others")


def without_a_table(folder: Path) -> None:
    change(folder, "DROP TABLE looks")
    open_store(folder, "a", "files")


def incomplete(folder: Path) -> None:
    change(folder, "INSERT INTO marks VALUES ('incomplete', 'copy')")
    open_store(folder, "a", "files")


def of_a_newer_actwise(folder: Path) -> None:
    change(folder, "PRAGMA user_version = 99")
    open_store(folder, "a", "files")


def file_in_place_of_weights(folder: Path) -> None:
    (folder / "files" / "weights").rmdir()
    (folder / "files" / "weights").write_text("mine")
    open_store(folder, "a", "files")


@pytest.mark.parametrize(
    ("refuse", "sentence"),
    [
        (folder_of_another, "belongs to another store"),
        (without_a_table, "is damaged: tables are missing"),
        (incomplete, "is an incomplete copy: `store copy` was ended before it was done"),
        (of_a_newer_actwise, "has schema version 99 .* install a newer actwise"),
        (file_in_place_of_weights, "weights"),
    ],
)
def test_a_store_that_is_refused_holds_nothing_open(
    tmp_path: Path, refuse: Callable[[Path], None], sentence: str
) -> None:
    open_store(tmp_path, "a", "files").close()
    with pytest.raises(StoreError, match=sentence) as refusal:
        refuse(tmp_path)
    assert open_in(tmp_path) == set(), refusal.value


def test_a_store_holds_its_folders_until_it_is_closed(tmp_path: Path) -> None:
    study = made_study(seeds="0")
    with open_store(tmp_path, "a", "files") as store:
        store.add_study(study, made_plan(study))
        held = open_in(tmp_path)
        folders = {str(f) for f in (store.checkpoints, store.weights, store.logs)}
        assert folders < held and str(tmp_path / "a.db") in held
    assert open_in(tmp_path) == set()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "files"]


def test_a_store_that_is_only_read_holds_no_folder(tmp_path: Path) -> None:
    open_store(tmp_path, "a", "files").close()
    with RunStore.open(f"sqlite:///{tmp_path / 'a.db'}", artifacts=tmp_path / "files") as store:
        assert store.planned() == []
        assert not any(str(tmp_path / "files") in path for path in open_in(tmp_path))
        store.hold_folders()
        assert str(store.weights) in open_in(tmp_path)
        store.hold_folders()
        (store.weights).rename(tmp_path / "moved")
        with pytest.raises(StoreError, match="its folder weights was deleted, moved or replaced"):
            store.require_in_place()
    assert open_in(tmp_path) == set()
