"""``store copy``: a consistent copy of a store while its runs go on."""

import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ...errors import OutputError, SpecError
from ..database import DATABASE_NAME, locate, refuse_network_file_system
from ..database.schema import new_token
from ..runs import kept_weights
from ..store import RunStore
from .output import made_folder, refuse_part_of_store


@dataclass(frozen=True)
class Copied:
    """What a copy holds: results, and the files beside the database with their size."""

    num_results: int
    num_files: int
    num_bytes: int


def copy_store(store: RunStore, destination: Path) -> Copied:
    """Copy a store into a new folder.

    The database is copied as it is at one moment, by SQLite's online backup. With it come the
    weights and logs of the runs that have a result at that moment. Runs in flight are pending in
    the copy: their leases and checkpoints stay behind. The folder appears when it is complete.

    Raises:
        StoreError: if ``destination`` lies on a network file system.
        SpecError: if it exists and is not an empty folder, or is a part of a store.
        OutputError: if it cannot be written; then nothing of it is left.
    """
    location = locate(destination)
    refuse_network_file_system(location)
    refuse_part_of_store(location.folder)
    if os.path.lexists(location.folder) and not _is_empty_folder(location.folder):
        raise SpecError(f"copy {str(destination)!r} exists already; give a new folder")
    partial = location.folder.with_name(f".{os.getpid()}-{secrets.token_hex(4)}.partial")
    with made_folder(location.folder.parent):
        try:
            partial.mkdir()
            run_ids = _copy_database(store, partial / DATABASE_NAME)
            files = [_copy_file(path, partial) for path in _files_of(store, run_ids)]
            (partial / "checkpoints").mkdir()
            partial.replace(location.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return Copied(len(run_ids), len(files), sum(files))


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _copy_database(store: RunStore, path: Path) -> list[str]:
    """Copy it without its leases; the ids of the runs with a result in the copy."""
    with (
        store.database.without_transaction() as source,
        closing(sqlite3.connect(path, isolation_level=None)) as target,
    ):
        try:
            return _copy_into(target, source)
        except sqlite3.OperationalError as error:
            if "disk is full" not in str(error):
                raise
            # That of the copy: the store itself is only read.
            shown = f"output {str(path.parent.parent)!r}"
            raise OutputError(f"{shown} cannot be written: the disk is full") from None


def _copy_into(target: sqlite3.Connection, source: sqlite3.Connection) -> list[str]:
    target.execute("PRAGMA synchronous = FULL")
    source.backup(target)
    target.execute("DELETE FROM leases")
    # Another store from now on, and nobody has it open.
    target.execute("DELETE FROM marks WHERE name = 'in_use'")
    target.execute("UPDATE marks SET value = ? WHERE name = 'token'", (new_token(),))
    ids = target.execute("SELECT run_id FROM runs WHERE status != 'pending'").fetchall()
    return [run_id for (run_id,) in ids]


def _files_of(store: RunStore, run_ids: list[str]) -> list[Path]:
    named = [kept_weights(store.weights, run_id) for run_id in run_ids]
    named += [store.logs / f"{run_id}.log" for run_id in run_ids]
    return [path for path in named if path.is_file()]


def _copy_file(path: Path, folder: Path) -> int:
    target = folder / path.parent.name / path.name
    target.parent.mkdir(exist_ok=True)
    shutil.copy2(path, target)
    return target.stat().st_size
