"""``import``: folders written by :func:`~.export.export_all`, back into finished runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, bindparam, update

from ...errors import StoreError
from ..database.schema import runs
from ..plans import insert_look, insert_runs, insert_study, read_looks
from ..runs import (
    RunState,
    differing_fields,
    read_result,
    read_states,
    write_answers,
    write_results,
)
from ..store import RunStore
from .exported import Exported, ExportedResult, read_exported

# A curve of 200 epochs takes memory while it is written.
_RESULTS_AT_ONCE = 500


@dataclass(frozen=True)
class Imported:
    """What an import did: results added, and results that were there already."""

    num_added: int
    num_present: int


def import_folders(folders: Sequence[Path], store: RunStore) -> Imported:
    """Add the studies, plans, results, answers and looks of exports to a store, all or nothing.

    Every id is computed again from the settings and must agree. A result that is there already
    and equal is skipped. Weights are not exported, so ``keep_weights`` is not among what an
    imported run observed.

    Raises:
        StoreError: if a folder is no export, is damaged, is of a newer schema or holds an id that
            does not follow from its settings, or predictions that do not fit the answers; if the
            store holds another result of a run or other answers, or a living process is training
            it. Then nothing is written.
    """
    exports = [read_exported(folder) for folder in folders]
    with store.database.writing() as connection:
        added = [_add_export(connection, export) for export in exports]
    num_results = sum(len(export.results) for export in exports)
    return Imported(sum(added), num_results - sum(added))


def _add_export(connection: Connection, export: Exported) -> int:
    for study, started_at, registrations in export.studies:
        insert_study(connection, study, started_at=started_at, registrations=registrations)
    for name, engine_version, planned in export.plans:
        insert_runs(connection, name, planned, engine_version=engine_version)
    known_looks = set(read_looks(connection, None))
    for look in export.looks:
        if look not in known_looks:
            insert_look(connection, look)
    _add_answers(connection, export)
    new = _new_results(connection, export)
    for first in range(0, len(new), _RESULTS_AT_ONCE):
        _add_results(connection, new[first : first + _RESULTS_AT_ONCE])
    return len(new)


def _add_answers(connection: Connection, export: Exported) -> None:
    try:
        write_answers(connection, export.answers)
    except StoreError as error:
        raise StoreError(f"import {str(export.folder)!r}: {error}; nothing was imported") from None


def _new_results(connection: Connection, export: Exported) -> list[ExportedResult]:
    """The results that the store lacks; a conflict is refused."""
    states = read_states(connection, [result.record.run_id for result in export.results])
    new = []
    for result in export.results:
        record = result.record
        old = read_result(connection, record.run_id) if _is_over(states[record.run_id]) else None
        if old is None:
            new.append(result)
        elif differing := differing_fields(old, record):
            raise StoreError(
                f"import {str(export.folder)!r}: run {record.run_id} has another result in the "
                f"store ({', '.join(differing)} differ); nothing was imported"
            )
        if states[record.run_id].status == "running":
            raise StoreError(
                f"import {str(export.folder)!r}: run {record.run_id} is being trained; nothing was "
                "imported"
            )
    return new


def _is_over(state: RunState) -> bool:
    return state.has_result or state.status == "failed"


def _add_results(connection: Connection, results: Sequence[ExportedResult]) -> None:
    write_results(connection, [(result.record, result.recorded_at) for result in results])
    attempts = [{"key": r.record.run_id, "number": r.attempts} for r in results]
    statement = update(runs).where(runs.c.run_id == bindparam("key"))
    connection.execute(statement.values(attempts=bindparam("number")), attempts)
