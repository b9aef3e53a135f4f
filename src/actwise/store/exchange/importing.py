"""``import``: folders written by :func:`~.export.export_all`, back into finished runs."""

import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, bindparam, update

from ...errors import StoreError
from ..database import is_there, locate
from ..database.schema import runs
from ..plans import insert_look, insert_runs, insert_study
from ..runs import (
    RunState,
    differing_fields,
    read_answers,
    read_result,
    read_states,
    settle_heartbeats,
    write_answers,
    write_results,
)
from ..store import RunStore
from .answers import check_predictions, check_stored_predictions
from .exported import Exported, read_exported
from .plan_lines import PlanLine
from .results import ExportedResult

# A curve of 200 epochs takes memory while it is written.
_RESULTS_AT_ONCE = 500


@dataclass(frozen=True)
class Imported:
    """What an import did: results added, and results that were there already."""

    num_added: int
    num_present: int


def import_folders(folders: Sequence[Path], store: RunStore) -> Imported:
    """Add the studies, plans, results, answers and looks of exports to a store, all or nothing.

    Every folder is read and checked before anything is written (:func:`.read_exported`). A result
    that is there already and equal is skipped. Weights are not exported, so ``keep_weights`` is not
    among what an imported run observed.

    Raises:
        StoreError: if a folder is refused; if the store holds another result of a run, other
            answers, or predictions that do not fit the answers; or if a living process is training
            one of the runs. Then nothing is written.
    """
    return import_exports([read_exported(folder) for folder in folders], store)


def import_exports(exports: Sequence[Exported], store: RunStore) -> Imported:
    """Add exports that were read; see :func:`import_folders`."""
    # Also where a run that seems to be trained is refused below.
    store.database.write(settle_heartbeats)
    # Again after a commit whose answer was lost, all would be counted as present.
    added = store.database.write(lambda c: [_import(c, export) for export in exports])
    num_results = sum(len(export.results) for export in exports)
    return Imported(sum(added), num_results - sum(added))


@contextmanager
def store_to_fill(path: str, *, artifacts: Path | None) -> Iterator[RunStore]:
    """Open a store, made where it is missing; if what follows fails, what was made goes again.

    Raises:
        StoreError: as :meth:`.RunStore.open`.
    """
    location = locate(path, artifacts=artifacts)
    folders = {location.folder, *location.folder.parents}
    if location.database is not None:
        folders |= {*location.database.parents}
    missing = sorted((f for f in folders if not os.path.lexists(f)), key=lambda f: -len(f.parts))
    is_new = not is_there(path, artifacts=artifacts)
    try:
        with RunStore.open(path, create=True, artifacts=artifacts) as store:
            try:
                yield store
            except BaseException:
                if is_new:
                    store.database.discard()
                raise
    except BaseException:
        if location.folder in missing:
            shutil.rmtree(location.folder, ignore_errors=True)
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()
        raise


def _import(connection: Connection, export: Exported) -> int:
    try:
        return _add_export(connection, export)
    except StoreError as error:
        raise StoreError(f"import {str(export.folder)!r}: {error}; nothing was imported") from None


def _add_export(connection: Connection, export: Exported) -> int:
    for study in export.studies:
        insert_study(
            connection,
            study.spec,
            started_at=study.started_at,
            registrations=study.registrations,
            started_as=study.started_as,
        )
    plans: dict[tuple[str, int], list[PlanLine]] = defaultdict(list)
    for line in export.lines:
        plans[line.study, line.engine_version].append(line)
    for (name, engine_version), lines in plans.items():
        insert_runs(
            connection,
            name,
            [line.planned for line in lines],
            engine_version=engine_version,
            asked=[line.asked for line in lines],
        )
    for look in export.looks:
        insert_look(connection, look)
    new = _new_results(connection, export)
    _add_answers(connection, export)
    for first in range(0, len(new), _RESULTS_AT_ONCE):
        _add_results(connection, new[first : first + _RESULTS_AT_ONCE])
    return len(new)


def _add_answers(connection: Connection, export: Exported) -> None:
    """Add them, and hold them against what was there: predictions need not come with answers."""
    digests = {result.data_digest for result in export.results}
    known = read_answers(connection, digests | export.answers.keys())
    write_answers(connection, export.answers)
    for result in export.results:
        if result.data_digest in known:
            check_predictions(result.record, known[result.data_digest])
    check_stored_predictions(
        connection, {d: export.answers[d] for d in export.answers.keys() - known.keys()}
    )


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
                f"run {record.run_id} has another result in the store ({', '.join(differing)} "
                "differ)"
            )
        if states[record.run_id].status == "running":
            raise StoreError(f"run {record.run_id} is being trained")
    return new


def _is_over(state: RunState) -> bool:
    return state.has_result or state.status == "failed"


def _add_results(connection: Connection, results: Sequence[ExportedResult]) -> None:
    write_results(connection, [(result.record, result.recorded_at) for result in results])
    attempts = [{"key": r.record.run_id, "number": r.attempts} for r in results]
    statement = update(runs).where(runs.c.run_id == bindparam("key"))
    connection.execute(statement.values(attempts=bindparam("number")), attempts)
