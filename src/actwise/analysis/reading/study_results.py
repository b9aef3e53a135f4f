"""Runs and what is known of them, in one form for a store, a file, a bank and rows at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import SpecError
from ...registry import format_value
from ...rows import Taken
from ...store import Look, StoredStudy
from ..table import Cell, Observations, Table
from .bank import Bank, Summary
from .curves import LearningCurve
from .predictions import Correct
from .signal import SignalProfile


@dataclass(frozen=True)
class StudyResults:
    """Runs and what is known of them.

    Attributes:
        kind: "store", "file", "bank" or "rows".
        name: As it was given.
        citation: Where the numbers come from, a sentence.
        observed: The runs; None for published summary statistics.
        flow: Counts of runs: planned, started, finished, diverged, failed, missing, excluded.
        excluded: Why runs were left out, a sentence each.
        scope: The settings that all runs share.
        epochs, seconds: Mean number of epochs and mean training time of each cell.
        curves: Learning curves.
        signals: By the names of responses of claims the runs with these; where they were probed.
        profiles: Signal flow by depth and by epoch, where runs were probed.
        fingerprints: Of the runs of a network (data set and model) at a seed, which are compared
            with each other: numerics fingerprints.
        environments: Machines, as recorded, each with the ``seeds`` trained there.
        studies: What was started; ``first_result`` is the time of the first result (UTC).
        store_words: Options that name the store to a command that trains.
        study: The study of a store that was chosen; None for all.
        num_results: Runs of the study with a result, whatever part of them is looked at.
        looks, planned_looks: Looks taken, and numbers of seeds fixed beforehand.
        aliases: Labels that stand for a network that another label stands for.
        twins: Cells of several runs that ended at the same weights, with the seeds.
        shifts: Cells whose batch norms evaluate at other variances than they have learned.
        table: The same runs as the cells of ``actwise table``.
        optimism: Best minus last epoch, mean over complete curves, where curves are known.
        published: Each cell's figure as the paper of a bank gives it, where that is no plain mean.
        correct: Which test images each cell's runs classified correctly, where that is stored.
        not_computed: What cannot be known from what is stored, and why, a sentence each.
        taken: Of a table, what was taken for what.
        summaries, bank: Of published summary statistics.
    """

    kind: str
    name: str
    citation: str
    observed: Observations | None
    flow: Mapping[str, int] = field(default_factory=dict)
    excluded: tuple[str, ...] = ()
    scope: Mapping[str, Any] = field(default_factory=dict)
    epochs: Mapping[Cell, float] = field(default_factory=dict)
    seconds: Mapping[Cell, float] = field(default_factory=dict)
    curves: tuple[LearningCurve, ...] = ()
    signals: Mapping[str, Observations] = field(default_factory=dict)
    profiles: tuple[SignalProfile, ...] = ()
    fingerprints: Mapping[tuple[str, int], set[str]] = field(default_factory=dict)
    environments: tuple[Mapping[str, Any], ...] = ()
    studies: tuple[StoredStudy, ...] = ()
    store_words: tuple[str, ...] = ()
    first_result: str | None = None
    study: str | None = None
    num_results: int | None = None
    looks: tuple[Look, ...] = ()
    planned_looks: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()
    shifts: tuple[str, ...] = ()
    table: Table | None = None
    optimism: float | None = None
    published: Mapping[Cell, float] = field(default_factory=dict)
    correct: Correct = field(default_factory=dict)
    not_computed: tuple[str, ...] = ()
    taken: Taken = field(default_factory=Taken)
    summaries: tuple[Summary, ...] = ()
    bank: Bank | None = None

    @property
    def num_seeds(self) -> int:
        """Distinct seeds with a completed run; without seeds the largest number of replicates."""
        done = None if self.observed is None else self.observed.completed
        if done is None or not done.num_runs:
            return 0
        if done.seeds_R is not None:
            return len(set(done.seeds_R.tolist()))
        return int(np.bincount(done.run_cells).max())


def count_flow(
    observed: Observations, *, planned: int | None = None, failed: int = 0, excluded: int = 0
) -> dict[str, int]:
    """How many runs were planned, and what became of them; without a plan all rows were."""
    diverged = int(observed.diverged_R.sum())
    finished = observed.num_runs - diverged
    known = finished + diverged + failed
    planned = known if planned is None else planned
    return {
        "planned": planned,
        "started": known,
        "finished": finished,
        "diverged": diverged,
        "failed": failed,
        "missing": max(0, planned - known - excluded),
        "excluded": excluded,
    }


def constant_levels(observed: Observations) -> dict[str, str]:
    """The factors in which the runs do not differ."""
    pairs = zip(observed.factors, observed.levels, strict=True)
    return {name: levels[0] for name, levels in pairs if len(levels) == 1}


def refuse_left_out(levels: Mapping[str, Sequence[Any]], factors: Sequence[str]) -> None:
    """Refuse factors without one that varies: nothing is averaged over it silently.

    Args:
        levels: Of each factor that there is.
        factors: Those asked for.

    Raises:
        SpecError: naming it.
    """
    for name, found in levels.items():
        if name not in factors and len(found) > 1:
            texts = [format_value(level) for level in found]
            raise SpecError(
                f"--factors leaves out {name}, which varies ({', '.join(texts[:6])}); "
                f"name it, or choose one level with --where {name}={texts[0]}"
            )


def level_times(results: StudyResults) -> list[tuple[str, float, float]]:
    """(level, epochs, training seconds of a run) of each level of the compared factor.

    Means over its cells, NaN where nothing was recorded; none where no epochs were. The time
    depends on the machine and on what else it did.
    """
    observed = results.observed
    if observed is None or not results.epochs:
        return []
    place = observed.position(observed.focus)
    return [
        (level, _mean(results.epochs, place, level), _mean(results.seconds, place, level))
        for level in observed.levels_of(observed.focus)
    ]


def _mean(values: Mapping[Cell, float], place: int, level: str) -> float:
    mine = [value for cell, value in values.items() if cell[place] == level]
    return sum(mine) / len(mine) if mine else float("nan")
