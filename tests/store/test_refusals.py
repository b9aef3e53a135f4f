"""What a store refuses, to the last word: a disk, a folder or a package that is not as it should.

And what no user can cause: a broken constraint is told as what it is.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from actwise.cli.main import run_command
from actwise.errors import OutputError, StoreError
from actwise.store import (
    ConnectionLostError,
    RunStore,
    StoreUnavailableError,
    collect_garbage,
    kept_weights,
    written_weights,
)
from actwise.store.database.schema import marks
from actwise.store.exchange import copy_store
from made.runs import ME, leased, made_plan, made_record, made_study

NEEDS_PSYCOPG = (
    "store 'postgresql://me:***@host/runs' needs psycopg: install it with pip install "
    "'actwise[postgres]'"
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A store with four pending runs."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study()
        store.add_study(study, made_plan(study))
        yield store


def test_a_server_without_its_package_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "actwise.store.database.postgresql", None)
    assert run_command(["status", "--store", "postgresql://me:secret@host/runs"]) == 3
    assert capsys.readouterr().err == f"actwise: {NEEDS_PSYCOPG}\n"


def num_open() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize("name", ["checkpoints", "weights", "logs"])
def test_a_folder_that_cannot_be_held_is_named_and_none_is(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunStore.open(tmp_path / "s", create=True).close()
    before, open_it = num_open(), os.open

    def refuse(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if Path(path).name == name:
            raise OSError(24, "Too many open files")
        return open_it(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StoreError) as refusal:
        RunStore.open(tmp_path / "s", create=True)
    monkeypatch.undo()
    assert str(refusal.value) == (
        f"store '{tmp_path}/s': its folder {name} cannot be opened: Too many open files"
    )
    assert num_open() == before


def test_weights_that_cannot_take_their_place_keep_the_result_away(store: RunStore) -> None:
    run = store.planned()[0].run_id
    lease = leased(store, run)
    written = written_weights(store.weights, run, lease.token)
    written.write_bytes(b"weights")
    kept = kept_weights(store.weights, run)
    kept.mkdir()
    with pytest.raises(StoreUnavailableError) as refusal:
        store.record(lease, made_record(run))
    assert str(refusal.value) == (
        f"weights '{written}' cannot be put in their place: Is a directory"
    )
    assert store.result(run) is None and written.read_bytes() == b"weights"
    kept.rmdir()
    store.record(lease, made_record(run))
    assert kept.read_bytes() == b"weights"


def test_a_copy_for_which_there_is_no_room_is_refused_and_gone(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.planned()[0].run_id
    store.record(leased(store, run), made_record(run, probes=bytes(200_000)))
    made = RunStore.open

    def made_full(*args: Any, **options: Any) -> RunStore:
        target = made(*args, **options)
        with target.database.without_transaction() as connection:  # type: ignore[attr-defined]
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return target

    monkeypatch.setattr(RunStore, "open", made_full)
    with pytest.raises(OutputError) as refusal:
        copy_store(store, tmp_path / "new" / "copy")
    assert str(refusal.value) == (
        f"output '{tmp_path}/new/copy' cannot be written: the disk is full"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


def test_a_file_that_goes_while_garbage_is_counted_has_no_size(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [store.logs / f"{digit * 20}.log" for digit in "ab"]
    for path in files:
        path.write_bytes(b"content")
    read = store.database.read

    def taken_up(ask: Any) -> Any:
        found = read(ask)
        if isinstance(found, tuple):  # the garbage, which is counted next
            files[0].unlink()
        return found

    monkeypatch.setattr(store.database, "read", taken_up)
    garbage = collect_garbage(store, dry_run=True)
    assert (garbage.files, garbage.num_bytes) == (tuple(files), 7)


def test_a_broken_constraint_is_no_sentence_about_the_users_store(store: RunStore) -> None:
    with pytest.raises(IntegrityError), store.database.writing() as connection:
        connection.execute(insert(marks), {"name": "token", "value": "again"})


def test_a_lease_whose_answer_was_lost_is_given_again(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not taken for the owner's other run, nor counted as another attempt."""
    other, run, *_ = (line.run_id for line in store.planned())
    for _ in range(2):
        store.release(leased(store, run), "an accident")
    writing, left_to_lose = store.database.writing, [1]

    @contextmanager
    def lossy(**options: Any) -> Iterator[Connection]:
        with writing(**options) as connection:
            yield connection
        if left_to_lose:
            left_to_lose.pop()
            raise ConnectionLostError("the connection was lost")

    monkeypatch.setattr(store.database, "writing", lossy)
    lease = leased(store, run)
    assert left_to_lose == []
    assert (lease.run_id, lease.owner, lease.attempt) == (run, ME, 3)
    store.record(lease, made_record(run))
    assert store.result(run) == made_record(run)
    assert store.states([other])[other].attempts == 0


@contextmanager
def nothing_in_the_way(store: RunStore) -> Iterator[None]:
    yield


@contextmanager
def an_earlier_reader(store: RunStore) -> Iterator[None]:
    with store.database.reading() as connection:
        connection.exec_driver_sql("SELECT * FROM runs").all()
        leased(store, store.planned()[1].run_id)
        yield


@contextmanager
def a_full_disk(store: RunStore) -> Iterator[None]:
    @contextmanager
    def refused() -> Iterator[None]:
        raise StoreUnavailableError("the disk is full")
        yield

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store.database, "without_transaction", refused)
        yield


@pytest.mark.parametrize(
    ("obstacle", "is_left"),
    [(nothing_in_the_way, False), (an_earlier_reader, True), (a_full_disk, True)],
)
def test_the_log_of_a_moved_store_stays_where_it_could_not_be_copied_whole(
    obstacle: Callable[[RunStore], AbstractContextManager[None]],
    is_left: bool,
    store: RunStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actwise.store.database.sqlite.COPY_SECONDS", 1e9)
    leased(store, store.planned()[0].run_id)
    store.heartbeat(ME)
    old, log = store.folder / "old.sqlite", store.folder / "store.sqlite-wal"
    with obstacle(store):
        num_leased = len(store.heartbeat(ME))
        (store.folder / "store.sqlite").rename(old)
        store.close()
    assert (log.exists(), log.with_name("store.sqlite-shm").exists()) == (is_left, is_left)
    old.rename(store.folder / "store.sqlite")
    with RunStore.open(store.folder) as again:
        assert sum(state.attempts for state in again.states().values()) == num_leased


def test_a_file_that_goes_while_it_is_looked_at_is_not_called_overwritten(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    leased(store, store.planned()[0].run_id)
    path = store.folder / "store.sqlite"
    stat, looks = Path.stat, []

    def goes(self: Path, **options: Any) -> os.stat_result:
        if self == path:
            looks.append(self)
            if len(looks) == 2:
                raise FileNotFoundError(2, "No such file or directory")
        return stat(self, **options)

    monkeypatch.setattr(Path, "stat", goes)
    store.require_in_place()
    assert len(looks) == 2
    path.unlink()
    with pytest.raises(StoreError) as refusal:
        store.require_in_place()
    assert str(refusal.value) == (
        f"store '{store.folder}' is no longer where it was: store.sqlite was deleted, moved or "
        "replaced while it was in use"
    )
