"""What was fixed beforehand, by the record that the store keeps; all else is exploratory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import __version__
from ..spec.claims import SHIPPED_CLAIMS, hash_claims_file
from .claim_text import claims_sha256
from .claims import PAPER_CLAIMS
from .reading import StudyResults

_DIGITS = 12


@dataclass(frozen=True)
class ClaimsOrigin:
    """A set of claims and since when it is known.

    Attributes:
        name: Of the set.
        sha256: Of what it says.
        recorded_at: When the store first noted it with one of the studies, UTC; None if never.
        is_beforehand: Whether that was before the first result.
        remark: What a reader must know besides.
    """

    name: str
    sha256: str
    recorded_at: str | None
    is_beforehand: bool
    remark: str = ""

    def __str__(self) -> str:
        shown = f"{self.name} (SHA-256 {self.sha256[:_DIGITS]}{self.remark})"
        if self.recorded_at is None:
            return f"{shown}: not recorded beforehand: exploratory"
        order = "before" if self.is_beforehand else "after"
        label = "" if self.is_beforehand else ": exploratory"
        when = minute(self.recorded_at)
        return f"{shown}: recorded with the plan on {when}, {order} the first run's result{label}"


def claims_origin(source: StudyResults, *, claims: Path | None, margin: float | None) -> str:
    """For each set of claims, and a margin that was asked for, whether it was fixed beforehand.

    Raises:
        SpecError: if the claims file cannot be read.
    """
    sentences = [str(origin) for origin in claims_origins(source, claims=claims)]
    if margin is not None:
        sentences.append(f"the margin of {margin:g} points was asked for now: exploratory")
    return "; ".join(sentences)


def claims_origins(source: StudyResults, *, claims: Path | None) -> tuple[ClaimsOrigin, ...]:
    """The shipped claims, then those of a file.

    Raises:
        SpecError: if the file cannot be read.
    """
    remark = f", shipped with actwise {__version__}"
    if source.kind == "bank":
        remark += ", read off published results, the bank paper's among them"
    found = [_origin(SHIPPED_CLAIMS, claims_sha256(PAPER_CLAIMS), source, remark)]
    if claims is not None:
        found.append(_origin(claims.name, hash_claims_file(claims), source))
    return tuple(found)


def study_sentences(source: StudyResults) -> Iterator[str]:
    """When each study was started and its plan recorded, before or after the first result."""
    for note in source.studies:
        yield (
            f"Study {note.study}, spec {note.study_hash[:_DIGITS]}, was started on "
            f"{minute(note.started_at)}, {_order(note.started_at, source)} the first result."
        )
        plans = {entry.plan_sha256: entry.recorded_at for entry in reversed(note.registrations)}
        for digest, time in reversed(plans.items()):
            yield (
                f"Its plan, SHA-256 {digest[:_DIGITS]}, was recorded on {minute(time)}, "
                f"{_order(time, source)} the first result."
            )
        if not plans:
            yield "Its plan was not recorded beforehand: the store is older than such records."


def minute(time: str) -> str:
    """A time of day as people read it."""
    return f"{time[:16].replace('T', ' ')} UTC"


def _origin(name: str, sha256: str, source: StudyResults, remark: str = "") -> ClaimsOrigin:
    times = [
        entry.recorded_at
        for note in source.studies
        for entry in note.registrations
        if sha256 in entry.claims.values()
    ]
    first = min(times, default=None)
    is_beforehand = first is not None and _is_before(first, source)
    return ClaimsOrigin(name, sha256, first, is_beforehand, remark)


def _order(time: str, source: StudyResults) -> str:
    return "before" if _is_before(time, source) else "after"


def _is_before(time: str, source: StudyResults) -> bool:
    return source.first_result is None or time < source.first_result
