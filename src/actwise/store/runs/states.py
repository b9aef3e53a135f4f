"""How runs stand, and which of them have a result. Reads no blobs."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select

from ...errors import StoreError
from ..database import chunks
from ..database.schema import runs
from ..records import Status
from .leases import live_owners
from .owners import Owner


@dataclass(frozen=True)
class RunState:
    """How one run stands.

    Attributes:
        status: ``running`` is a run without a result that a living process holds.
        attempts: Number of leases, but those that were given back untried.
        observed: Observations that the result holds.
        owner: The living process that holds the run, also to observe a finished one again.
        accident: Why the last lease ended without a result, None if none did.
    """

    run_id: str
    status: Literal["pending", "running"] | Status
    attempts: int
    observed: tuple[str, ...]
    owner: Owner | None
    accident: str | None

    @property
    def has_result(self) -> bool:
        """Whether the run is finished or diverged, so that it need not be trained."""
        return self.status in ("finished", "diverged")

    @property
    def is_put_back(self) -> bool:
        """Whether its last attempt ended in an accident, and nobody tries it now."""
        return self.status == "pending" and self.accident is not None


def read_states(connection: Connection, run_ids: Iterable[str] | None) -> dict[str, RunState]:
    """The state of every run asked for (None: of all) that the store knows."""
    columns = (runs.c.run_id, runs.c.status, runs.c.attempts, runs.c.observed, runs.c.accident)
    query = select(*columns)
    owners = live_owners(connection)
    states: dict[str, RunState] = {}
    for chunk in [None] if run_ids is None else chunks(run_ids):
        narrowed = query if chunk is None else query.where(runs.c.run_id.in_(chunk))
        for run_id, status, attempts, observed, accident in connection.execute(narrowed):
            owner = owners.get(run_id)
            shown: Any = "running" if owner and status == "pending" else status
            names = tuple(json.loads(observed)) if observed else ()
            states[run_id] = RunState(run_id, shown, attempts, names, owner, accident)
    return states


def read_finished(
    connection: Connection, spec_hashes: Iterable[str], engine_versions: Iterable[int]
) -> dict[str, str]:
    """The run id of a result for each spec that has one, of the newest of these engines."""
    found: dict[str, str] = {}
    versions = list(engine_versions)
    for chunk in chunks(spec_hashes):
        query = (
            select(runs.c.spec_hash, runs.c.run_id)
            .where(runs.c.spec_hash.in_(chunk), runs.c.engine_version.in_(versions))
            .where(runs.c.status.in_(("finished", "diverged")))
            .order_by(runs.c.engine_version)
        )
        found |= {row.spec_hash: row.run_id for row in connection.execute(query)}
    return found


def require_run(connection: Connection, run_id: str) -> str:
    """The id of a run; a StoreError if it is not in the store."""
    read_settings(connection, run_id)
    return run_id


def read_settings(connection: Connection, run_id: str) -> dict[str, Any]:
    """What a run's id was made of.

    Raises:
        StoreError: if the run is not in the store.
    """
    query = select(runs.c.settings).where(runs.c.run_id == run_id)
    text = connection.execute(query).scalar_one_or_none()
    if text is None:
        raise StoreError(f"run {run_id} is in no study of this store")
    return dict(json.loads(text))


def read_run_id(connection: Connection, beginning: str) -> str:
    """The one run id that begins so.

    Raises:
        StoreError: if none or several do.
    """
    query = select(runs.c.run_id).where(
        runs.c.run_id.startswith(beginning.lower(), autoescape=True)
    )
    found = connection.execute(query.order_by(runs.c.run_id).limit(4)).scalars().all()
    if not found:
        raise StoreError(f"no run of this store has an id that begins with {beginning!r}")
    if len(found) > 1:
        raise StoreError(f"several runs begin with {beginning!r}: {', '.join(found)}")
    return str(found[0])
