"""Who trains what: leases with fencing tokens, and how a dead owner's lease is taken over.

The functions work inside the caller's transaction. A lease is there while somebody holds the
run; it says nothing about whether that process still lives, which :class:`Owner` does.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
    RowMapping,
    Select,
    Text,
    case,
    delete,
    insert,
    select,
    update,
)

from ...errors import StoreError
from ..database import dialect_of, is_repeated
from ..database.schema import leases, marks, runs
from ..database.waiting import WAIT_SECONDS
from .owners import LEASE_SECONDS, Owner

# How often it is noted that some driver reached the server; for how long none did, that it counts
# as away: more than lies between two heartbeats; and how long a driver may take to come back, which
# is more than a pause and a try to connect.
_SIGN_SECONDS, _SILENCE_SECONDS, _GRACE_SECONDS = 5.0, LEASE_SECONDS / 3, LEASE_SECONDS / 2


class StaleLeaseError(StoreError):
    """A lease was lost: its owner was taken for dead, or its run was removed."""


@dataclass(frozen=True)
class Lease:
    """The right to record the result of one run.

    Attributes:
        token: Fencing token: of two leases on a run, the later has the greater. It enters the
            names of checkpoints.
        attempt: How often the run has been tried, this time included.
    """

    run_id: str
    token: int
    owner: Owner
    attempt: int


def lease_next(
    connection: Connection,
    run_ids: Sequence[str],
    owner: Owner,
    *,
    again: Collection[str],
) -> Lease | None:
    """Take the first of these runs that nobody holds and that has no result.

    Where others take runs at the same moment, each gets another one.

    Args:
        connection: Of a transaction.
        run_ids: At most as many as fit into a statement.
        owner: Takes it.
        again: Those of them that may be finished or diverged too.

    Raises:
        StoreError: if none can be taken and one of them is not in the store.
    """
    settle_heartbeats(connection)
    held = {row["run_id"]: row for row in _read_leases(connection, run_ids)}
    mine = next((row for row in held.values() if owner_of(row) == owner), None)
    if is_repeated(connection) and mine is not None:
        # The answer that told of it was lost.
        of_run = select(runs.c.attempts).where(runs.c.run_id == mine["run_id"])
        attempts = connection.execute(of_run).scalar_one()
        return Lease(mine["run_id"], mine["token"], owner, attempts)
    left = [i for i in run_ids if i not in held or not is_live(connection, held[i])]
    while left and (run := _lock_first(connection, left, again)):
        left.remove(run.run_id)
        # It may have been taken, and let go of, since the leases were read.
        rows = _read_leases(connection, [run.run_id])
        if not any(is_live(connection, row) for row in rows):
            return _take(connection, run, owner, rows)
    _refuse_unknown(connection, run_ids)
    return None


def _lock_first(
    connection: Connection, run_ids: Sequence[str], again: Collection[str]
) -> Any | None:
    """The first of these that has the status for it and is not just being taken by another."""
    is_wanted = runs.c.status == "pending"
    if repeated := [run_id for run_id in run_ids if run_id in again]:
        has_result = runs.c.status.in_(("finished", "diverged"))
        is_wanted |= runs.c.run_id.in_(repeated) & has_result
    places = {run_id: place for place, run_id in enumerate(run_ids)}
    query = (
        select(runs.c.run_id, runs.c.attempts)
        .where(runs.c.run_id.in_(run_ids), is_wanted)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if len(places) > 1:
        query = query.order_by(case(places, value=runs.c.run_id))
    return connection.execute(query).first()


def _take(
    connection: Connection, run: Row[Any], owner: Owner, dead: Collection[RowMapping]
) -> Lease:
    values: dict[str, object] = {"attempts": run.attempts + 1}
    for row in dead:
        connection.execute(delete(leases).where(leases.c.token == row["token"]))
        values["accident"] = f"{owner_of(row)} ended without a result"
    connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(values))
    seconds = dialect_of(connection).seconds()
    lease = {"run_id": run.run_id, **asdict(owner), "heartbeat": seconds}
    statement = insert(leases).values(lease).returning(leases.c.token)
    return Lease(
        run.run_id, connection.execute(statement).scalar_one(), owner, int(run.attempts) + 1
    )


def _refuse_unknown(connection: Connection, run_ids: Sequence[str]) -> None:
    query = select(runs.c.run_id).where(runs.c.run_id.in_(run_ids))
    known = set(connection.execute(query).scalars())
    for run_id in run_ids:
        if run_id not in known:
            raise StoreError(f"run {run_id} is in no study of this store")


def renew_leases(connection: Connection, owner: Owner) -> tuple[str, ...]:
    """Renew all leases of ``owner``; the ids of the runs that it still holds."""
    is_owner = (
        (leases.c.host == owner.host)
        & (leases.c.boot_id == owner.boot_id)
        & (leases.c.pid == owner.pid)
        & (leases.c.process_start == owner.process_start)
    )
    settle_heartbeats(connection)
    seconds = dialect_of(connection).seconds()
    connection.execute(update(leases).where(is_owner).values(heartbeat=seconds))
    held = select(leases.c.run_id).where(is_owner).order_by(leases.c.token)
    return tuple(connection.execute(held).scalars())


def put_back(connection: Connection, lease: Lease, reason: str | None, *, was_tried: bool) -> None:
    """Drop a lease without a result; if nothing was tried, it counts as no attempt."""
    lock_run(connection, lease.run_id)
    if not drop_lease(connection, lease):
        return
    statement = update(runs).where(runs.c.run_id == lease.run_id)
    if was_tried:
        connection.execute(statement.values(accident=reason))
    else:
        connection.execute(statement.values(attempts=runs.c.attempts - 1))


def drop_lease(connection: Connection, lease: Lease) -> bool:
    """Delete the lease of ``lease``; False if it was lost."""
    return connection.execute(delete(leases).where(_is_lease_of(lease))).rowcount == 1


def lock_run(connection: Connection, run_id: str) -> None:
    """Let nobody else decide on a run before this transaction ends."""
    connection.execute(select(runs.c.run_id).where(runs.c.run_id == run_id).with_for_update())


def require_lease(connection: Connection, lease: Lease) -> None:
    """Check the fencing token.

    Raises:
        StaleLeaseError: if the lease was lost.
    """
    if connection.execute(select(leases.c.token).where(_is_lease_of(lease))).first() is None:
        raise StaleLeaseError(
            f"the lease {lease.token} on run {lease.run_id} was lost to another process or with "
            "the run; its result is not recorded"
        )


def settle_heartbeats(connection: Connection) -> None:
    """Put heartbeats right that tell nothing of their owners, before anybody is judged by them.

    Those of clocks that run ahead count from now: nobody lives on in the future. On a server that
    no driver could reach for a while, all who may have waited for it are given time to come back.
    """
    dialect = dialect_of(connection)
    now = dialect.seconds()
    if not dialect.sees_processes:
        _note_sign(connection, now)
    connection.execute(update(leases).where(leases.c.heartbeat > now).values(heartbeat=now))


def _note_sign(connection: Connection, now: ColumnElement[float]) -> None:
    is_sign = marks.c.name == "sign"
    since = select(now - marks.c.value.cast(Float)).where(is_sign)
    silence = connection.execute(since).scalar()
    if silence is not None and silence < _SIGN_SECONDS:
        return
    # Of several that come back at once, the others wait until one has seen to it.
    silence = connection.execute(since.with_for_update()).scalar()
    if silence is None or silence > _SILENCE_SECONDS:
        youngest = now - (LEASE_SECONDS - _GRACE_SECONDS)
        may_wait = leases.c.heartbeat > now - (LEASE_SECONDS + WAIT_SECONDS)
        is_old = leases.c.heartbeat < youngest
        connection.execute(update(leases).where(may_wait & is_old).values(heartbeat=youngest))
    connection.execute(dialect_of(connection).insert_new(marks), {"name": "sign", "value": "0"})
    connection.execute(update(marks).where(is_sign).values(value=now.cast(Text)))


def is_live(connection: Connection, lease: RowMapping) -> bool:
    """Whether the owner of a lease may still be at work."""
    return owner_of(lease).is_alive(
        seconds_since_heartbeat=lease["elapsed"],
        is_seen=dialect_of(connection).sees_processes,
    )


def owner_of(lease: RowMapping) -> Owner:
    """The owner in a row of ``leases``."""
    return Owner(lease["host"], lease["boot_id"], lease["pid"], lease["process_start"])


def live_owners(connection: Connection) -> dict[str, Owner]:
    """The living owner of every run that has one, by run id."""
    rows = connection.execute(_all_leases(connection)).mappings()
    return {row["run_id"]: owner_of(row) for row in rows if is_live(connection, row)}


def _read_leases(connection: Connection, run_ids: Sequence[str]) -> Sequence[RowMapping]:
    query = _all_leases(connection).where(leases.c.run_id.in_(run_ids))
    return connection.execute(query).mappings().all()


def _all_leases(connection: Connection) -> Select[Any]:
    elapsed = dialect_of(connection).seconds() - leases.c.heartbeat
    return select(leases, elapsed.label("elapsed"))


def _is_lease_of(lease: Lease) -> ColumnElement[bool]:
    return (leases.c.token == lease.token) & (leases.c.run_id == lease.run_id)
