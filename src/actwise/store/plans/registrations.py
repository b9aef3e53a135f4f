"""What was fixed when a study was started: its plan and the claims in force, by their hashes.

A conclusion may be called confirmatory only if what it tests was fixed before the first result;
this is the record by which that can be checked.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select, update

from ...spec import PlannedRun
from ..database import now
from ..database.schema import studies, to_json


@dataclass(frozen=True)
class Registration:
    """A plan and claims, and since when they are known.

    Attributes:
        recorded_at: Time of day, UTC.
        plan_sha256: Of the planned run ids, which hold every setting, the data and users' code.
        claims: SHA-256 of each set of claims, by its name.
    """

    recorded_at: str
    plan_sha256: str
    claims: Mapping[str, str]

    def includes(self, other: "Registration") -> bool:
        """Whether nothing of ``other`` but its time is new."""
        return self.plan_sha256 == other.plan_sha256 and other.claims.items() <= self.claims.items()


def register(
    connection: Connection, planned: Sequence[PlannedRun], claims: Mapping[str, str]
) -> Registration:
    """The registration of a plan and claims now."""
    run_ids = "\n".join(sorted({run.run_id for run in planned}))
    return Registration(now(connection), hashlib.sha256(run_ids.encode()).hexdigest(), dict(claims))


def add_registrations(
    connection: Connection, study: str, study_hash: str, new: Iterable[Registration]
) -> None:
    """Add to those of a stored spec what is new; the first time that something was known counts."""
    is_it = (studies.c.study == study) & (studies.c.study_hash == study_hash)
    text = connection.execute(select(studies.c.registered).where(is_it)).scalar_one()
    known = list(read_registrations(text))
    for entry in sorted(new, key=lambda registration: registration.recorded_at):
        if not any(old.includes(entry) and old.recorded_at <= entry.recorded_at for old in known):
            known.append(entry)
    known.sort(key=lambda registration: registration.recorded_at)
    stored = to_json([asdict(registration) for registration in known]) if known else None
    connection.execute(update(studies).where(is_it).values(registered=stored))


def read_registrations(text: str | None) -> tuple[Registration, ...]:
    """From the stored text; none of a spec that was started before they were kept."""
    return tuple(Registration(**entry) for entry in json.loads(text or "[]"))
