"""Verdicts on differences and claims in words."""

from ...analysis import Analysis
from ...analysis.claims import ClaimResult
from ...analysis.differences import Judged
from .names import listed, short_number
from .scope import training_text

_NOTES = {
    "half-measured": "the mechanism is not part of it: it can be refuted, not supported",
    "no-percentage": "it is about accuracies in percent, which were not measured",
    "no-probes": "it is about signal flow, which was not measured ([observe] probes)",
    "lower-is-better": "the response is taken as it is given, lower is better",
}


def verdict_text(judged: Judged, *, is_change: bool = False) -> str:
    """``better``, ``worse, fragile``, ``undecided (diverged)``; of a change larger or smaller."""
    words = {"better": "larger", "worse": "smaller"} if is_change else {}
    word = words.get(judged.verdict, judged.verdict)
    if judged.is_fragile:
        return f"{word}, fragile"
    return word if judged.reason in ("ok", "imprecise") else f"{word} ({judged.reason})"


def pairs_note(analysis: Analysis) -> str:
    """How the verdicts on pairs came about."""
    judged = [row.judged for row in analysis.pairs]
    if not judged:
        return ""
    p, margins = judged[0].p[-1], sorted({row.margin.points for row in judged})
    ends = margins if len(margins) < 4 else [margins[0], margins[-1]]
    shown = (" or " if len(margins) < 4 else " to ").join(map(short_number, ends))
    inside = f"inside the margin ({shown})" if margins[0] > 0 else "never, without --margin"
    by = f"the adjusted two-sided p ({p.method}; {p.family}, {p.size})"
    if not p.size:
        by = "p, which there is not, since nothing is known of the run-to-run deviation"
    return (
        f"The verdict is on the first of the two: equivalent {inside}, else better or worse by "
        f"the interval and {by}."
        + " Fragile: the pair's own variance does not say the same."
        * any(row.is_fragile for row in judged)
    )


def claims_line(analysis: Analysis) -> str:
    """``hold C6; do not hold C1, C3; undecided C2``; empty where none can be judged."""
    judged = judged_claims(analysis)
    words = {"supported": ("holds", "hold"), "refuted": ("does not hold", "do not hold")}
    words["undecided"] = ("undecided", "undecided")
    parts = []
    for verdict, (one, several) in words.items():
        ids = [claim.id for claim in judged if claim.verdict == verdict]
        early = [c.id for c in judged if c.verdict == verdict and c.reason == "hardly-learned"]
        if ids:
            label = " (hardly learned)" if verdict != "undecided" and early == ids else ""
            some = f" (hardly learned: {', '.join(early)})" if early and early != ids else ""
            parts.append(f"{one if len(ids) == 1 else several} {', '.join(ids)}{label or some}")
    return "; ".join(parts)


def judged_claims(analysis: Analysis) -> list[ClaimResult]:
    """Those of which the study has the cells, and all that a user asks for."""
    return [claim for claim in analysis.claims if claim.components or not claim.is_shipped]


def claim_verdict(claim: ClaimResult) -> str:
    """``holds``, ``does not hold at this scale (fragile)``, ``undecided (imprecise)``."""
    word = {"supported": "holds", "refuted": "does not hold"}.get(claim.verdict, claim.verdict)
    scale = " at this scale" if claim.scale_matches is False and word != "undecided" else ""
    is_said = claim.reason in ("ok", "other-scale")
    return f"{word}{scale}" if is_said else f"{word}{scale} ({claim.reason})"


def unjudged_text(analysis: Analysis) -> str:
    """Which claims cannot be judged here; empty where all can."""
    judged = judged_claims(analysis)
    rest = [claim.id for claim in analysis.claims if claim not in judged]
    return f"Not judged, since the study lacks their cells: {listed(rest)}." if rest else ""


def claims_scale(analysis: Analysis) -> str:
    """Where the verdicts on claims hold: ``Claims at width 1/4, 6 epochs``, or ``Claims``."""
    judged = judged_claims(analysis)
    if not any(claim.scale_matches is False for claim in judged):
        return "Claims"
    names = dict.fromkeys(name for claim in judged for name in claim.scale)
    values = {n: tuple(v for claim in judged for v in claim.scale.get(n, ())) for n in names}
    return f"Claims at {training_text(values) or 'this scale'}"


def claim_notes(claim: ClaimResult) -> list[str]:
    """What a reader must know of a claim besides."""
    return [_NOTES[code] for code in claim.notes if code in _NOTES]
