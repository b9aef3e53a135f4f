"""The decision first: what to use, with what certainty, or that nothing can be concluded."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .conditions import PairRow, Separation
from .coverage import Coverage
from .divergence import unknown_chance
from .effects import EffectSize
from .evidence import Evidence
from .numbers import counted, number, percent, span
from .observations import Observations
from .ranking import RankRow
from .reasons import joined, reasons_of, separated_at


@dataclass(frozen=True)
class Decision:
    """What follows from the runs, in words.

    Attributes:
        headline: One sentence.
        reasons: What supports and what limits it, a sentence each.
        recommended: The levels among which the data do not decide; empty where nothing can be
            concluded about the whole study.
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
    """
    done = evidence.observed.completed()
    if not done.num_runs:
        return nothing(no_run(evidence.observed))
    levels = done.levels_of(done.focus)
    if len(levels) < 2:
        return nothing(f"{levels[0]} is the only {done.focus} with a completed run")
    reasons = reasons_of(evidence, separations, simple, sizes)
    found = _headline(evidence, ranking, at_chance, separations, simple, coverage)
    return replace(found, reasons=reasons)


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
    if not ranking[0].behind_best.is_testable:
        return nothing("no run-to-run deviation is known, from these runs or from elsewhere")
    kept = _possible_best(ranking)
    if evidence.diverged and set(_possible_best(at_chance)) != set(kept):
        return nothing(_diverged(evidence, kept, _possible_best(at_chance)))
    if not coverage.is_whole:
        return Decision(_partial(ranking, kept, evidence, coverage))
    if len(kept) == 1:
        return Decision(_one(ranking, evidence), recommended=kept, is_conclusive=True)
    return Decision(_several(ranking, kept, evidence, simple), recommended=kept)


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
        said = f"{kept[0]} is ahead of {ranking[1].level} by {_lead(ranking)}"
    else:
        said = f"{joined(kept)} cannot be told apart"
    lacking = [f"no run of {joined(coverage.absent)} has ended"] if coverage.absent else []
    if coverage.shared < coverage.total:
        lacking.append(f"the other conditions lack runs of some {focus}")
    return f"Not decided for the whole study: {where} {said}; {'; '.join(lacking)}."


def _one(ranking: Sequence[RankRow], evidence: Evidence) -> str:
    return (
        f"Use {ranking[0].level}: on average over the conditions it is the only one that may be "
        f"the best ({_certainty(evidence)}), ahead of {ranking[1].level} by {_lead(ranking)}."
    )


def _lead(ranking: Sequence[RankRow]) -> str:
    best = ranking[0].behind_best
    lower, upper = sorted(-limit for limit in best.interval())
    return f"{number(-best.value)} points ({span(lower, upper)})"


def _several(
    ranking: Sequence[RankRow],
    kept: Sequence[str],
    evidence: Evidence,
    simple: Sequence[PairRow],
) -> str:
    among = [row for row in simple if row.high in kept and row.low in kept]
    if among and all(row.verdict == "equivalent" for row in among):
        return f"Use any of {joined(kept)}: they are equivalent in every condition."
    rest = [row.level for row in ranking if not row.may_be_best]
    tail = f" Not the best: {joined(rest)}." if rest else ""
    return (
        f"No single best {evidence.observed.focus} is shown: {joined(kept)} cannot be told apart "
        f"on average over the conditions ({_certainty(evidence)}).{tail}"
    )


def _certainty(evidence: Evidence) -> str:
    return percent(1 - evidence.alpha)
