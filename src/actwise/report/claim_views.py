"""What the verdicts on claims rest on, in a few lines for a terminal."""

import math
from collections.abc import Iterator

from ..analysis.claim import ClaimResult, ComponentResult
from ..analysis.numbers import counted, number, signed
from ..analysis.results import Analysis
from .check_views import is_users
from .views import View, digits_of, make_view

_MOST_CELLS = 6


def claim_views(analysis: Analysis) -> Iterator[View]:
    """Every component of a user's claim, the one that decides of a claim of the paper."""
    digits = digits_of(analysis)
    rows = [
        (
            claim.id,
            part.name,
            signed(part.estimate, digits),
            number(part.lower, digits),
            number(part.upper, digits),
            number(part.bound, digits),
            number(part.refutation, digits),
        )
        for claim in analysis.claims
        for part in _shown(claim)
    ]
    lacking = [_lacking(claim) for claim in analysis.claims if is_users(claim) and claim.missing]
    if not rows and not lacking:
        return
    header = ("claim", "component", "estimate", "lower", "upper", "bound", "refuted")
    note = (
        "The claims of the paper with the component that decides, or is nearest to it. Supported: "
        "all lower limits are above their bounds; refuted: an upper limit is below the value for "
        "that (C2, a ratio, is the other way round)."
    )
    text = " ".join((*([note] if rows else []), *lacking))
    yield make_view("What the claims rest on", header, rows, left=2, note=text, most_rows=len(rows))


def _shown(claim: ClaimResult) -> tuple[ComponentResult, ...]:
    judged = tuple(part for part in claim.components if not math.isnan(part.bound))
    return judged if is_users(claim) or not judged else (_deciding(claim, judged),)


def _deciding(claim: ClaimResult, judged: tuple[ComponentResult, ...]) -> ComponentResult:
    """The component that refutes most clearly, else the one that is furthest from support."""

    def excess(part: ComponentResult) -> float:
        is_refuted = claim.verdict == "refuted"
        found = part.upper - part.refutation if is_refuted else part.lower - part.bound
        return math.inf if math.isnan(found) else found

    return min(judged, key=excess)


def _lacking(claim: ClaimResult) -> str:
    """Cells without runs, or the pattern of a claims file that matched none."""
    shown = "; ".join(", ".join(cell) for cell in claim.missing[:_MOST_CELLS])
    rest = len(claim.missing) - _MOST_CELLS
    more = f"; and {counted(rest, 'more cell')}" if rest > 0 else ""
    return f"{claim.id} lacks runs of: {shown}{more}."
