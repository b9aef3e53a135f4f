"""What was fixed before the first result, by the record that the store keeps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...spec.claims import FIRST_EDITION_SHA256, MECHANISM_CLAIMS, claims_in_force
from ...store import Registration


@dataclass(frozen=True)
class ClaimsOrigin:
    """A set of claims and since when it is known.

    Attributes:
        name, sha256: Of the set; the hash is that of what it says.
        recorded_at: When it was first recorded with one of the studies, UTC; None if never.
        fixed: "beforehand": before the first result. "earlier-edition": before the first result
            the first edition of the shipped claims was recorded, and this one was written after
            results were seen. "afterwards", "not-recorded": verdicts are exploratory.
        earlier_at: When the first edition was recorded, where that is how it was fixed.
    """

    name: str
    sha256: str
    recorded_at: str | None
    fixed: Literal["beforehand", "earlier-edition", "afterwards", "not-recorded"]
    earlier_at: str | None = None


@dataclass(frozen=True)
class PlanOrigin:
    """A plan by its hash, when it was first recorded (UTC), and whether before the first result."""

    sha256: str
    recorded_at: str
    is_beforehand: bool


def claims_origins(
    registrations: Sequence[Registration],
    *,
    first_result: str | None,
    claims: Path | None = None,
    is_probed: bool = False,
) -> tuple[ClaimsOrigin, ...]:
    """The shipped claims, then those of a file.

    Args:
        registrations: Of the studies whose runs are judged.
        first_result: Time of their first result, UTC; None without.
        claims: A file of claims.
        is_probed: Whether the shipped claims about signal flow are judged.

    Raises:
        SpecError: if the file cannot be read.
    """
    times = {
        sha256: entry.recorded_at
        for entry in sorted(registrations, key=lambda entry: entry.recorded_at, reverse=True)
        for sha256 in entry.claims.values()
    }
    found: list[ClaimsOrigin] = []
    for name, sha256 in claims_in_force(claims).items():
        if name == MECHANISM_CLAIMS and not is_probed:
            continue
        time = times.get(sha256)
        earlier = None if found else times.get(FIRST_EDITION_SHA256)
        if _is_before(time, first_result):
            found.append(ClaimsOrigin(name, sha256, time, "beforehand"))
        elif _is_before(earlier, first_result):
            found.append(ClaimsOrigin(name, sha256, time, "earlier-edition", earlier))
        else:
            found.append(ClaimsOrigin(name, sha256, time, "afterwards" if time else "not-recorded"))
    return tuple(found)


def plan_origins(
    registrations: Sequence[Registration], *, first_result: str | None
) -> Iterator[PlanOrigin]:
    """Every plan of a study, in the order in which they were recorded; none of an old store."""
    times: dict[str, str] = {}
    for entry in sorted(registrations, key=lambda entry: entry.recorded_at):
        times.setdefault(entry.plan_sha256, entry.recorded_at)
    for sha256, time in times.items():
        yield PlanOrigin(sha256, time, _is_before(time, first_result))


def _is_before(time: str | None, first_result: str | None) -> bool:
    return time is not None and (first_result is None or time < first_result)
