"""Results: written once per run id, read as they were written.

The functions work inside the caller's transaction, so that a result is there as a whole or not.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, bindparam, delete, insert, select, update

from ...errors import StoreError
from ...usercode import exception_line
from ..database import chunks, dialect_of, is_repeated, now
from ..database.schema import (
    environments,
    epochs,
    leases,
    predictions,
    probes,
    runs,
    short_hash,
    to_json,
)
from ..records import LAST_ONLY, Answers, EpochRecord, RunRecord, fingerprint_id
from ..records.probes import observed_probes, probes_of
from .answers import data_digest_of, read_answers, read_data_digests, write_answers
from .leases import Lease, drop_lease, lock_run, require_lease

RECORD_COLUMNS = (
    "status",
    "test_accuracy",
    "best_test_accuracy",
    "reestimated_accuracy",
    "validation_accuracy",
    "train_accuracy",
    "test_loss",
    "train_seconds",
    "images_per_second",
    "weights_sha256",
    "predictions_sha256",
    "traceback",
)
"""Columns of ``runs`` that are fields of a RunRecord, with the same value."""
_DETERMINISTIC = (
    "status",
    "weights_sha256",
    "predictions_sha256",
    "test_accuracy",
    "validation_accuracy",
    "train_accuracy",
    "test_loss",
)
_OBSERVED = ("best_test_accuracy", "reestimated_accuracy", "probes")
"""What a result has only if it was asked for."""
_RESULT_COLUMNS = (*RECORD_COLUMNS, "num_epochs", "environment_id", "observed", "recorded_at")


class OtherResultError(StoreError):
    """A run was observed again and failed or came out otherwise: its first result stays."""


def record_result(connection: Connection, lease: Lease, record: RunRecord) -> None:
    """Write the result of a leased run and give the lease back; once, also if it is repeated.

    Raises:
        StaleLeaseError: if the lease was lost.
        OtherResultError: if the run was observed again and came out otherwise.
    """
    lock_run(connection, lease.run_id)
    if is_repeated(connection) and _is_written(connection, record):
        return
    require_lease(connection, lease)
    old = read_result(connection, lease.run_id)
    if old is not None:
        record = _observed_again(old, record)
        _clear(connection, lease.run_id)
    write_results(connection, [(record, now(connection))])
    drop_lease(connection, lease)


def _is_written(connection: Connection, record: RunRecord) -> bool:
    """Whether this very training has its result: its time tells it from every other one."""
    names = ("status", "weights_sha256", "train_seconds")
    query = select(*(runs.c[name] for name in names)).where(runs.c.run_id == record.run_id)
    has_lease = select(leases.c.token).where(leases.c.run_id == record.run_id)
    found = connection.execute(query.where(~has_lease.exists())).first()
    return found is not None and tuple(found) == tuple(getattr(record, name) for name in names)


def write_results(connection: Connection, results: Sequence[tuple[RunRecord, str]]) -> None:
    """Write results of runs that have none, each with the time at which it was recorded."""
    environment_ids = _keep_environments(connection, [record for record, _ in results])
    rows = [
        {
            "key": record.run_id,
            **{name: getattr(record, name) for name in RECORD_COLUMNS},
            "num_epochs": len(record.epochs),
            "environment_id": environment_ids[record.run_id],
            "observed": to_json(sorted(record.observed)),
            "recorded_at": recorded_at,
            "accident": None,
        }
        for record, recorded_at in results
    ]
    names = [name for name in rows[0] if name != "key"]
    statement = update(runs).where(runs.c.run_id == bindparam("key"))
    connection.execute(statement.values({name: bindparam(name) for name in names}), rows)
    _insert(
        connection,
        epochs,
        [{"run_id": r.run_id, **vars(epoch)} for r, _ in results for epoch in r.epochs],
    )
    for table, field in ((predictions, "predictions"), (probes, "probes")):
        packed = [{"run_id": r.run_id, "packed": getattr(r, field)} for r, _ in results]
        _insert(connection, table, [row for row in packed if row["packed"] is not None])
    _write_answers(connection, [record for record, _ in results])


def read_result(connection: Connection, run_id: str) -> RunRecord | None:
    """A result with everything that was recorded, None while there is none."""
    row = connection.execute(select(runs).where(runs.c.run_id == run_id)).mappings().first()
    if row is None or row["status"] == "pending":
        return None
    return RunRecord(
        run_id=run_id,
        **{name: row[name] for name in RECORD_COLUMNS},
        epochs=_read_epochs(connection, run_id),
        environment=_read_environment(connection, row),
        observed=tuple(json.loads(row["observed"])),
        predictions=_read_packed(connection, predictions, run_id),
        answers=_read_answers(connection, row),
        probes=_read_packed(connection, probes, run_id),
    )


def reopen_failed(connection: Connection, run_ids: Iterable[str]) -> int:
    """Make failed runs pending again, and nothing else; how many there were."""
    empty = dict.fromkeys(_RESULT_COLUMNS) | {"status": "pending"}
    count = 0
    for chunk in chunks(run_ids):
        is_failed = runs.c.run_id.in_(chunk) & (runs.c.status == "failed")
        failed = connection.execute(select(runs.c.run_id).where(is_failed)).scalars().all()
        for run_id in failed:
            _clear(connection, run_id)
        connection.execute(update(runs).where(is_failed).values(empty))
        count += len(failed)
    return count


def differing_fields(old: RunRecord, new: RunRecord) -> list[str]:
    """Which deterministic fields of two results of one run differ."""
    found = [name for name in _DETERMINISTIC if getattr(old, name) != getattr(new, name)]
    return found if len(old.epochs) == len(new.epochs) else [*found, "epochs"]


def _observed_again(old: RunRecord, new: RunRecord) -> RunRecord:
    """The new result with what only the old one observed; refused if the training differs."""
    if new.status == "failed":
        raise OtherResultError(
            f"run {old.run_id} failed when it was observed again, its result stays: "
            f"{exception_line(new.traceback or '')}"
        )
    if (old.status, old.weights_sha256) != (new.status, new.weights_sha256):
        raise OtherResultError(
            f"run {old.run_id} came out otherwise when it was observed again (weights "
            f"{new.weights_sha256}, recorded {old.weights_sha256}): its first result stays; was it "
            "trained on another machine?"
        )
    is_as_long = len(new.epochs) == len(old.epochs)
    kept = tuple(map(_with_curves_of, new.epochs, old.epochs)) if is_as_long else new.epochs
    of_old = {name: getattr(old, name) for name in _OBSERVED if getattr(new, name) is None}
    before, after = probes_of(old.observed), probes_of(new.observed)
    if before is not None and after is not None and before.holds(after):
        of_old["probes"] = old.probes
    sparser = after if of_old.get("probes") else before
    observed = {*old.observed, *new.observed}
    if sparser is not None and before != after:
        observed.discard(observed_probes(sparser))
    if LAST_ONLY not in old.observed or LAST_ONLY not in new.observed:
        observed.discard(LAST_ONLY)
    return replace(
        new,
        epochs=kept,
        observed=tuple(observed),
        **of_old,
    )


def _with_curves_of(new: EpochRecord, old: EpochRecord) -> EpochRecord:
    """An epoch with the accuracies and losses that only an earlier training of it has."""
    lacking = {f.name for f in fields(new) if getattr(new, f.name) is None}
    return replace(new, **{name: getattr(old, name) for name in lacking})


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    # Without rows, SQLAlchemy would insert one row of defaults.
    if rows:
        connection.execute(insert(table), rows)


def _keep_environments(connection: Connection, records: Iterable[RunRecord]) -> dict[str, str]:
    """Store what is new among the environments; their key by run id."""
    known = set(connection.execute(select(environments.c.environment_id)).scalars())
    keys = {}
    for record in records:
        details = to_json(record.environment)
        keys[record.run_id] = key = short_hash(details)
        if key not in known:
            known.add(key)
            fingerprint = record.environment.get("fingerprint", {})
            row = {
                "environment_id": key,
                "fingerprint_id": fingerprint_id(fingerprint),
                "device": fingerprint.get("device"),
                "details": details,
            }
            # Another driver may write the same at this moment.
            new = dialect_of(connection).insert_new(environments)
            connection.execute(new, row)
    return keys


def _write_answers(connection: Connection, records: Iterable[RunRecord]) -> None:
    known = {record.run_id: record.answers for record in records if record.answers is not None}
    if known:
        digests = read_data_digests(connection, known)
        write_answers(connection, {digests[run_id]: known[run_id] for run_id in known})


def _read_answers(connection: Connection, run: RowMapping) -> Answers | None:
    if run["predictions_sha256"] is None:
        return None
    digest = data_digest_of(run["settings"])
    return read_answers(connection, [digest]).get(digest)


def _read_environment(connection: Connection, run: RowMapping) -> dict[str, Any]:
    is_it = environments.c.environment_id == run["environment_id"]
    details = connection.execute(select(environments.c.details).where(is_it)).scalar_one()
    return dict(json.loads(details))


def _read_epochs(connection: Connection, run_id: str) -> tuple[EpochRecord, ...]:
    columns = [column for column in epochs.c if column.name != "run_id"]
    query = select(*columns).where(epochs.c.run_id == run_id).order_by(epochs.c.epoch)
    return tuple(_epoch(row) for row in connection.execute(query).mappings())


def _epoch(row: RowMapping) -> EpochRecord:
    values: dict[str, Any] = dict(row)
    for name in ("train_loss", "train_accuracy", "learning_rate", "seconds"):
        if values[name] is None:
            values[name] = math.nan
    return EpochRecord(**values)


def _read_packed(connection: Connection, table: Table, run_id: str) -> bytes | None:
    query = select(table.c.packed).where(table.c.run_id == run_id)
    return connection.execute(query).scalar_one_or_none()


def _clear(connection: Connection, run_id: str) -> None:
    for table in (epochs, predictions, probes):
        connection.execute(delete(table).where(table.c.run_id == run_id))
