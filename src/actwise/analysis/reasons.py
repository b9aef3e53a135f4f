"""The sentences below the decision: what supports it, and what limits it."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap

from .conditions import PairRow, Separation
from .effects import EffectSize
from .estimate import ALPHA
from .evidence import Evidence
from .external import EXTERNAL_CAUTION, EXTERNAL_SOURCE
from .numbers import counted, p_text
from .reading import level_text

_MOST_PLACES = 4
_MOST_NAMES = 8
_VERDICT_WORDS = {"better": "shown", "worse": "shown"}
_SCOPE = (
    ("width", "width {}"),
    ("train.epochs", "{} epochs"),
    ("train.train_size", "{} training images"),
)
"""Setting -> how it is told."""


def reasons_of(
    evidence: Evidence,
    separations: Sequence[Separation],
    simple: Sequence[PairRow],
    sizes: Sequence[EffectSize],
) -> tuple[str, ...]:
    """What a reader of the headline must know besides, a sentence each.

    Args:
        evidence: In points.
        separations: Best against second best in each condition.
        simple: All pairs in all conditions.
        sizes: Of the decomposition, in points.
    """
    focus = evidence.observed.focus
    return (
        *_separated(separations),
        *_verdicts(simple),
        *_interaction(sizes, focus),
        *_change_of_leader(separations, sizes, focus),
        *_error(evidence),
        *_diverged(evidence),
    )


def unfinished(flow: Mapping[str, int]) -> str:
    """How many planned runs have no result yet; "" where all have ended."""
    missing = flow.get("missing", 0)
    if not missing:
        return ""
    verb = "is" if missing == 1 else "are"
    total = counted(flow.get("planned", 0), "planned run")
    return f"{missing:,} of {total} {verb} missing: provisional."


def scope_of(settings: Mapping[str, object]) -> str:
    """The settings that most limit what runs can say; "" where the source knows none."""
    known = [
        text.format(settings[name]) for name, text in _SCOPE if settings.get(name) not in (None, "")
    ]
    return f"These runs speak for {joined(known)}." if known else ""


def separated_at(separations: Sequence[Separation], num_levels: int) -> str:
    """Where the best is separated although the levels share no condition; "" where nowhere."""
    found = [row for row in separations if row.is_separated]
    if not found:
        return ""
    places = [f"{row.best} at {', '.join(starmap(level_text, row.condition))}" for row in found]
    left = len(places) - _MOST_PLACES
    more = f"; and {left} more" if left > 0 else ""
    return (
        f"No condition has runs of all {num_levels}, so there is no ranking. The best is separated "
        f"in some conditions: {'; '.join(places[:_MOST_PLACES])}{more}."
    )


def joined(names: Sequence[str], word: str = "and") -> str:
    """Names as a list in a sentence; of very many only the first."""
    left = len(names) - _MOST_NAMES
    if left > 1:
        return f"{', '.join(names[:_MOST_NAMES])} {word} {left} others"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"


def _separated(separations: Sequence[Separation]) -> Iterator[str]:
    if not separations:
        return
    separated = [row for row in separations if row.is_separated]
    total = counted(len(separations), "condition")
    text = f"In {len(separated)} of {total} the best is separated from the second best (Holm)"
    winners = Counter(row.best for row in separated)
    yield f"{text}: {_counts(winners)}." if winners else f"{text}."
    if left_open := sum(row.reason == "diverged" for row in separations):
        yield f"In {counted(left_open, 'condition')} diverged runs leave open which is the best."
    leading = Counter("a tie" if row.is_tie else row.best for row in separations)
    yield f"The best mean by condition: {_counts(leading)}."
    if len(winners) > 1:
        yield "Different ones win: choose by condition, not on average."


def _verdicts(simple: Sequence[PairRow]) -> Iterator[str]:
    if simple:
        # Which of a pair is the better one is a matter of the order, so not told here.
        counts = Counter(_VERDICT_WORDS.get(row.verdict, row.verdict) for row in simple)
        listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        yield f"Differences of pairs in single conditions: {listed}."


def _interaction(sizes: Sequence[EffectSize], focus: str) -> Iterator[str]:
    """Whether a choice on average misses what matters most."""
    shares = {size.term: size.share for size in sizes if not math.isnan(size.share)}
    term = max(shares, key=lambda name: shares[name], default=focus)
    if term != focus:
        yield (
            f"The largest part of what involves {focus} is {term} ({shares[term]:.0f} %, against "
            f"{shares.get(focus, 0.0):.0f} % of {focus} alone): look at the conditions too."
        )


def _change_of_leader(
    separations: Sequence[Separation], sizes: Sequence[EffectSize], focus: str
) -> Iterator[str]:
    """Whether the best mean changes with one factor alone, and differences with it too."""
    found = _leaders_of(separations)
    if found is None:
        return
    factor, leaders = found
    terms = [size for size in sizes if not math.isnan(size.share)]
    for size in terms:
        p = size.p * len(terms)  # Bonferroni, as none of these terms was picked beforehand
        if {*size.term.split(":")} == {factor, focus} and p <= ALPHA:
            places = [f"{best} at {level_text(factor, level)}" for level, best in leaders.items()]
            said = p_text(p) if p_text(p).startswith("<") else f"= {p_text(p)}"
            yield (
                f"Differences change with {factor} ({size.term}, p {said}), and the best mean with "
                f"them: {joined(places)}. Look at each alone (--where)."
            )


def _leaders_of(separations: Sequence[Separation]) -> tuple[str, Mapping[str, str]] | None:
    """The first factor whose levels alone tell which level leads, and who leads at each."""
    factors = separations[0].condition if separations else ()
    for position, (factor, _) in enumerate(factors):
        leaders: dict[str, set[str]] = {}
        for row in separations:
            leader = "a tie" if row.is_tie else row.best
            leaders.setdefault(row.condition[position][1], set()).add(leader)
        only = {level: found.pop() for level, found in leaders.items() if len(found) == 1}
        if len(only) == len(leaders) and len(set(only.values())) > 1:
            return factor, only
    return None


def _error(evidence: Evidence) -> Iterator[str]:
    """Where the error comes from, if not from the runs as usual, and at which level it decides."""
    if evidence.single_run:
        yield _single_runs(evidence)
    if evidence.variance == "cell":
        yield (
            "Each cell has its own variance (Satterthwaite); sums of squares and F tests keep the "
            "pooled one."
        )
    if evidence.alpha != ALPHA:
        yield (
            f"The planned looks share {100 * ALPHA:.0f} %: this one decides at "
            f"{100 * evidence.alpha:.1f} %, and intervals match."
        )


def _single_runs(evidence: Evidence) -> str:
    """Why the run-to-run deviation is not that of these runs, and what stands in its place."""
    model = evidence.pooled
    parts = [part for part in model.parts if part.name in evidence.single_run]
    known = [part.name for part in parts if part.df > 0]
    unknown = [part.name for part in parts if not part.df > 0]
    places = [place for part in parts for place in part.members_G]
    where = "" if evidence.is_single_run else f" of {joined([part.name for part in parts])}"
    why = f"Every cell{where} has one run"
    if several := int((model.counts_C[places] > 1).sum()):
        why = (
            f"Further runs in {several} of {counted(len(places), 'cell')}{where} leave no degrees "
            "of freedom beside the seeds' effects"
        )
    if not known:
        lacking = "no difference" if evidence.is_single_run else "no difference there"
        return f"{why}, and no run-to-run deviation is known: {lacking} can be judged."
    elsewhere = (
        f"{why}: the run-to-run deviation on {joined(known)} is taken from elsewhere "
        f"({EXTERNAL_SOURCE}), and nothing can be shown to be equivalent"
        f"{'' if evidence.is_single_run else ' there'}"
    )
    more = f"; for {joined(unknown)} none is known" if unknown else ""
    return f"{elsewhere}{more}. Nothing here confirms it: {EXTERNAL_CAUTION}."


def _diverged(evidence: Evidence) -> Iterator[str]:
    if evidence.diverged:
        place = evidence.observed.position(evidence.observed.focus)
        levels = sorted({cell[place] for cell in evidence.diverged})
        yield (
            f"Runs of {joined(levels)} diverged: means are of those that did not, and what chance "
            "accuracy in their place would change is not decided."
        )


def _counts(winners: Counter[str]) -> str:
    return ", ".join(f"{level} in {count}" for level, count in winners.most_common())
