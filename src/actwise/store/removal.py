"""``store rm`` and ``store gc``: taking out what is not wanted, and what nobody needs."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, delete, select

from ..errors import StoreError
from .database import chunks, own_folder, own_run_files, refuse_folder_of_another, run_of
from .database.schema import environments, runs, studies, study_runs
from .plans import mark_aliases, require_study
from .runs import drop_unused_answers, kept_weights, live_owners, settle_heartbeats
from .store import RunStore

_FILES_AT_ONCE = 100


@dataclass(frozen=True)
class Removed:
    """What ``remove`` took out.

    Attributes:
        num_labels: Lines of the study's plan.
        run_ids: Runs that no study asks for any more, with their results.
        shared_run_ids: Runs that stay, since another label or study asks for them.
        files: Their weights, logs and checkpoints.
    """

    num_labels: int
    run_ids: tuple[str, ...]
    shared_run_ids: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Garbage:
    """What ``collect_garbage`` found, and deleted unless asked only to look.

    Attributes:
        files: Checkpoints of runs that are over, and files of runs that do not exist.
        num_bytes: Size of these files.
        run_ids: Runs that no study asks for.
        freed_bytes: By how much the database file shrank.
    """

    files: tuple[Path, ...]
    num_bytes: int
    run_ids: tuple[str, ...]
    freed_bytes: int


def remove(store: RunStore, study: str, run_ids: Collection[str] | None = None) -> Removed:
    """Take a study, or some runs of it, out of a store, files too.

    Runs that another study asks for stay; with the last of its runs the study goes.

    Raises:
        UnknownNameError: if there is no such study.
        StoreError: if one of ``run_ids`` is not in the study, or a run to be removed is being
            trained, or the artifacts folder belongs to another store; then nothing is removed.
    """
    own_folder(store.location, store.database)
    with store.database.writing() as connection:
        settle_heartbeats(connection)
    with store.database.writing() as connection:
        require_study(connection, study)
        taken = _take_labels(connection, study, run_ids)
        _refuse_unknown(study, set(run_ids or ()) - set(taken))
        orphans = _orphans(connection)
        _refuse_live(connection, orphans)
        _delete_runs(connection, orphans)
        _drop_if_empty(connection, study)
        mark_aliases(connection, study)
    gone = set(orphans)
    # Files go after the commit: without their run they are garbage, a run without them is not.
    files = [path for path in own_run_files(store.location) if run_of(path) in gone]
    _unlink(files)
    shared = sorted(set(taken) - gone)
    return Removed(len(taken), tuple(orphans), tuple(shared), tuple(files))


def collect_garbage(store: RunStore, *, dry_run: bool = False) -> Garbage:
    """Delete what nobody needs and give the space back; with ``dry_run`` only list it.

    Garbage are checkpoints of runs with a result, weights without a result or under a lease that
    ended, half-written files, all files of unknown runs, and runs that no study asks for. Nothing
    of a run that a living process holds is touched, and no file that is not named after a
    run, nor what lies elsewhere and is linked to: two stores may share it.

    Raises:
        StoreError: if the store cannot be written, or the artifacts folder belongs to another
            store; then nothing is deleted.
    """
    if dry_run:
        refuse_folder_of_another(store.location, store.database)
        found = own_run_files(store.location)
        read = store.database.read
        orphans, files = read(lambda c: (_free_orphans(c), _garbage(c, found)))
        return Garbage(tuple(files), _size(files), tuple(orphans), 0)
    own_folder(store.location, store.database)
    found = own_run_files(store.location)
    store.database.write(settle_heartbeats)
    orphans = store.database.write(_delete_orphans)
    files = store.database.read(lambda c: _garbage(c, found))
    num_bytes = _size(files)
    for first in range(0, len(files), _FILES_AT_ONCE):
        # The write lock keeps drivers from leasing a run whose files are about to go; not for long.
        some = files[first : first + _FILES_AT_ONCE]
        store.database.write(partial(_unlink_garbage, files=some))
    freed_bytes = store.database.shrink()
    return Garbage(tuple(files), num_bytes, tuple(orphans), freed_bytes)


def _delete_orphans(connection: Connection) -> list[str]:
    """Delete the runs that no study asks for and nobody holds; which they were."""
    orphans = _free_orphans(connection)
    _delete_runs(connection, orphans)
    return orphans


def _free_orphans(connection: Connection) -> list[str]:
    live = live_owners(connection)
    return [run_id for run_id in _orphans(connection) if run_id not in live]


def _garbage(connection: Connection, files: Sequence[Path]) -> list[Path]:
    """Those of these files that nobody needs."""
    live = live_owners(connection)
    is_kept = runs.c.run_id.in_(select(study_runs.c.run_id))
    query = select(runs.c.run_id, runs.c.status).where(is_kept)
    statuses: dict[str, str] = {}
    for chunk in chunks({run_of(path) for path in files}):
        rows = connection.execute(query.where(runs.c.run_id.in_(chunk)))
        statuses |= {row.run_id: row.status for row in rows}
    free = (path for path in files if run_of(path) not in live)
    return [path for path in free if _is_garbage(path, statuses.get(run_of(path)))]


def _is_garbage(path: Path, status: str | None) -> bool:
    """Whether a file of a run of that status (None: unknown) that nobody holds can go."""
    if status is None or path.suffix == ".tmp":
        return True
    if path.parent.name == "checkpoints":
        return status != "pending"
    if path.parent.name == "weights":
        is_kept = path == kept_weights(path.parent, run_of(path))
        return not is_kept or status not in ("finished", "diverged")
    return False


def _unlink_garbage(connection: Connection, files: Sequence[Path]) -> None:
    _unlink(_garbage(connection, files))


def _take_labels(connection: Connection, study: str, run_ids: Collection[str] | None) -> list[str]:
    """Delete lines of a study's plan; the run id of each."""
    is_of_study = study_runs.c.study == study
    taken: list[str] = []
    for chunk in [None] if run_ids is None else chunks(run_ids):
        is_meant = is_of_study if chunk is None else is_of_study & study_runs.c.run_id.in_(chunk)
        meant = select(study_runs.c.run_id).where(is_meant)
        taken += connection.execute(meant).scalars()
        connection.execute(delete(study_runs).where(is_meant))
    return taken


