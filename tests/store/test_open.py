"""Opening a store: what is refused is refused in one sentence and left untouched."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from actwise.errors import StoreError
from actwise.store import Owner, RunStore
from actwise.store.database import (
    SCHEMA_VERSION,
    file_system_of,
    is_network_file_system,
    migrate,
    read_version,
)
from made.runs import answered_record, finish, made_plan, made_record, made_study, unpacked

SAMPLES = sorted((Path(__file__).parent / "data").glob("store_v*.sql"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with four finished runs, closed."""
    folder = tmp_path / "store"
    with RunStore.open(folder, create=True) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study))
    return folder


def overwrite(path: Path, content: bytes, offset: int = 0) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def cut(path: Path, num_bytes: int) -> None:
    os.truncate(path, num_bytes)


def run_sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def replace_by_other_database(path: Path) -> None:
    path.unlink()
    run_sql(path, "CREATE TABLE songs (title)")


def damage_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'runs'"
        (page,) = connection.execute(query).fetchone()
    overwrite(path, b"\xff" * 4096, 4096 * (page - 1))


DAMAGE: list[tuple[str, Callable[[Path], None], str]] = [
    ("missing", Path.unlink, "missing or empty"),
    ("empty", lambda path: cut(path, 0), "missing or empty"),
    ("cut in the header", lambda path: cut(path, 50), "no SQLite database"),
    ("cut at a page", lambda path: cut(path, 8192), "damaged"),
    ("cut inside a page", lambda path: cut(path, path.stat().st_size - 1000), "damaged"),
    ("text", lambda path: overwrite(path, b"run,accuracy\n"), "no SQLite database"),
    ("other program", replace_by_other_database, "another SQLite database"),
    ("newer", lambda path: run_sql(path, "PRAGMA user_version = 99"), "newer actwise"),
    ("no tables", lambda path: run_sql(path, "DROP TABLE looks"), "tables are missing"),
    ("no version", lambda path: run_sql(path, "PRAGMA user_version = 0"), "tables are missing"),
]


@pytest.mark.parametrize(
    ("damage", "sentence"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE]
)
def test_what_is_no_whole_store_is_refused_untouched(
    folder: Path, damage: Callable[[Path], None], sentence: str
) -> None:
    damage(folder / "store.sqlite")
    before = snapshot(folder)
    with pytest.raises(StoreError, match=sentence) as refusal:
        RunStore.open(folder)
    assert "\n" not in str(refusal.value)
    assert snapshot(folder) == before


@pytest.mark.parametrize("kind", ["text", "other program", "newer", "cut at a page", "no version"])
def test_creating_does_not_overwrite_what_is_there(folder: Path, kind: str) -> None:
    damage = {name: function for name, function, _ in DAMAGE}[kind]
    damage(folder / "store.sqlite")
    before = snapshot(folder)
    with pytest.raises(StoreError):
        RunStore.open(folder, create=True)
    assert snapshot(folder) == before


def test_a_page_damaged_in_the_middle_is_named_when_it_is_read(folder: Path) -> None:
    damage_table(folder / "store.sqlite")
    with (
        pytest.raises(StoreError, match=r"is damaged .*; restore it from a copy"),
        RunStore.open(folder) as store,
    ):
        store.states()


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for path in (tmp_path / "file", tmp_path / "file" / "store"):
        with pytest.raises(StoreError):
            RunStore.open(path, create=True)
    (tmp_path / "store" / "store.sqlite").mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        RunStore.open(tmp_path / "store", create=True)


def test_a_folder_whose_name_has_special_characters_works(tmp_path: Path) -> None:
    folder = tmp_path / "a b?c#d%20&mode=ro"
    with RunStore.open(folder, create=True) as store:
        assert store.studies() == []
    assert (folder / "store.sqlite").is_file()


def test_a_maker_that_was_killed_leaves_what_the_next_one_completes(folder: Path) -> None:
    cut(folder / "store.sqlite", 0)
    with RunStore.open(folder, create=True) as store:
        assert store.states() == {}


def test_network_file_systems_are_recognised_by_the_mount_of_the_path() -> None:
    mounts = [
        ("/", "ext4"),
        ("/home", "nfs4"),
        ("/home/me/local", "xfs"),
        ("/mnt", "xfs"),
        ("/mnt", "fuse.sshfs"),
    ]
    found = {
        path: file_system_of(Path(path), mounts)
        for path in ("/tmp/s", "/home/me/s", "/home/me/local/s", "/homely", "/mnt/s")
    }
    assert found == {
        "/tmp/s": "ext4",
        "/home/me/s": "nfs4",
        "/home/me/local/s": "xfs",
        "/homely": "ext4",
        "/mnt/s": "fuse.sshfs",
    }
    network = {kind for kind in found.values() if is_network_file_system(kind)}
    assert network == {"nfs4", "fuse.sshfs"}


