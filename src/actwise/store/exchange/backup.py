"""``store copy``: a consistent copy of a store while its runs go on, of whichever kind."""

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, insert, select

from ...errors import OutputError, SpecError, StoreError
from ..database import (
    INCOMPLETE,
    Database,
    StoreUnavailableError,
    dialect_of,
    is_there,
    locate,
    refuse_folder_of_another,
    refuse_network_file_system,
    write_mark,
)
from ..database.schema import leases, looks, marks, metadata, progress
from ..runs import kept_weights
from ..store import RunStore
from .importing import store_to_fill
from .output import made_folder, refuse_part_of_store

_ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Copied:
    """What a copy holds: results, and the files beside the database with their size."""

    num_results: int
    num_files: int
    num_bytes: int


def copy_store(
    store: RunStore, destination: str | Path, *, artifacts: Path | None = None
) -> Copied:
    """Copy a store into a new folder, or to a URL with a new folder for its files.

    The database is copied as it is at one moment. With it come the weights and logs of the runs
    that have a result at that moment. Runs in flight are pending in the copy: their leases and
    checkpoints stay behind. A folder appears when it is complete.

    Raises:
        StoreError: if ``destination`` lies on a network file system, or holds a store; or if the
            folder given with the URL of ``store`` is not that of its files.
        SpecError: if it exists and is not an empty folder, or is a part of a store.
        OutputError: if it cannot be written; then nothing of it is left.
    """
    refuse_folder_of_another(store.location, store.database)
    location = locate(destination, artifacts=artifacts)
    refuse_network_file_system(location)
    refuse_part_of_store(location.folder)
    if os.path.lexists(location.folder) and not _is_empty_folder(location.folder):
        raise SpecError(f"copy {str(location.folder)!r} exists already; give a new folder")
    if artifacts is None:
        with _new_folder(location.folder) as partial, RunStore.open(partial, create=True) as target:
            return _fill(target, store, shown=str(destination))
    if is_there(destination, artifacts=artifacts):
        raise StoreError(f"copy {location.shown!r} exists already; give a new database or schema")
    with store_to_fill(str(destination), artifacts=artifacts) as target, _incomplete(target):
        return _fill(target, store, shown=location.shown)


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes its place when it is complete."""
    partial = folder.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.partial")
    with made_folder(folder.parent):
        try:
            partial.mkdir()
            yield partial
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _incomplete(target: RunStore) -> Iterator[None]:
    """Who opens it meanwhile, or after this process was killed, is told that it is no store yet."""
    target.database.write(lambda c: write_mark(c, INCOMPLETE, "copy"))
    yield
    is_it = marks.c.name == INCOMPLETE
    target.database.write(lambda c: c.execute(delete(marks).where(is_it)))


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _fill(target: RunStore, store: RunStore, *, shown: str) -> Copied:
    try:
        _copy_rows(store.database, target.database)
    except StoreUnavailableError as error:
        # That of the copy: the store itself is only read.
        reason = str(error).removeprefix(f"store {str(target)!r} cannot be written: ")
        raise OutputError(f"output {shown!r} cannot be written: {reason}") from None
    run_ids = [run_id for run_id, state in target.states().items() if state.status != "pending"]
    sizes = [_copy_file(path, target.folder) for path in _files_of(store, run_ids)]
    return Copied(len(run_ids), len(sizes), sum(sizes))


def _copy_rows(source: Database, target: Database) -> None:
    """Of one moment; not the leases, nor what a store knows of itself alone."""
    with source.reading() as reader:
        token = dialect_of(reader).last_token(reader)
        target.write(lambda writer: dialect_of(writer).skip_tokens(writer, token))
        for table in metadata.sorted_tables:
            if table not in (leases, progress, marks):
                columns = [column for column in table.c if column is not looks.c.look_id]
                query = select(*columns).order_by(*table.primary_key)
                found = reader.execution_options(yield_per=_ROWS_AT_ONCE).execute(query)
                for rows in found.mappings().partitions():
                    with target.writing() as writer:
                        writer.execute(insert(table), [dict(row) for row in rows])


def _files_of(store: RunStore, run_ids: Sequence[str]) -> list[Path]:
    named = [kept_weights(store.weights, run_id) for run_id in run_ids]
    named += [store.logs / f"{run_id}.log" for run_id in run_ids]
    return [path for path in named if path.is_file()]


def _copy_file(path: Path, folder: Path) -> int:
    target = folder / path.parent.name / path.name
    target.parent.mkdir(exist_ok=True)
    shutil.copy2(path, target)
    return target.stat().st_size