def _refuse_unknown(study: str, run_ids: set[str]) -> None:
    if run_ids:
        raise StoreError(f"run {min(run_ids)} is not in study {study!r}")


def _orphans(connection: Connection) -> list[str]:
    asked_for = select(study_runs.c.run_id).where(study_runs.c.run_id == runs.c.run_id)
    query = select(runs.c.run_id).where(~asked_for.exists()).order_by(runs.c.run_id)
    return list(connection.execute(query).scalars())


def _refuse_live(connection: Connection, run_ids: Iterable[str]) -> None:
    owners = live_owners(connection)
    for run_id in run_ids:
        if run_id in owners:
            raise StoreError(
                f"run {run_id} is being trained by {owners[run_id]}; stop it before removing it"
            )


def _delete_runs(connection: Connection, run_ids: Iterable[str]) -> None:
    for chunk in chunks(run_ids):
        connection.execute(delete(runs).where(runs.c.run_id.in_(chunk)))
    used = select(runs.c.environment_id).where(runs.c.environment_id.is_not(None))
    connection.execute(delete(environments).where(environments.c.environment_id.not_in(used)))
    drop_unused_answers(connection)


def _drop_if_empty(connection: Connection, study: str) -> None:
    has_runs = select(study_runs.c.run_id).where(study_runs.c.study == study).limit(1)
    if connection.execute(has_runs).first() is None:
        connection.execute(delete(studies).where(studies.c.study == study))


def _size(files: Iterable[Path]) -> int:
    return sum(_num_bytes(path) for path in files)


def _num_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0  # A driver that took the run over in the meantime has used it up.


def _unlink(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
