"""Results of users' code, whose ids change with the code: how what it was before is found."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from .database.schema import runs
from .plans import StoredRun, read_mixtures, read_versions
from .store import RunStore


@dataclass(frozen=True)
class UsersResult:
    """A finished or diverged run of users' code, and what its id was made of."""

    run_id: str
    seed: int
    settings: dict[str, Any]


def users_results(store: RunStore, engine_versions: Iterable[int]) -> list[UsersResult]:
    """All that these engines trained, oldest first."""
    query = (
        select(runs.c.run_id, runs.c.seed, runs.c.settings)
        .where(runs.c.engine_version.in_(list(engine_versions)))
        .where(runs.c.status.in_(("finished", "diverged")))
        .where(runs.c.settings.contains('"code":'))
        .order_by(runs.c.engine_version, runs.c.recorded_at)
    )
    rows = store.database.read(lambda connection: connection.execute(query).all())
    return [UsersResult(row.run_id, row.seed, json.loads(row.settings)) for row in rows]


def mixtures(store: RunStore, study: str | None, planned: Iterable[StoredRun]) -> tuple[str, ...]:
    """What is to be said of lines of a plan where versions of code or data count together."""
    lines = {(line.study, line.label, line.run_id) for line in planned}
    return store.database.read(lambda c: read_mixtures(c, read_versions(c, study), lines))