@pytest.fixture
def readable_by_all() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(folder)


READER = """
import os, sys
from actwise.errors import StoreError
from actwise.store import Owner, RunStore
if os.getuid() == 0:
    os.setuid(65534)
with RunStore.open(sys.argv[1]) as store:
    print(store.is_read_only, [s.status for s in store.states().values()])
    writes = lambda: RunStore.open(sys.argv[1], create=True), lambda: store.heartbeat(Owner.here())
    for write in writes:
        try:
            write()
        except StoreError as error:
            print(error)
"""


@pytest.mark.parametrize("is_being_written", [False, True])
def test_a_store_that_may_only_be_read_is_read(
    readable_by_all: Path, is_being_written: bool
) -> None:
    folder = readable_by_all / "store"
    with RunStore.open(folder, create=True) as store:
        study = made_study(seeds="0")
        store.add_study(study, made_plan(study))
        if not is_being_written:
            store.close()
        for path in (*folder.rglob("*"), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-c", READER, str(folder)]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = shown.splitlines()
    assert lines[0] == "True ['pending', 'pending']"
    assert "cannot be written" in lines[1]
    assert "read-only" in lines[2]


@pytest.mark.parametrize("sample", SAMPLES, ids=[path.stem for path in SAMPLES])
def test_a_stored_sample_of_every_released_schema_opens(tmp_path: Path, sample: Path) -> None:
    restore(sample, tmp_path)
    with RunStore.open(tmp_path) as store:
        plan = store.planned("sample")
        statuses = [store.states([run.run_id])[run.run_id].status for run in plan]
        assert statuses == ["finished", "diverged", "failed", "pending"]
        make = made_record if sample.stem in ("store_v1", "store_v2") else answered_record
        observed: dict[str, Any] = {"observed": ("probes",), "probes": b"p"}
        observed["train_accuracy"] = 60.0
        if sample.stem >= "store_v7":
            observed["reestimated_accuracy"] = 21.0
        expected = make(plan[0].run_id, **observed)
        assert unpacked(store.result(plan[0].run_id)) == unpacked(expected)
        (look,) = store.looks("sample")
        assert (look.what, look.num_runs) == ("analyze", None if sample.stem == "store_v1" else 2)
        assert store.snapshot(study="sample").num_results == 2
        registered = store.studies()[0].registrations
        assert len(registered) == (0 if sample.stem == "store_v1" else 1)
        claim = store.lease(plan[3].run_id, Owner.here())
        assert claim is not None
        record = answered_record(plan[3].run_id)
        store.record(claim, record)
        assert unpacked(store.result(plan[3].run_id)) == unpacked(record)


def test_there_is_a_sample_of_every_schema() -> None:
    assert [path.stem for path in SAMPLES] == [f"store_v{n + 1}" for n in range(SCHEMA_VERSION)]


def test_migrations_go_from_version_to_version_or_not_at_all(folder: Path) -> None:
    steps = {
        SCHEMA_VERSION: lambda c: c.execute(text("ALTER TABLE runs ADD COLUMN colour TEXT")),
        SCHEMA_VERSION + 1: lambda c: c.execute(text("ALTER TABLE no_table ADD COLUMN size")),
    }
    with RunStore.open(folder) as store:
        database = store.database
        with pytest.raises(StoreError), database.writing() as connection:
            migrate(connection, steps=steps, target=SCHEMA_VERSION + 2)
        with database.writing() as connection:
            assert read_version(connection) == SCHEMA_VERSION
            migrate(connection, steps=steps, target=SCHEMA_VERSION + 1)
            migrate(connection, steps=steps, target=SCHEMA_VERSION + 1)
        with database.reading() as connection:
            assert read_version(connection) == SCHEMA_VERSION + 1
            connection.execute(text("SELECT colour FROM runs"))
    with pytest.raises(StoreError, match="install a newer actwise"):
        RunStore.open(folder)


def restore(sample: Path, folder: Path) -> None:
    """Make a store from its dump: the output of ``.dump`` and the two numbers in its header."""
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        connection.executescript(sample.read_text(encoding="utf-8"))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }
