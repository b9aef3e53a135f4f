"""The decision in words: the headline, the choice for each network, how steady it is."""

from collections.abc import Iterator
from pathlib import Path

from ...analysis import Analysis
from ...analysis.checks import ALIKE
from ...analysis.decision import NetworkDecision
from ...analysis.differences import LevelSet
from ...analysis.table import BUDGETS
from ...numbers import counted, percent
from ...rows import TEST_ACCURACY, Taken, says_direction
from .names import decided_factors, listed, number_word, place, short, varying_factors
from .scope import decided_values, scale_text, training_text
from .units import in_points

LABELS = {
    "single-run": "single runs",
    "no-noise": "runs that all agree",
    "diverged": "diverged runs",
    "stuck": "stuck runs",
    "no-shared-condition": "no condition has all levels",
    "hardly-learned": "hardly learned",
}
"""Codes that limit a choice, as they stand beside it."""
_TABLES = ("file", "rows")


def study_title(analysis: Analysis) -> str:
    """The studies, or what else was read."""
    results = analysis.results
    names = dict.fromkeys(note.study for note in results.studies)
    return listed([*names]) or (Path(results.name).name if results.kind == "file" else results.name)


def size_text(analysis: Analysis) -> str:
    """``120 runs, 5 seeds``."""
    observed = analysis.observed
    if observed is None:
        return ""
    seeds = observed.seeds_R is not None and analysis.results.num_seeds
    return counted(observed.num_runs, "run") + (f", {counted(seeds, 'seed')}" if seeds else "")


def training_scale(analysis: Analysis) -> str:
    """``width 1/4, 6 epochs, all images: short trainings of narrow networks``."""
    values = decided_values(analysis)
    is_largest = set(BUDGETS) & set(varying_factors(analysis.observed))
    text = "decided at " * bool(is_largest) + training_text(values)
    return ": ".join(filter(None, (text, scale_text(values))))


def remarks(analysis: Analysis) -> list[str]:
    """What a reader must know before all else: what of the runs was not taken."""
    results = analysis.results
    failed = results.flow.get("failed", 0)
    lost = [*results.excluded, *[counted(failed, "failed run")] * bool(failed)]
    if results.kind not in _TABLES:
        lost = [*map(str, results.table.outdated)] if results.table else []
    found = [*_read_as(results.taken), *_response(analysis)]
    found += [f"Left out: {listed(lost, most=6)}."] if lost else []
    mixtures = results.table.mixtures if results.table else ()
    found += [f"{mixture[0].upper() + mixture[1:]}." for mixture in mixtures]
    alike = [row for row in analysis.findings if row.code == ALIKE]
    return [*found, *(f"{row.title.capitalize()}: {row.evidence}." for row in alike)]


def _read_as(taken: Taken) -> Iterator[str]:
    """Of a table of others what was taken for what."""
    columns = [f"{ours} is {theirs!r}" for ours, theirs in taken.columns.items()]
    if columns or taken.program:
        program = f" a table of {taken.program}" if taken.program else ""
        yield f"Read as{program or ' follows'}{': ' * bool(columns)}{listed(columns, most=8)}."
    if taken.fractions:
        yield f"Fractions, turned into percent: {listed(taken.fractions)}."
    if taken.not_finite:
        yield f"Not finite, so counted as diverged: {counted(taken.not_finite, 'run')}."


def _response(analysis: Analysis) -> Iterator[str]:
    """What of a table is judged, in what unit and direction, unless that is the test accuracy."""
    observed = analysis.observed
    if observed is None or analysis.results.kind not in _TABLES:
        return
    name = observed.response
    if name == TEST_ACCURACY:
        return
    is_known = in_points(analysis) or name in analysis.results.taken.fractions
    better = "higher is better" if observed.higher_is_better else "lower is better"
    if observed.higher_is_better and not says_direction(name):
        better = (
            "its name tells no direction, so higher is taken as better (else --lower-is-better)"
        )
    yield f"The response is {name}, {'in percent' if is_known else 'as it stands'}; {better}."


