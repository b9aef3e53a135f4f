"""``import``: folders written by :func:`~.export.export_all`, back into finished runs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, update

from ..errors import StoreError
from .exported import Exported, ExportedResult, read_exported
from .leases import live_owners
from .looks import insert_look, read_looks
from .plans import insert_runs, insert_study
from .results import differing_fields, read_result, write_result
from .schema import runs
from .store import RunStore


@dataclass(frozen=True)
class Imported:
    """What an import did: results added, and results that were there already."""

    num_added: int
    num_present: int


def import_folders(folders: Sequence[Path], store: RunStore) -> Imported:
    """Add the studies, plans, results and looks of exports to a store, all or nothing.

    Every id is computed again from the settings and must agree. A result that is there already
    and equal is skipped. Weights are not exported, so ``keep_weights`` is not among what an
    imported run observed.

    Raises:
        StoreError: if a folder is no export, is damaged, is of a newer schema or holds an id that
            does not follow from its settings; if the store holds another result of a run, or a
            living process is training it. Then nothing is written.
    """
    exports = [read_exported(folder) for folder in folders]
    with store.database.writing() as connection:
        added = [_add_export(connection, export) for export in exports]
    num_results = sum(len(export.results) for export in exports)
    return Imported(sum(added), num_results - sum(added))


def _add_export(connection: Connection, export: Exported) -> int:
    for study, started_at in export.studies:
        insert_study(connection, study, started_at=started_at)
    for name, engine_version, planned in export.plans:
        insert_runs(connection, name, planned, engine_version=engine_version)
    known_looks = set(read_looks(connection, None))
    for look in export.looks:
        if look not in known_looks:
            insert_look(connection, look)
    live = live_owners(connection)
    return sum(_add_result(connection, export.folder, result, live) for result in export.results)


def _add_result(
    connection: Connection, folder: Path, result: ExportedResult, live: Collection[str]
) -> bool:
    """Add one result; False if it was there."""
    new = result.record
    old = read_result(connection, new.run_id)
    if old is not None:
        differing = differing_fields(old, new)
        if differing:
            raise StoreError(
                f"import {str(folder)!r}: run {new.run_id} has another result in the store "
                f"({', '.join(differing)} differ); nothing was imported"
            )
        return False
    if new.run_id in live:
        raise StoreError(
            f"import {str(folder)!r}: run {new.run_id} is being trained; nothing was imported"
        )
    write_result(connection, new, recorded_at=result.recorded_at)
    is_it = runs.c.run_id == new.run_id
    connection.execute(update(runs).where(is_it).values(attempts=result.attempts))
    return True
