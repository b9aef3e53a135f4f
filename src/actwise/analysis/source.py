"""Where runs come from: a store, a CSV file, a bank, or rows at hand, in one form.

A source is the runs as observations, and what must be said besides: what was planned and what
became of it, the settings that all runs share, looks, machines, learning curves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..errors import SpecError
from ..store import Look, StoredStudy
from .bank import Bank
from .observations import Cell, Floats, Observations
from .stored_predictions import Correct
from .summaries import Summary
from .table import Table

Row = Mapping[str, Any]
USUAL_FACTORS = ("dataset", "model", "regularization", "activation")
DEFAULT_RESPONSE = "test_accuracy"


@dataclass(frozen=True)
class Reading:
    """How a source is read; what is None is decided by the source.

    Attributes:
        factors: Columns that tell cells apart.
        response: The measured column.
        lower_is_better: Whether a low response is good.
        study: Only this study of a store.
        where: Conditions ``FIELD=VALUE`` on the rows.
    """

    factors: tuple[str, ...] | None = None
    response: str | None = None
    lower_is_better: bool = False
    study: str | None = None
    where: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A cell's learning curve, the mean over its runs.

    Attributes:
        cell: Levels of the factors.
        measure: What was measured, such as ``validation_accuracy``.
        epochs: Numbers from 1.
        mean, sd: Over the runs at each epoch, in percent; sd is NaN for one run.
    """

    cell: Cell
    measure: str
    epochs: tuple[int, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]


@dataclass(frozen=True)
class Source:
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
        fingerprints: Numerics fingerprints of each seed's runs.
        environments: Machines, as recorded, each with the ``seeds`` trained there.
        studies: What was started; ``first_result`` is the time of the first result (UTC).
        study: The study of a store that was chosen; None for all.
        num_results: Runs of the study with a result, whatever part of them is looked at.
        looks, planned_looks: Looks taken, and numbers of seeds fixed beforehand.
        aliases: Labels that stand for a network that another label stands for.
        table: The same runs as the cells of ``actwise table``.
        optimism: Best minus last epoch, mean over complete curves, where curves are known.
        published: Each cell's figure as the paper of a bank gives it, where that is no plain mean.
        correct: Which test images each cell's runs classified correctly, where that is stored.
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
    curves: tuple[Curve, ...] = ()
    fingerprints: Mapping[str, set[str]] = field(default_factory=dict)
    environments: tuple[Mapping[str, Any], ...] = ()
    studies: tuple[StoredStudy, ...] = ()
    first_result: str | None = None
    study: str | None = None
    num_results: int | None = None
    looks: tuple[Look, ...] = ()
    planned_looks: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    table: Table | None = None
    optimism: float | None = None
    published: Mapping[Cell, float] = field(default_factory=dict)
    correct: Correct = field(default_factory=dict)
    summaries: tuple[Summary, ...] = ()
    bank: Bank | None = None

    @property
    def num_seeds(self) -> int:
        """Distinct seeds with a completed run; without seeds the largest number of replicates."""
        done = None if self.observed is None else self.observed.completed()
        if done is None or not done.num_runs:
            return 0
        if done.seeds_R is not None:
            return len(set(done.seeds_R.tolist()))
        return int(np.bincount(done.run_cells).max())


def level_text(factor: str, level: str) -> str:
    """A level, with the name of its factor where the level alone would not tell."""
    return level if factor in USUAL_FACTORS else f"{factor.removeprefix('train.')}={level}"


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


def with_factors(observed: Observations, factors: Sequence[str] | None) -> Observations:
    """The same runs with fewer factors; those left out must not vary.

    Raises:
        UnknownNameError: for an unknown factor.
        SpecError: if a factor that varies is left out: nothing is averaged over it silently.
    """
    if factors is None:
        return observed
    places = [observed.position(name) for name in factors]
    for name, levels in zip(observed.factors, observed.levels, strict=True):
        if name not in factors and len(levels) > 1:
            raise SpecError(
                f"--factors leaves out {name}, which varies ({', '.join(levels[:6])}); "
                f"name it, or choose one level with --where {name}={levels[0]}"
            )
    focus = observed.focus if observed.focus in factors else factors[-1]
    pool = observed.dataset_factor if observed.dataset_factor in factors else None
    return replace(
        observed,
        factors=tuple(factors),
        levels=tuple(observed.levels[place] for place in places),
        codes_RF=observed.codes_RF[:, places],
        dataset_factor=pool,
        focus=focus,
    )


def mean_curves(observed: Observations, values_RE: Floats, *, measure: str) -> tuple[Curve, ...]:
    """Mean and spread over the runs of each cell, at the epochs that all its runs reached."""
    curves = []
    for position, cell in enumerate(observed.cells):
        mine_RE = values_RE[observed.run_cells == position]
        mine_RE = mine_RE[:, ~np.isnan(mine_RE).all(axis=0)]
        if not mine_RE.shape[1]:
            continue
        spread = np.nanstd(mine_RE, axis=0, ddof=1) if len(mine_RE) > 1 else mine_RE[0] * np.nan
        curves.append(
            Curve(
                cell,
                measure,
                tuple(range(1, mine_RE.shape[1] + 1)),
                tuple(np.nanmean(mine_RE, axis=0).tolist()),
                tuple(spread.tolist()),
            )
        )
    return tuple(curves)
