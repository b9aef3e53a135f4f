"""Reading a store for the analysis: runs, plan, curves, machines and looks, in one pass.

Settings that differ become factors; nothing is averaged over them. A run that stands under several
labels counts once, under the first, so that aliased cells are never taken for replicates.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import UnknownNameError
from ...numbers import counted
from ...registry import format_value
from ...spec import TASK
from ...store import CurvePoint, StoredRun, StoreSnapshot, labels_of
from ...store.records import unpack_probes
from ...store.tables import METRIC, SETTING, in_full
from ..table import Cell, Observations, Response, Table, make_table, select_planned
from .curves import learning_curves
from .predictions import correct_predictions, not_computed
from .response import choose_response
from .selection import Row, Selection
from .shifts import shifted_cells
from .signal import probed_runs, signal_profiles, signal_responses
from .study_results import StudyResults, count_flow, refuse_left_out


@dataclass(frozen=True)
class StoredRuns:
    """The runs of a store before anything is said about them.

    Attributes:
        table: The cells of ``actwise table``.
        planned: Lines of the plan.
        unique: Rows of the export, each run under its first label.
        aliases: Further labels.
        observed: The runs that finished or diverged.
    """

    table: Table
    planned: Sequence[StoredRun]
    unique: Sequence[Row]
    aliases: tuple[str, ...]
    observed: Observations


def runs_of(snapshot: StoreSnapshot, selection: Selection) -> StoredRuns:
    """The runs that were read, as a table and as observations.

    Raises:
        UnknownNameError: for an unknown factor or response.
        SpecError: for a factor that varies and is left out.
    """
    planned = select_planned(snapshot.planned, snapshot.where)
    response = choose_response(snapshot, planned, selection)
    table = make_table(snapshot.rows, planned, response, snapshot.outdated)
    table = replace(table, mixtures=snapshot.mixtures, labels=labels_of(snapshot.studies))
    factors = _factors(table, selection.factors)
    unique, aliases = _once(
        [{response.column: None} | _with_settings(row, factors) for row in snapshot.rows], factors
    )
    observed = Observations.from_rows(
        [row for row in unique if row["status"] != "failed"],
        factors=factors,
        response=response.column,
        validation="validation_accuracy",
        higher_is_better=response.higher_is_better,
        unit=response.unit,
        is_task=response.is_task,
        scope={**table.scope, **_left_out(table, factors)},
        test_images=snapshot.num_test_images,
        num_classes=snapshot.num_classes,
    )
    return StoredRuns(table, planned, unique, aliases, observed)


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
    probes = {run: unpack_probes(packed) for run, packed in snapshot.probes.items()}
    probed, unlike = probed_runs(probes, {row["run_id"]: row.get("dataset") for row in unique})
    name, study = snapshot.store, snapshot.study
    return StudyResults(
        "store",
        name,
        f"store {name}" + (f", study {study}" if study else ""),
        observed,
        _flow(snapshot, found.planned, unique, observed),
        excluded=(*map(str, table.outdated), *_excluded(unique, observed.response, aliases)),
        scope=table.scope,
        epochs=_cell_means(unique, cells, "epochs"),
        seconds=_cell_means(unique, cells, "train_seconds"),
        curves=learning_curves(_curves_of(snapshot, table.response), cells),
        signals=signal_responses(
            probed, [row for row in unique if row["status"] != "failed"], observed
        ),
        profiles=signal_profiles(probed, cells),
        fingerprints=_fingerprints(snapshot, unique),
        environments=tuple(
            {**machine.details, "seeds": sorted({seeds[run] for run in machine.run_ids})}
            for machine in snapshot.machines
        ),
        studies=snapshot.studies,
        store_words=snapshot.words,
        first_result=snapshot.first_result,
        study=study,
        num_results=snapshot.num_results,
        looks=snapshot.looks,
        planned_looks=tuple(sorted({n for s in snapshot.studies for n in s.spec.looks})),
        aliases=aliases,
        twins=_twins(unique, cells),
        shifts=shifted_cells(probes, unique, cells),
        table=table,
        correct=correct,
        not_computed=(*not_computed(snapshot, unique), *unlike),
    )


def _factors(table: Table, asked: Sequence[str] | None) -> tuple[str, ...]:
    """The factors asked for; without, those of the table, data set first and activation last."""
    is_task, levels = table.response.is_task, table.levels
    # Data set, model and regularization are words of the user's own, if they are factors at all.
    found = (
        *(n for n in table.factors if n != "activation" and not (is_task and len(levels[n]) == 1)),
        "activation",
    )
    if asked is None:
        return found
    known = tuple(levels) or found
    named = tuple(in_full(name, known) for name in asked)
    for name in named:
        if name not in known:
            raise UnknownNameError("factor", name, known)
    refuse_left_out({name: levels.get(name, ()) for name in found}, named)
    return named


def _left_out(table: Table, factors: Sequence[str]) -> dict[str, Any]:
    """Settings that all runs share and that were not asked for as factors."""
    shared = {n: v[0] for n, v in table.levels.items() if n not in factors and len(v) == 1}
    return {n: value for n, value in shared.items() if (n, value) != ("dataset", TASK)}


def _with_settings(row: Row, factors: Iterable[str]) -> dict[str, Any]:
    """The row with every factor as text; those that the export has no column for, from the spec."""
    found = dict(row)
    # A column of settings may have been made of one type.
    missing = [name for name in factors if name not in row or name.startswith(SETTING)]
    if missing:
        spec = json.loads(row["spec"])
        train = {f"train.{name}": value for name, value in spec.get("train", {}).items()}
        own = spec.get("task", {}).get("settings", {})
        own = {f"{SETTING}{name}": value for name, value in own.items()}
        found |= {name: {**spec, **train, **own}.get(name) for name in missing}
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


def _twins(rows: Sequence[Row], cells: Mapping[str, Cell]) -> tuple[str, ...]:
    """Cells whose runs of one seed have the same weights, with the seeds."""
    same: dict[tuple[Any, ...], set[Cell]] = defaultdict(set)
    for row in rows:
        if row["status"] == "finished" and row["weights_sha256"]:
            same[row["weights_sha256"], row["seed"]].add(cells[row["run_id"]])
    seeds: dict[tuple[Cell, ...], list[str]] = defaultdict(list)
    for (_, seed), found in same.items():
        if len(found) > 1:
            seeds[tuple(sorted(found))].append(str(seed))
    return tuple(
        f"{' = '.join(map(', '.join, found))}, seed {', '.join(known)}"
        for found, known in seeds.items()
    )


def _curves_of(snapshot: StoreSnapshot, response: Response) -> Iterable[CurvePoint]:
    """All measures of ours; of users' trainings the response alone."""
    name = response.column.removeprefix(METRIC)
    return [p for p in snapshot.curves if not response.is_task or p.measure == name]


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