def headline(analysis: Analysis) -> str:
    """What to use, in one sentence without a full stop."""
    decision = analysis.decision
    if analysis.results.summaries:
        return "Nothing to choose: published means of one network on one data set, not runs"
    if decision.kind == "nothing":
        return f"Nothing can be said: {_nothing(analysis)}"
    found = f"{_headline(analysis)}{_hardly_learned(analysis)}"
    if decision.kind != "so_far":
        return found
    missing = counted(decision.num_missing, "planned run")
    return f"So far, with {missing} missing: {found[0].lower()}{found[1:]}"


def _headline(analysis: Analysis) -> str:
    networks = [n for n in analysis.decision.networks if n.kind != "nothing"]
    sets = [found for network in networks for found in network.sets]
    several = f", the {number_word(len(sets))} taken together" if len(sets) > 1 else ""
    level = f"({percent(1 - analysis.alpha)}{several})"
    names = listed(networks[0].levels, most=6)
    where = "" if len(networks) == 1 else " in every network"
    if len(networks) < len(analysis.decision.networks):
        where += " that has two levels" if where else ""
    kinds, kept = {network.kind for network in networks}, {network.levels for network in networks}
    if len(kept) == 1 and kinds == {"use"}:
        return f"Use {names}{where} {level}"
    if len({frozenset(levels) for levels in kept}) == 1 and kinds == {"any_of"}:
        return f"Any of {names} will do{where}: their differences do not matter {level}"
    whole = ("networks", "network") if len(networks) > 1 else ("regularizations", "condition")
    if any(found.kind == "use" for found in sets):
        return f"No one {focus(analysis)} is shown to be the best for all {whole[0]} {level}"
    if len(sets) > 1:
        return f"No {focus(analysis)} is shown to be the best in any {whole[1]} {level}"
    if len(networks[0].levels) == 1:
        return f"Not decided by single runs: {names} leads {level}"
    return f"Not told apart: {names} {level}"


def _hardly_learned(analysis: Analysis) -> str:
    """``; cifar100 vgg16 has hardly learned``: what is said of a network that has not is early."""
    networks = [n for n in analysis.decision.networks if n.is_hardly_learned]
    names = [place(n.network, decided_factors(analysis)) for n in networks]
    if names == ["all runs"]:
        names = ["the network"]
    verb = "has" if len(names) == 1 else "have"
    return f"; {listed(names, most=4)} {verb} hardly learned" if names else ""


def _nothing(analysis: Analysis) -> str:
    if not analysis.results.num_seeds:
        lost = [(name, analysis.results.flow.get(name, 0)) for name in ("failed", "diverged")]
        said = ", ".join(f"{number:,} {name}" for name, number in lost if number)
        return f"no run has completed{said and f': {said}'}"
    return f"no condition has two levels of {focus(analysis)}"


def choices(analysis: Analysis) -> list[tuple[str, LevelSet, list[str]]]:
    """(name, set, what limits it) of each network that has a choice.

    One of each condition where regularization changes the order.
    """
    return [
        (_name(analysis, network, found), found, [*_labels(network, found)])
        for network in analysis.decision.networks
        for found in network.sets
        if found.levels
    ]


def _labels(network: NetworkDecision, found: LevelSet) -> Iterator[str]:
    if found.kind == "any_of":
        yield "any will do"
    codes = dict.fromkeys((*found.why, *(c for c in network.why if c == "hardly-learned")))
    yield from (LABELS[code] for code in codes if code in LABELS)
    if found.incomplete:
        yield f"without {counted(len(found.incomplete), 'incomplete condition')}"
    kept = [name for name in found.kept if name in network.rates]
    if len({network.rates[name] for name in kept}) == 1:
        yield f"learning_rate={network.rates[kept[0]]}"
    else:
        yield from (f"{name} at learning_rate={network.rates[name]}" for name in kept)


