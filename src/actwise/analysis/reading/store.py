"""Selection a store for the analysis: runs, plan, curves, machines and looks, in one pass.

Settings that differ become factors; nothing is averaged over them. A run that stands under several
labels counts once, under the first, so that aliased cells are never taken for replicates.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import SpecError, UnknownNameError
from ...registry import format_value
from ...store import RunStore, StoredRun, StoreSnapshot
from ..numbers import counted
from ..table import (
    Cell,
    Observations,
    Table,
    apart_sentence,
    joined,
    make_table,
    seeds_cross,
    select_planned,
)
from .curves import learning_curves
from .predictions import MOST_RUNS, correct_predictions, not_computed, with_image_halves
from .selection import DEFAULT_RESPONSE, Row, Selection
from .study_results import StudyResults, count_flow


@dataclass(frozen=True)
class StoredRuns:
    """The runs of a store before anything is said about them.

    Attributes:
        table: The cells of ``actwise table``.
        planned: Lines of the plan.
        unique: Rows of the export, each run under its first label.
        aliases: Further labels.
        observed: The runs that finished or diverged and can be compared.
        apart: Cells that cannot, since no chain of shared seeds joins them to the others.
    """

    table: Table
    planned: Sequence[StoredRun]
    unique: Sequence[Row]
    aliases: tuple[str, ...]
    observed: Observations
    apart: tuple[Cell, ...]


def read_store(store: RunStore, selection: Selection) -> StudyResults:
    """The runs of a store with everything that is known of them.

    Raises:
        UnknownNameError: for an unknown study, factor, response or field.
        SpecError: for a factor that varies and is left out.
    """
    return results_of(take_snapshot(store, selection), selection)


def take_snapshot(store: RunStore, selection: Selection) -> StoreSnapshot:
    """What an analysis reads of a store, in one transaction.

    Raises:
        UnknownNameError: for an unknown study or field.
    """
    return store.snapshot(study=selection.study, where=selection.where, most_predictions=MOST_RUNS)


def runs_of(snapshot: StoreSnapshot, selection: Selection) -> StoredRuns:
    """The runs that were read, as a table and as observations.

    Raises:
        UnknownNameError: for an unknown factor or response.
        SpecError: for a factor that varies and is left out.
    """
    planned = select_planned(snapshot.planned, snapshot.where)
    table = make_table(snapshot.rows, planned)
    factors = _factors(table, selection.factors)
    response = selection.response or DEFAULT_RESPONSE
    if response not in snapshot.columns:
        raise UnknownNameError("response", response, snapshot.columns)
    unique, aliases = _once([_with_settings(row, factors) for row in snapshot.rows], factors)
    observed, apart = joined(
        Observations.from_rows(
            [row for row in unique if row["status"] != "failed"],
            factors=factors,
            response=response,
            higher_is_better=not selection.lower_is_better,
            blocked=_is_blocked(planned or snapshot.planned),
            test_images=snapshot.num_test_images,
        )
    )
    return StoredRuns(table, planned, unique, aliases, observed, apart)


def results_of(snapshot: StoreSnapshot, selection: Selection) -> StudyResults:
    """What was read, with everything that is known of the runs.

    Raises:
        UnknownNameError: for an unknown factor or response.
        SpecError: for a factor that varies and is left out.
    """
    found = runs_of(snapshot, selection)
    table, observed, unique, aliases = found.table, found.observed, found.unique, found.aliases
    factors = observed.factors
    cells = {row["run_id"]: tuple(str(row[name]) for name in factors) for row in unique}
    seeds = {row["run_id"]: row["seed"] for row in unique}
    correct = correct_predictions(snapshot, cells, unique)
    name, study = snapshot.store, snapshot.study
    return StudyResults(
        "store",
        name,
        f"store {name}" + (f", study {study}" if study else ""),
        with_image_halves(observed, correct),
        _flow(snapshot, found.planned, unique, observed),
        excluded=_excluded(unique, observed.response, aliases, found.apart),
        scope=table.scope,
        epochs=_cell_means(unique, cells, "epochs"),
        seconds=_cell_means(unique, cells, "train_seconds"),
        curves=learning_curves(snapshot.curves, cells),
        fingerprints=_fingerprints(snapshot, seeds),
        environments=tuple(
            {**machine.details, "seeds": sorted({seeds[run] for run in machine.run_ids})}
            for machine in snapshot.machines
        ),
        studies=snapshot.studies,
        first_result=snapshot.first_result,
        study=study,
        num_results=snapshot.num_results,
        looks=snapshot.looks,
        planned_looks=tuple(sorted({n for s in snapshot.studies for n in s.spec.looks})),
        aliases=aliases,
        table=table,
        correct=correct,
        not_computed=not_computed(snapshot, unique),
    )


def _factors(table: Table, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The factors asked for; without, those of the table, data set first and activation last."""
    found = (
        *(name for name in table.factors if name != "activation"),
        "activation",
    )
    if asked is None:
        return found
    known = tuple(table.levels) or found
    for name in asked:
        if name not in known:
            raise UnknownNameError("factor", name, known)
    for name in found:
        levels = table.levels.get(name, ())
        if name not in asked and len(levels) > 1:
            raise SpecError(
                f"--factors leaves out {name}, which varies; name it, or choose one level with "
                f"--where {name}={format_value(levels[0])}"
            )
    return tuple(asked)


