"""The decision first: what to use, with what certainty, or that nothing can be concluded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .asked import strictest_margin
from .conditions import PairRow, Separation
from .coverage import Coverage
from .disagreement import disagreement
from .divergence import near_chance, unknown_chance
from .effects import EffectSize
from .equivalence import judge
from .evidence import Evidence, is_percent
from .numbers import counted, number, percent, span
from .ranking import RankRow
from .reasons import joined, reasons_of, separated_at
from .table import Observations
from .units import decimals, in_points


@dataclass(frozen=True)
class Decision:
    """What follows from the runs, in words.

    Attributes:
        headline: One sentence.
        reasons: What supports and what limits it, a sentence each.
        recommended: The levels among which the data do not decide, or which are equivalent; empty
            where nothing can be concluded about the whole study.
        is_conclusive: Whether exactly one level is left.
    """

    headline: str
    reasons: tuple[str, ...] = ()
    recommended: tuple[str, ...] = ()
    is_conclusive: bool = False


def nothing(why: str) -> Decision:
    """No conclusion, and why."""
    return Decision(f"Nothing can be concluded: {why}.")


def no_run(observed: Observations) -> str:
    """Why there is nothing to decide by, where no run has completed."""
    if not observed.num_runs:
        return "no run has completed"
    return (
        "the only run diverged"
        if observed.num_runs == 1
        else f"all {observed.num_runs:,} runs diverged"
    )


def decide(
    evidence: Evidence,
    ranking: Sequence[RankRow],
    at_chance: Sequence[RankRow],
    separations: Sequence[Separation],
    simple: Sequence[PairRow],
    *,
    coverage: Coverage,
    sizes: Sequence[EffectSize] = (),
    unfinished: str = "",
    scope: str = "",
) -> Decision:
    """The decision that ranking, separations and verdicts allow.

    Args:
        evidence: In points.
        ranking: Of the compared factor's levels, by their completed runs.
        at_chance: The same with diverged runs at chance accuracy; empty where none diverged, or
            where that accuracy is not known.
        separations: Best against second best in each condition.
        simple: All pairs in all conditions.
        coverage: Over how many conditions of the study the levels are ranked.
        sizes: Of the decomposition, in points.
        unfinished: How many planned runs are missing, a sentence; "" where none is.
        scope: The settings for which the runs speak, a sentence; "" where none is known.
    """
    done = evidence.observed.completed()
    if not done.num_runs:
        return nothing(no_run(evidence.observed))
    levels = done.levels_of(done.focus)
    if len(levels) < 2:
        return nothing(f"{levels[0]} is the only {done.focus} with a completed run")
    reasons = reasons_of(evidence, separations, simple, sizes)
    found = _headline(evidence, ranking, at_chance, separations, simple, coverage)
    if unfinished and found.is_conclusive:
        found = replace(found, headline=_one(ranking, evidence, "So far"), is_conclusive=False)
    return replace(found, reasons=(*filter(None, (scope, unfinished)), *reasons))


def _headline(
    evidence: Evidence,
    ranking: Sequence[RankRow],
    at_chance: Sequence[RankRow],
    separations: Sequence[Separation],
    simple: Sequence[PairRow],
    coverage: Coverage,
) -> Decision:
    done = evidence.observed.completed()
    if not ranking:
        return Decision(
            separated_at(separations, len(done.levels_of(done.focus)))
            or f"Nothing can be concluded about one best {done.focus}: no condition has runs of "
            f"all {len(done.levels_of(done.focus))}."
        )
    if why := _no_deviation(evidence, ranking):
        return nothing(why)
    if why := _hardly_learned(done):
        return nothing(why)
    kept = _possible_best(ranking)
    if evidence.diverged and set(_possible_best(at_chance)) != set(kept):
        return nothing(_diverged(evidence, kept, _possible_best(at_chance)))
    if not coverage.is_whole:
        return Decision(_partial(ranking, kept, evidence, coverage))
    if evidence.single_run:
        return Decision(_from_single_runs(ranking, evidence, separations))
    if headline := disagreement(ranking[0].level, separations, simple):
        return Decision(headline)
    margin = strictest_margin(evidence, dict.fromkeys(done.cells, 1.0))
    same = _equivalent(ranking, margin)
    if evidence.diverged:
        same = tuple(level for level in same if level in _equivalent(at_chance, margin))
    if len(same) > 1 and set(kept) <= set(same):
        size = f"{margin:g}{' points' if in_points(done) else ''}"
        return Decision(_any_of(ranking, same, size, simple), recommended=same)
    if len(kept) == 1:
        return Decision(_one(ranking, evidence), recommended=kept, is_conclusive=True)
    return Decision(_several(ranking, kept, evidence), recommended=kept)


def _no_deviation(evidence: Evidence, ranking: Sequence[RankRow]) -> str:
    """Why no difference can be told from noise; "" where it can."""
    if not ranking[0].behind_best.is_testable:
        unknown = [part.name for part in evidence.model.parts if not part.df > 0]
        where = f" for {joined(unknown)}" if unknown != ["all"] else ""
        return f"no run-to-run deviation is known{where}, from these runs or from elsewhere"
    if still := evidence.without_noise:
        where = f" on {joined(still)}" if still != ("all",) else ""
        return f"the runs{where} show no noise at all; real runs do, so check what seeds change"
    return ""


def _hardly_learned(done: Observations) -> str:
    """Why an order of networks that guess says nothing; "" where most cells have learned."""
    low = len(near_chance(done)) if is_percent(done) else 0
    if 2 * low <= len(done.cells):
        return ""
    total = counted(len(done.cells), "cell")
    return f"in {low} of {total} training has hardly learned (at most twice chance accuracy)"


def _possible_best(ranking: Sequence[RankRow]) -> tuple[str, ...]:
    return tuple(row.level for row in ranking if row.may_be_best)


def _diverged(evidence: Evidence, kept: Sequence[str], at_chance: Sequence[str]) -> str:
    place = evidence.observed.position(evidence.observed.focus)
    levels = sorted({cell[place] for cell in evidence.diverged})
    if unknown := unknown_chance(evidence.observed):
        why = f"the accuracy of guessing on {joined(unknown)} is not known"
    elif not at_chance:
        why = f"with these at chance {evidence.observed.response} there is no ranking"
    else:
        why = (
            f"with these at chance accuracy the best may be {joined(at_chance, 'or')}, without "
            f"them {joined(kept, 'or')}"
        )
    return f"runs of {joined(levels)} diverged; {why}"


def _partial(
    ranking: Sequence[RankRow], kept: Sequence[str], evidence: Evidence, coverage: Coverage
) -> str:
    """Never "use": what is best in some conditions may not be in the others."""
    focus = evidence.observed.focus
    where = f"over {coverage.shared} of {counted(coverage.total, 'condition')}"
    if len(kept) == 1:
        said = f"{kept[0]} is ahead of {ranking[1].level} by {_lead(ranking, evidence)}"
    else:
        said = f"{joined(kept)} cannot be told apart"
    lacking = [f"no run of {joined(coverage.absent)} has ended"] if coverage.absent else []
    if coverage.shared < coverage.total:
        lacking.append(f"the other conditions lack runs of some {focus}")
    return f"Not decided for the whole study: {where} {said}; {'; '.join(lacking)}."


def _one(ranking: Sequence[RankRow], evidence: Evidence, word: str = "Use") -> str:
    return (
        f"{word} {ranking[0].level}: on average over the conditions it is the only one that may be "
        f"the best ({_certainty(evidence)}), ahead of {ranking[1].level} by "
        f"{_lead(ranking, evidence)}."
    )


def _lead(ranking: Sequence[RankRow], evidence: Evidence) -> str:
    best = ranking[0].behind_best
    lower, upper = sorted(-limit for limit in best.interval())
    observed = evidence.observed
    digits, unit = decimals(observed), " points" if in_points(observed) else ""
    return f"{number(-best.value, digits)}{unit} ({span(lower, upper, digits)})"


def _from_single_runs(
    ranking: Sequence[RankRow], evidence: Evidence, separations: Sequence[Separation]
) -> str:
    """Who leads, never "use"."""
    leader = ranking[0].level
    others = sum(row.best != leader and not row.is_tie for row in separations)
    total = counted(len(separations), "condition")
    where = "" if evidence.is_single_run else f" on {joined(sorted(evidence.single_run))}"
    return (
        f"Not decided, these are single runs{where}: on average {leader} leads {ranking[1].level} "
        f"by {_lead(ranking, evidence)}, "
        f"but another {evidence.observed.focus} leads in {others} of {total}."
        if others
        else f"Not decided, these are single runs{where}: {leader} leads {ranking[1].level} by "
        f"{_lead(ranking, evidence)} on average, "
        f"and no other {evidence.observed.focus} leads anywhere."
    )


def _equivalent(ranking: Sequence[RankRow], margin: float) -> tuple[str, ...]:
    """The leader, and every level that is shown to be behind it by less than the margin."""
    leader, *others = ranking
    found = (row.level for row in others if judge(row.behind_best, margin=margin) == "equivalent")
    return (leader.level, *found)


def _any_of(
    ranking: Sequence[RankRow], same: Sequence[str], margin: str, simple: Sequence[PairRow]
) -> str:
    among = [row for row in simple if row.high in same and row.low in same]
    everywhere = all(row.verdict == "equivalent" for row in among)
    where = (
        "in every condition; any will do"
        if everywhere
        else "on average over the conditions, though not shown in each"
    )
    rest = [row.level for row in ranking if row.level not in same]
    tail = f" Not the best: {joined(rest)}." if rest else ""
    return (
        f"{same[0]} leads by less than the margin of {margin}: {joined(same)} are "
        f"equivalent {where}.{tail}"
    )


def _several(ranking: Sequence[RankRow], kept: Sequence[str], evidence: Evidence) -> str:
    rest = [row.level for row in ranking if not row.may_be_best]
    tail = f" Not the best: {joined(rest)}." if rest else ""
    return (
        f"No single best {evidence.observed.focus} is shown: {joined(kept)} cannot be told apart "
        f"on average over the conditions ({_certainty(evidence)}).{tail}"
    )


def _certainty(evidence: Evidence) -> str:
    return percent(1 - evidence.alpha)
