"""The decision first: what to use, with what certainty, or that nothing can be concluded."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .conditions import PairRow, Separation
from .effects import EffectSize
from .evidence import Evidence
from .ranking import RankRow


@dataclass(frozen=True)
class Decision:
    """What follows from the runs, in words.

    Attributes:
        headline: One sentence.
        reasons: What supports and what limits it, a sentence each.
        recommended: The levels among which the data do not decide; empty where nothing can be
            concluded.
        is_conclusive: Whether exactly one level is left.
    """

    headline: str
    reasons: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()
    is_conclusive: bool = False


def nothing(why: str) -> Decision:
    """No conclusion, and why."""
    return Decision(f"Nothing can be concluded: {why}.")


def decide(
    evidence: Evidence,
    ranking: Sequence[RankRow],
    separations: Sequence[Separation],
    simple: Sequence[PairRow],
    *,
    sizes: Sequence[EffectSize] = (),
) -> Decision:
    """The decision that ranking, separations and verdicts allow.

    Args:
        evidence: In points.
        ranking: Of the compared factor's levels.
        separations: Best against second best in each condition.
        simple: All pairs in all conditions.
        sizes: Of the decomposition, in points.
    """
    done = evidence.observed.completed()
    if not done.num_runs:
        return nothing(_no_run(evidence))
    levels = done.levels_of(done.focus)
    if len(levels) < 2:
        return nothing(f"{levels[0]} is the only {done.focus} with a completed run")
    reasons = (*_reasons(evidence, separations, simple), *_interaction(sizes, done.focus))
    if not ranking:
        split = _split(separations)
        if split:
            return Decision(split, reasons)
        return Decision(
            f"Nothing can be concluded about one best {done.focus}: no condition has runs of all "
            f"{len(levels)}.",
            reasons,
        )
    if not ranking[0].behind_best.is_testable:
        why = "cells have single runs and no run-to-run deviation is known for them"
        return Decision(f"Nothing can be concluded: {why}.", reasons)
    kept = tuple(row.level for row in ranking if row.may_be_best)
    if touched := [level for level in kept if _has_diverged(evidence, level)]:
        reasons = (
            *reasons,
            f"Runs of {_list(touched)} diverged; its mean is of those that did not.",
        )
    if len(kept) == 1:
        return Decision(_one(ranking, evidence), reasons, kept, is_conclusive=not touched)
    return Decision(_several(ranking, kept, done.focus, simple), reasons, kept)


def _no_run(evidence: Evidence) -> str:
    observed = evidence.observed
    if observed.num_runs:
        return f"all {observed.num_runs} runs diverged"
    return "no run has completed"


def _one(ranking: Sequence[RankRow], evidence: Evidence) -> str:
    best, second = ranking[0], ranking[1]
    gap = -best.behind_best.value
    lower, upper = sorted(-limit for limit in best.behind_best.interval())
    return (
        f"Use {best.level}: on average over the conditions it is the only one that may be the best "
        f"(95 %), ahead of {second.level} by {gap:.2f} points ({lower:.2f} to {upper:.2f})."
    )


def _several(
    ranking: Sequence[RankRow], kept: Sequence[str], focus: str, simple: Sequence[PairRow]
) -> str:
    rest = [row.level for row in ranking if not row.may_be_best]
    among = [row for row in simple if row.high in kept and row.low in kept]
    if among and all(row.verdict == "equivalent" for row in among):
        return f"Use any of {_list(kept)}: they are equivalent in every condition."
    tail = f" Not the best: {_list(rest)}." if rest else ""
    return (
        f"No single best {focus} is shown: {_list(kept)} cannot be told apart on average over the "
        f"conditions (95 %).{tail}"
    )


def _split(separations: Sequence[Separation]) -> str:
    found = [row for row in separations if row.is_separated]
    if not found:
        return ""
    places = [f"{row.best} at {', '.join(level for _, level in row.condition)}" for row in found]
    more = f"; and {len(places) - 4} more" if len(places) > 4 else ""
    return f"The best is separated in some conditions only: {'; '.join(places[:4])}{more}."


def _reasons(
    evidence: Evidence, separations: Sequence[Separation], simple: Sequence[PairRow]
) -> list[str]:
    sentences = []
    separated = [row for row in separations if row.is_separated]
    if separations:
        text = f"In {len(separated)} of {len(separations)} conditions the best is separated from "
        text += "the second best (Holm)"
        winners = Counter(row.best for row in separated)
        if winners:
            text += ": " + ", ".join(
                f"{level} in {count}" for level, count in winners.most_common()
            )
        sentences.append(text + ".")
        highest = Counter(row.best for row in separations)
        sentences.append(f"The best mean by condition: {_counts(highest)}.")
        if len(winners) > 1:
            sentences.append("Different ones win: choose by condition, not on average.")
    if simple:
        counts = Counter(row.verdict for row in simple)
        listed = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
        sentences.append(f"Differences of pairs in single conditions: {listed}.")
    if evidence.is_single_run:
        sentences.append(
            "Every cell has one run: the run-to-run deviation is taken from elsewhere "
            "(bank trottier), and nothing can be shown to be equivalent."
        )
    return sentences


def _interaction(sizes: Sequence[EffectSize], focus: str) -> list[str]:
    """Whether a choice on average misses what matters most."""
    shares = {size.term: size.share for size in sizes if not math.isnan(size.share)}
    term = max(shares, key=lambda name: shares[name], default=focus)
    if term == focus:
        return []
    return [
        f"The largest part of what involves {focus} is {term} ({shares[term]:.0f} %, against "
        f"{shares.get(focus, 0.0):.0f} % of {focus} alone): look at the conditions too."
    ]


def _has_diverged(evidence: Evidence, level: str) -> bool:
    place = evidence.observed.position(evidence.observed.focus)
    return any(cell[place] == level for cell in evidence.diverged)


def _counts(winners: Counter[str]) -> str:
    return ", ".join(f"{level} in {count}" for level, count in winners.most_common())


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
