"""The views of claims: a line each, and what each verdict rests on."""

import math
from collections.abc import Iterator

from ...analysis import Analysis
from ...analysis.claims import ClaimResult, ComponentResult
from ...numbers import counted, degrees, number, percent, signed, significant
from .. import words
from ..tables import View, make_view

_MOST_CELLS = 6


def claim_views(analysis: Analysis) -> Iterator[View | None]:
    """The verdicts, the components that were judged, and what is beside mechanisms."""
    judged, digits = words.judged_claims(analysis), words.digits_of(analysis)
    rows = [(c.id, words.claim_verdict(c), c.statement, _remarks(c)) for c in judged]
    note = (
        f"Each claim is a family of its own, at {percent(analysis.alpha)}. "
        f"{words.unjudged_text(analysis)}"
    )
    yield make_view("claims", "Claims", ("claim", "verdict", "statement", "remarks"), rows, note)
    parts = [(c.id, *_component(c, part, digits)) for c in judged for part in _shown(c)]
    limits = ("estimate", "SE", "df", "lower", "bound", "upper", "refuted below")
    note = (
        "Of a claim of the paper the component that decides, or is nearest to it; --json has all. "
        "Supported: all lower limits are above their bounds; refuted: an upper limit is below the "
        "value for that (C2, a ratio, is the other way round). Lower limits are at "
        f"{percent(1 - analysis.alpha)}, upper ones at 1 - {analysis.alpha:.3g}/K for K components."
    )
    header = ("claim", "component", *limits)
    yield make_view("components", "What the claims rest on", header, parts, note, digits=digits)
    yield _changes_view(analysis)


def _changes_view(analysis: Analysis) -> View | None:
    rows, said, digits = [], [], words.digits_of(analysis)
    for found in analysis.associations:
        own = words.digits_for(max(abs(row.signal) for row in found.changes))
        rows += [
            (", ".join(row.cell), found.step, signed(row.signal, own), signed(row.response, digits))
            for row in found.changes
        ]
        if found.rank_correlation is not None:
            said.append(
                f"by {found.step} {signed(found.rank_correlation, 2)} "
                f"({counted(len(found.changes), 'cell')})"
            )
    note = (
        "Exploratory, no verdict. Signal flow in natural logarithms: of E f'^2 by augmentation, of "
        "|g first| / |g last| by identity mapping."
    )
    if said:
        note += f" Rank correlation of the two changes {', '.join(said)}."
    header = ("cell", "with against without", "log of signal flow", words.unit(analysis))
    title = "What changes with the signal flow"
    return make_view("changes", title, header, rows, note, digits=digits)


def _remarks(claim: ClaimResult) -> str:
    cells = [", ".join(cell) for cell in claim.missing]
    lacks = f"no runs in {words.listed(cells, most=_MOST_CELLS)}" if cells else ""
    of = f"of {claim.response}" if claim.response else ""
    return "; ".join(filter(None, (of, *words.claim_notes(claim), lacks)))


def _component(claim: ClaimResult, part: ComponentResult, digits: int) -> tuple[object, ...]:
    bound: object = part.bound
    refutation: object = part.refutation
    if claim.response and part.standard_error > 0:  # signal flow has a scale of its own
        digits = max(2, words.digits_for(part.standard_error) - 1)
        bound, refutation = significant(part.bound), significant(part.refutation)
    lower, upper = number(part.lower, digits), number(part.upper, digits)
    estimate, error = signed(part.estimate, digits), number(part.standard_error, digits)
    return part.name, estimate, error, degrees(part.df), lower, bound, upper, refutation


def _shown(claim: ClaimResult) -> list[ComponentResult]:
    judged = [part for part in claim.components if part.is_judged]
    if not claim.is_shipped or not judged:
        return judged

    def excess(part: ComponentResult) -> float:
        """How far a component is from deciding: the one that refutes most clearly comes first."""
        is_refuted = claim.verdict == "refuted"
        found = part.upper - part.refutation if is_refuted else part.lower - part.bound
        return math.inf if math.isnan(found) else found

    return [min(judged, key=excess)]
