"""Where runs come from: a store, a CSV file, a bank, or rows at hand, in one form.

A source is the runs as observations, and what must be said besides: what was planned and what
became of it, the settings that all runs share, looks, machines, learning curves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import SpecError
from ..store import Look
from ..store.filters import parse_where
from .bank import Bank, load_bank
from .observations import Booleans, Cell, Floats, Observations, read_rows
from .summaries import Summary, summaries
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
class StudyNote:
    """One spec that was started: what was fixed beforehand, and when (UTC)."""

    study: str
    spec_hash: str
    started_at: str
    spec: str


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
        environments: Machines, as recorded.
        studies: What was started; ``first_result`` is the time of the first result (UTC).
        looks, planned_looks: Looks taken, and numbers of seeds fixed beforehand.
        aliases: Labels that stand for a network that another label stands for.
        table: The same runs as the cells of ``actwise table``.
        optimism: Best minus last epoch, mean over complete curves, where curves are known.
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
    studies: tuple[StudyNote, ...] = ()
    first_result: str | None = None
    looks: tuple[Look, ...] = ()
    planned_looks: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    table: Table | None = None
    optimism: float | None = None
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


def read_bank(name: str, reading: Reading) -> Source:
    """A shipped bank; it knows its factors, response and direction.

    Raises:
        UnknownNameError: for an unknown bank, factor or level.
        SpecError: if another response is asked for, or a factor that varies is left out.
    """
    bank = load_bank(name)
    if reading.response not in (None, bank.response):
        raise SpecError(f"bank {name} has the response {bank.response}, not {reading.response}")
    citation = f"{bank.title}. Source: {bank.source}"
    if bank.kind == "summaries":
        if reading.where or reading.factors:
            raise SpecError(f"bank {name} holds one row an activation; it has nothing to choose")
        return Source("bank", name, citation, None, summaries=summaries(bank), bank=bank)
    whole = bank.observations()
    keep_R = _meeting(whole, reading.where)
    observed = with_factors(whole.select(keep_R), reading.factors)
    curves: tuple[Curve, ...] = ()
    optimism = None
    if bank.kind == "curves":
        curves_RE = bank.curves()[_rows_with_response(bank)][keep_R]
        curves = mean_curves(observed, curves_RE, measure=bank.response)
        optimism = _optimism(curves_RE, higher_is_better=bank.higher_is_better)
    flow = count_flow(observed)
    scope = {"design": bank.design, **_constant_levels(observed)}
    return Source(
        "bank",
        name,
        citation,
        observed,
        flow,
        scope=scope,
        curves=curves,
        optimism=optimism,
        bank=bank,
    )


def read_file(path: Path, reading: Reading) -> Source:
    """A CSV file, one row a run.

    Raises:
        DataError: if the file cannot be read or lacks a column.
        SpecError: for a condition that is not FIELD=VALUE.
    """
    return read_table_rows(read_rows(path), reading, name=str(path), kind="file")


def read_table_rows(
    rows: Sequence[Row], reading: Reading, *, name: str = "rows", kind: str = "rows"
) -> Source:
    """Rows at hand, one mapping a run, as ``export --what runs`` or a CSV file has them.

    Raises:
        DataError: if a column is missing, or a response is no number.
        SpecError: for a condition that is not FIELD=VALUE, or without a factor.
    """
    columns = tuple(rows[0]) if rows else USUAL_FACTORS
    asked = parse_where(reading.where, columns)
    kept = [row for row in rows if all(str(row.get(f)) in values for f, values in asked.items())]
    factors = reading.factors or tuple(f for f in USUAL_FACTORS if f in columns)
    if not factors:
        raise SpecError(f"{name}: no factor column; name them with --factors")
    failed = [row for row in kept if row.get("status") == "failed"]
    usable = [row for row in kept if row.get("status") != "failed"]
    observed = Observations.from_rows(
        usable,
        factors=factors,
        response=reading.response or DEFAULT_RESPONSE,
        higher_is_better=not reading.lower_is_better,
    )
    flow = count_flow(observed, planned=len(kept), failed=len(failed))
    return Source(
        kind, name, f"{name}, one row a run", observed, flow, scope=_constant_levels(observed)
    )


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
    return Observations(
        tuple(factors),
        tuple(observed.levels[place] for place in places),
        observed.codes_RF[:, places],
        observed.response_R,
        observed.diverged_R,
        observed.seeds_R,
        response=observed.response,
        dataset_factor=pool,
        focus=focus,
        higher_is_better=observed.higher_is_better,
        blocked=observed.blocked,
        test_images=observed.test_images,
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


def _meeting(observed: Observations, where: Sequence[str]) -> Booleans:
    keep_R = np.ones(observed.num_runs, dtype=np.bool_)
    for name, values in parse_where(where, observed.factors).items():
        column = observed.position(name)
        levels = observed.levels[column]
        codes = [code for code, level in enumerate(levels) if level in values]
        keep_R &= np.isin(observed.codes_RF[:, column], codes)
    return keep_R


def _rows_with_response(bank: Bank) -> Booleans:
    """Rows of the bank that are runs: those that reached the epochs of the response."""
    first, last = bank.curve["first_epoch"], bank.curve["last_epoch"]
    return np.asarray(~np.isnan(bank.curves()[:, first - 1 : last]).any(axis=1))


def _optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    from .findings import selection_optimism

    return selection_optimism(curves_RE, higher_is_better=higher_is_better)


def _constant_levels(observed: Observations) -> dict[str, str]:
    pairs = zip(observed.factors, observed.levels, strict=True)
    return {name: levels[0] for name, levels in pairs if len(levels) == 1}
