"""Who trains what: leases with fencing tokens, and how a dead owner's lease is taken over.

The functions work inside the caller's transaction. A lease is there while somebody holds the
run; it says nothing about whether that process still lives, which :class:`Owner` does.
"""

import time
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from ...errors import StoreError
from ..database.schema import leases, runs
from .owners import Owner


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


def lease_run(connection: Connection, run_id: str, owner: Owner, *, again: bool) -> Lease | None:
    """Take a run; None if it has a result (unless ``again``) or a living process holds it.

    Raises:
        StoreError: if the run is not in the store.
    """
    run = connection.execute(
        select(runs.c.status, runs.c.attempts).where(runs.c.run_id == run_id)
    ).one_or_none()
    if run is None:
        raise StoreError(f"run {run_id} is in no study of this store")
    if run.status not in (("pending", "finished", "diverged") if again else ("pending",)):
        return None
    values: dict[str, object] = {"attempts": run.attempts + 1}
    date_back(connection)
    held = connection.execute(select(leases).where(leases.c.run_id == run_id)).mappings().first()
    if held is not None:
        if is_live(held):
            return None
        connection.execute(delete(leases).where(leases.c.token == held["token"]))
        values["accident"] = f"{owner_of(held)} ended without a result"
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(values))
    lease = {"run_id": run_id, **asdict(owner), "heartbeat": time.time()}
    token = connection.execute(insert(leases).values(lease).returning(leases.c.token)).scalar_one()
    return Lease(run_id, token, owner, run.attempts + 1)


def renew_leases(connection: Connection, owner: Owner) -> tuple[str, ...]:
    """Renew all leases of ``owner``; the ids of the runs that it still holds."""
    is_owner = (
        (leases.c.host == owner.host)
        & (leases.c.boot_id == owner.boot_id)
        & (leases.c.pid == owner.pid)
        & (leases.c.process_start == owner.process_start)
    )
    connection.execute(update(leases).where(is_owner).values(heartbeat=time.time()))
    date_back(connection)
    held = select(leases.c.run_id).where(is_owner).order_by(leases.c.token)
    return tuple(connection.execute(held).scalars())


def put_back(connection: Connection, lease: Lease, reason: str | None, *, was_tried: bool) -> None:
    """Drop a lease without a result; if nothing was tried, it counts as no attempt."""
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


def date_back(connection: Connection) -> None:
    """Count the heartbeats of clocks that run ahead from now: nobody lives on in the future."""
    now = time.time()
    connection.execute(update(leases).where(leases.c.heartbeat > now).values(heartbeat=now))


def is_live(lease: RowMapping) -> bool:
    """Whether the owner of a row of ``leases`` may still be at work."""
    elapsed = time.time() - lease["heartbeat"]
    return owner_of(lease).is_alive(seconds_since_heartbeat=elapsed)


def owner_of(lease: RowMapping) -> Owner:
    """The owner in a row of ``leases``."""
    return Owner(lease["host"], lease["boot_id"], lease["pid"], lease["process_start"])


def live_owners(connection: Connection) -> dict[str, Owner]:
    """The living owner of every run that has one, by run id."""
    rows = connection.execute(select(leases)).mappings()
    return {row["run_id"]: owner_of(row) for row in rows if is_live(row)}


def _is_lease_of(lease: Lease) -> ColumnElement[bool]:
    return (leases.c.token == lease.token) & (leases.c.run_id == lease.run_id)