def _excluded(rows: Sequence[Row], response: str, aliases: Sequence[str]) -> tuple[str, ...]:
    empty = sum(row["status"] == "finished" and row[response] is None for row in rows)
    failed = sum(row["status"] == "failed" for row in rows)
    labels = counted(len(aliases), "further label")
    sentences = {
        f"{counted(empty, 'finished run')} without {response}": empty,
        f"{failed} failed with an error in code (`actwise show run ID` prints it)": failed,
        f"{labels} of networks that are counted once": len(aliases),
    }
    return tuple(sentence for sentence, count in sentences.items() if count)


def _cell_means(rows: Sequence[Row], cells: Mapping[str, Cell], column: str) -> dict[Cell, float]:
    """Mean of a column over the finished runs of each cell."""
    values: dict[Cell, list[float]] = defaultdict(list)
    for row in rows:
        if row["status"] == "finished" and row[column] is not None:
            values[cells[row["run_id"]]].append(float(row[column]))
    return {cell: math.fsum(found) / len(found) for cell, found in values.items()}


def _fingerprints(
    snapshot: StoreSnapshot, unique: Sequence[Row]
) -> dict[tuple[str, int], set[str]]:
    """Of every network and seed where its runs ran; memory formats follow from networks."""
    places = {
        row["run_id"]: (
            " ".join(str(row[name]) for name in ("dataset", "model") if row.get(name)),
            row["seed"],
        )
        for row in unique
    }
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for machine in snapshot.machines:
        numerics = machine.details.get("fingerprint", {})
        where = {name: value for name, value in numerics.items() if name != "memory_format"}
        for run_id in machine.run_ids:
            found[places[run_id]].add(json.dumps(where, sort_keys=True))
    return dict(found)