def _with_settings(row: Row, factors: Iterable[str]) -> dict[str, Any]:
    """The row with every factor as text; those that the export has no column for, from the spec."""
    found = dict(row)
    missing = [name for name in factors if name not in row]
    if missing:
        spec = json.loads(row["spec"])
        train = {f"train.{name}": value for name, value in spec["train"].items()}
        found |= {name: {**spec, **train}.get(name) for name in missing}
    return found | {name: format_value(found[name]) for name in factors}


def _once(
    rows: Sequence[dict[str, Any]], factors: Sequence[str]
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Each run under its first label, and what other labels stand for the same network."""
    kept: dict[str, dict[str, Any]] = {}
    aliases: dict[str, None] = {}
    for row in rows:
        first = kept.setdefault(row["run_id"], row)
        names = [", ".join(str(r[f]) for f in factors) for r in (row, first)]
        if names[0] != names[1]:
            aliases[f"{names[0]} = {names[1]}"] = None
    return list(kept.values()), tuple(aliases)


def _is_blocked(planned: Sequence[StoredRun]) -> bool:
    """Seeds are blocks where the plan crosses them with its cells; a label is a cell."""
    return seeds_cross((line.dataset, line.label, line.seed) for line in planned)


def _flow(
    snapshot: StoreSnapshot,
    planned: Sequence[StoredRun],
    rows: Sequence[Row],
    observed: Observations,
) -> dict[str, int]:
    run_ids = {line.run_id for line in planned} | {row["run_id"] for row in rows}
    failed = sum(row["status"] == "failed" for row in rows)
    excluded = len(rows) - failed - observed.num_runs
    flow = count_flow(observed, planned=len(run_ids), failed=failed, excluded=excluded)
    return flow | {"started": sum(snapshot.states[run].attempts > 0 for run in run_ids)}


def _excluded(
    rows: Sequence[Row], response: str, aliases: Sequence[str], apart: Sequence[Cell]
) -> tuple[str, ...]:
    sentences = []
    empty = sum(row["status"] == "finished" and row[response] is None for row in rows)
    if empty:
        sentences.append(f"{counted(empty, 'finished run')} without {response}")
    if failed := sum(row["status"] == "failed" for row in rows):
        sentences.append(f"{failed} failed with an error in code (`actwise show run ID` prints it)")
    if aliases:
        labels = counted(len(aliases), "further label")
        sentences.append(f"{labels} of networks that are counted once")
    if apart:
        sentences.append(apart_sentence(apart))
    return tuple(sentences)


def _cell_means(rows: Sequence[Row], cells: Mapping[str, Cell], column: str) -> dict[Cell, float]:
    """Mean of a column over the finished runs of each cell."""
    values: dict[Cell, list[float]] = defaultdict(list)
    for row in rows:
        if row["status"] == "finished" and row[column] is not None:
            values[cells[row["run_id"]]].append(float(row[column]))
    return {cell: math.fsum(found) / len(found) for cell, found in values.items()}


def _fingerprints(snapshot: StoreSnapshot, seeds: Mapping[str, int]) -> dict[str, set[str]]:
    """Of every seed where its runs ran; memory formats follow from networks and are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for machine in snapshot.machines:
        numerics = machine.details.get("fingerprint", {})
        where = {name: value for name, value in numerics.items() if name != "memory_format"}
        for run_id in machine.run_ids:
            found[str(seeds[run_id])].add(json.dumps(where, sort_keys=True))
    return dict(found)
