"""What to do next, network by network: how many seeds would settle it, and the command."""

import math
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...analysis import Analysis
from ...analysis.decision import NetworkDecision
from ...analysis.precision import MOST_SEEDS, NextStep
from ...numbers import counted
from ...spec import StudySpec, load_study, shipped_studies
from ...store import StoredStudy
from ...store.tables import SETTING
from .labels import level_of
from .names import decided_factors, listed, place, setting_text, short_number
from .units import in_points


@dataclass(frozen=True)
class StepWords:
    """A sentence, and the command that follows from it; empty where none is known."""

    sentence: str
    command: str = ""


def next_steps(analysis: Analysis) -> list[StepWords]:
    """For each network: more seeds where it is open, more training where it hardly learned."""
    networks = analysis.decision.networks
    steps = [step for network in networks for step in _steps(analysis, network)]
    is_open = any(network.kind == "not_told_apart" for network in networks)
    if is_open and not steps and _needs_margin(analysis):
        return [StepWords("--margin X tells how many seeds it takes, if X is what matters")]
    return steps


def _needs_margin(analysis: Analysis) -> bool:
    """Of trainings of the user's own no margin is usual."""
    observed = analysis.observed
    return analysis.question.margin is None and observed is not None and observed.is_task


def _steps(analysis: Analysis, network: NetworkDecision) -> Iterator[StepWords]:
    where = place(network.network, decided_factors(analysis))
    before = "" if where == "all runs" else f"{where}: "
    if network.is_hardly_learned:
        # How its runs scatter after a longer training is not known yet.
        yield StepWords(f"{before}train it longer before choosing: it has hardly learned")
        return
    if "diverged" in network.why:
        yield StepWords(f"{before}runs diverged: train at a lower learning rate too")
    step = network.next_step
    if network.kind != "not_told_apart" or step is None or "no-noise" in network.why:
        return
    if math.isnan(step.sd):
        sentence = "train it at more seeds: nothing is known of its run-to-run deviation"
        yield _with_command(f"{before}{sentence}", analysis, network, 2)
    elif not math.isnan(step.margin):  # somebody said what matters
        yield _more_seeds(analysis, network, step, before)


def _more_seeds(
    analysis: Analysis, network: NetworkDecision, step: NextStep, before: str
) -> StepWords:
    kept = network.levels
    told = f"{listed(kept, most=4)} apart" if len(kept) > 1 else f"{kept[0]} from the others"
    apart = f"{told} by {_difference(analysis, step.margin)}"
    if step.seeds is None:
        none = f"{before}no number of seeds up to {MOST_SEEDS} tells {apart}"
        if step.seeds_for_lead is None:
            return StepWords(f"{none}: a larger --margin asks for less")
        more = max(1, step.seeds_for_lead - step.seeds_now)
        shows = f"{counted(more, 'more seed')} show{'s' * (more == 1)} it"
        lead = f"if {kept[0]} leads by {_difference(analysis, step.lead)}, as it does now, {shows}"
        return _with_command(f"{none}; {lead}", analysis, network, more)
    more = max(1, step.seeds - step.seeds_now)
    most = None if step.seeds_upper is None else max(more, step.seeds_upper - step.seeds_now)
    upper = f" to {most}" if most is not None and most > more else ""
    seeds = "seed tells" if (more, most) == (1, 1) else "seeds tell"
    if most is None:
        seeds = "seeds or many more tell"
    return _with_command(
        f"{before}{more}{upper} more {seeds} {apart}", analysis, network, most or more
    )


def _difference(analysis: Analysis, value: float) -> str:
    """``0.5 points``; of a response that is no percentage the number alone."""
    if not in_points(analysis):
        return f"{value:.3g}"
    return f"{short_number(value)} point{'s' * (value != 1)}"


def _with_command(
    sentence: str, analysis: Analysis, network: NetworkDecision, more: int
) -> StepWords:
    """With what trains the seeds, of a study in a store whose seeds are numbers."""
    results = analysis.results
    observed = results.observed
    is_of_study = results.kind == "store" and results.studies
    if not is_of_study or observed is None or observed.seeds_R is None:
        return StepWords(sentence)
    note = _study_of(network, results.studies)
    study, *given = note.started_as or (note.study if note.study in shipped_studies() else "",)
    known = note.spec if note.started_as or not study else load_study(study)
    numbers = [int(seed) for seed in observed.seeds_R.tolist()]
    changes = [
        *_overrides(analysis, network, known),
        f"seeds={min(numbers)}..{max(numbers) + more}",
    ]
    keys = {_key(change) for change in changes}
    changes = [*(text for text in given if _key(text) not in keys), *changes]
    if study:
        words = ("actwise", "run", study, *changes, *results.store_words)
        return StepWords(sentence, shlex.join(words))
    # It was a dict, or its file is not recorded.
    return StepWords(f"{sentence}: start {note.study} again with {shlex.join(changes)}")


def _key(override: str) -> str:
    return override.partition("=")[0].strip()


def _study_of(network: NetworkDecision, studies: Sequence[StoredStudy]) -> StoredStudy:
    """The latest study that names the network's levels."""
    named = [
        study
        for study in studies
        if all(
            level_of(level)
            in [setting_text(v) for v in study.spec.factors.get(_asked(factor), (level_of(level),))]
            for factor, level in network.network
        )
    ]
    return (named or studies)[-1]


def _overrides(analysis: Analysis, network: NetworkDecision, known: StudySpec) -> list[str]:
    """Where the network's cells differ from what the study would train by itself."""
    observed = analysis.observed
    assert observed is not None, "a step has runs"
    conditions = [dict(c) for found in network.sets for c in found.conditions]
    found = []
    for factor in observed.factors:
        levels = observed.levels_of(factor)
        if factor != observed.focus:
            levels = tuple(name for name in levels if name in {c[factor] for c in conditions})
        levels = tuple(map(level_of, levels))
        usual = [setting_text(v) for v in known.factors.get(_asked(factor), ())]
        if set(levels) != set(usual):
            found.append(f"factors.{_asked(factor)}={','.join(levels)}")
    settings = {"width": known.width} | {
        f"train.{name}": value for name, value in known.train.model_dump().items()
    }
    for name, value in analysis.results.scope.items():
        value = level_of(value)
        if name in settings and name not in known.factors and settings[name] != value:
            found.append(f"{name}={setting_text(value)}")
    return found


def _asked(factor: str) -> str:
    """A factor as a study names it."""
    return factor.removeprefix(SETTING)
