"""Results: written once per run id, read as they were written.

The functions work inside the caller's transaction, so that a result is there as a whole or not.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select, update

from ..errors import StoreError
from .environment import fingerprint_id
from .leases import Claim, drop, require
from .records import EpochRecord, RunRecord
from .schema import environments, epochs, now, predictions, probes, runs, short_hash, to_json
from .states import chunks

RECORD_COLUMNS = (
    "status",
    "test_accuracy",
    "best_test_accuracy",
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
_RESULT_COLUMNS = (*RECORD_COLUMNS, "num_epochs", "environment_id", "observed", "recorded_at")


def record_result(connection: Connection, claim: Claim, record: RunRecord) -> None:
    """Write the result of a claimed run and give the claim back.

    Raises:
        StaleClaimError: if the claim was lost.
        StoreError: if the run was observed again and came out otherwise.
    """
    require(connection, claim)
    old = read_result(connection, claim.run_id)
    write_result(connection, record if old is None else _observed_again(old, record))
    drop(connection, claim)


def write_result(
    connection: Connection, record: RunRecord, *, recorded_at: str | None = None
) -> None:
    """Write a result over whatever the run had."""
    values = {name: getattr(record, name) for name in RECORD_COLUMNS} | {
        "num_epochs": len(record.epochs),
        "environment_id": _keep_environment(connection, record.environment),
        "observed": to_json(sorted(record.observed)),
        "recorded_at": recorded_at or now(),
        "accident": None,
    }
    connection.execute(update(runs).where(runs.c.run_id == record.run_id).values(values))
    _clear(connection, record.run_id)
    if record.epochs:
        rows = [{"run_id": record.run_id, **asdict(epoch)} for epoch in record.epochs]
        connection.execute(insert(epochs), rows)
    for table, packed in ((predictions, record.predictions), (probes, record.probes)):
        if packed is not None:
            connection.execute(insert(table).values(run_id=record.run_id, packed=packed))


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
        last_line = (new.traceback or "").strip().rpartition("\n")[2]
        raise StoreError(
            f"run {old.run_id} failed when it was observed again, its result stays: {last_line}"
        )
    if (old.status, old.weights_sha256) != (new.status, new.weights_sha256):
        raise StoreError(
            f"run {old.run_id} came out otherwise when it was observed again (weights "
            f"{new.weights_sha256}, recorded {old.weights_sha256}): its first result stays; was it "
            "trained on another machine?"
        )
    if "test_curve" in old.observed and "test_curve" not in new.observed:
        new = replace(new, epochs=old.epochs, best_test_accuracy=old.best_test_accuracy)
    if new.probes is None:
        new = replace(new, probes=old.probes)
    return replace(new, observed=tuple({*old.observed, *new.observed}))


def _keep_environment(connection: Connection, environment: dict[str, Any]) -> str:
    details = to_json(environment)
    key = short_hash(details)
    is_it = environments.c.environment_id == key
    if connection.execute(select(environments.c.environment_id).where(is_it)).first() is None:
        fingerprint = environment.get("fingerprint", {})
        connection.execute(
            insert(environments).values(
                environment_id=key,
                fingerprint_id=fingerprint_id(fingerprint),
                device=fingerprint.get("device"),
                details=details,
            )
        )
    return key


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