def steadiness(analysis: Analysis) -> list[str]:
    """Whether the decision holds under own variances and without each seed; what it leaves out."""
    if analysis.published.comparisons:
        return [_published(analysis)]
    if analysis.decision.kind == "nothing":
        return []
    empty = sum(network.kind == "nothing" for network in analysis.decision.networks)
    alone = f"Nothing to compare in {counted(empty, 'network')}, which have one level."
    return [*_own_variances(analysis), *_single_seeds(analysis), *([alone] if empty else [])]


def _published(analysis: Analysis) -> str:
    """How many activations are shown to differ from the one that others were compared with."""
    wrong = {row.name for row in analysis.published.contradictions}
    usable = [row for row in analysis.published.comparisons if row.high not in wrong]
    apart = [row.pooled.value for row in usable if row.p.adjusted <= analysis.alpha]
    above = sum(value > 0 for value in apart)
    left_out = f"; left out, since they contradict themselves: {listed(sorted(wrong))}"
    return (
        f"Shown to be above {usable[0].low}: {above} of {counted(len(usable), 'activation')}, "
        f"below: {len(apart) - above} (Holm){left_out if wrong else ''}."
    )


def _own_variances(analysis: Analysis) -> Iterator[str]:
    """In which sets the own variances keep more or less than the pooled ones, or none can."""
    sets = [(name, found) for name, found, _ in choices(analysis)]
    silent = {"single-run", "no-noise", "no-own-variance"}
    judged = [(name, found) for name, found in sets if not silent & {*found.why}]
    parts = []
    quiet = [name for name, found in sets if "no-noise" in found.why]
    if quiet:
        paired = analysis.observed is not None and analysis.observed.seeds_R is not None
        seen = "scatter beyond what seeds share" if paired else "run-to-run scatter"
        where = f" in {listed(quiet, most=4)}" * (len(quiet) < len(sets))
        yield f"No {seen} was seen{where}, so nothing can be tested{' there' * bool(where)}."
    for name, found in judged:
        by = {row.level: {*row.kept_by} & {"pooled", "own"} for row in found.levels}
        also, less = ([n for n, kept in by.items() if kept == {one}] for one in ("own", "pooled"))
        more = [f"the pooled one alone drops {listed(also)}"] if also else []
        more += [f"they alone drop {listed(less)}"] if less else []
        parts += [f"{name} ({', '.join(more)})"] if more else []
    if not judged:
        if any("no-own-variance" in found.why for name, found in sets if name not in quiet):
            yield "Too few seeds for a second look by each pair's own variance."
    elif len(parts) < len(judged):
        but = f", but in {listed(parts, most=4)}" if parts else ""
        yield f"Each pair's own variance keeps the same sets as the pooled one{but}."
    else:
        yield f"Each pair's own variance keeps other sets: {listed(parts, most=4)}."


def _single_seeds(analysis: Analysis) -> Iterator[str]:
    """Without which seeds another level leads in a set that decides."""
    changed: dict[str, list[str]] = {}
    for row in analysis.checks.without_seed:
        for network in analysis.decision.networks:
            for found in network.sets:
                whole = found.conditions[0] if len(found.conditions) == 1 else network.network
                if whole in row.leaders:
                    changed.setdefault(_name(analysis, network, found), []).append(row.seed)
    if changed:
        parts = [f"{name} (without seed {listed(s, joint='or')})" for name, s in changed.items()]
        yield f"Another level leads in {listed(parts, most=4)}."
    elif analysis.checks.without_seed:
        yield "Every leader stays without any one seed."


def _name(analysis: Analysis, network: NetworkDecision, found: LevelSet) -> str:
    return place(found.condition or network.network, decided_factors(analysis))


def focus(analysis: Analysis) -> str:
    """The compared factor, as its columns are headed."""
    return short(analysis.observed.focus) if analysis.observed else "activation"
