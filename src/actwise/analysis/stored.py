"""Reading a store for the analysis: runs, plan, curves, machines and looks, in one pass.

Settings that differ become factors; nothing is averaged over them. A run that stands under several
labels counts once, under the first, so that aliased cells are never taken for replicates.
"""

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from ..errors import SpecError, UnknownNameError
from ..registry import format_value
from ..store import RunStore, StoredRun
from ..store.database.schema import environments as environments_table
from ..store.database.schema import predictions as predictions_table
from ..store.database.schema import runs as runs_table
from ..store.database.schema import study_runs as study_runs_table
from ..store.exchange import export_table
from .blocking import apart_sentence, joined, seeds_cross
from .numbers import counted
from .observations import Cell, Observations
from .source import DEFAULT_RESPONSE, Reading, Row, Source, StudyNote, count_flow
from .stored_curves import stored_curves
from .stored_predictions import correct_predictions, with_image_halves
from .table import Table, make_table, select_planned


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


def read_runs(store: RunStore, reading: Reading) -> StoredRuns:
    """The runs of a store, or of one of its studies, as a table and as observations.

    Raises:
        UnknownNameError: for an unknown study, factor, response or field.
        SpecError: for a factor that varies and is left out.
    """
    columns = export_table(store, "runs", study=reading.study, where=reading.where)
    rows: list[Row] = columns.to_pylist()
    planned = select_planned(store.planned(reading.study), list(reading.where))
    table = make_table(rows, planned)
    factors = _factors(table, reading.factors)
    response = reading.response or DEFAULT_RESPONSE
    if response not in columns.column_names:
        raise UnknownNameError("response", response, columns.column_names)
    unique, aliases = _once([_with_settings(row, factors) for row in rows], factors)
    usable = [row for row in unique if row["status"] != "failed"]
    observed, apart = joined(
        Observations.from_rows(
            usable,
            factors=factors,
            response=response,
            higher_is_better=not reading.lower_is_better,
            blocked=_is_blocked(planned or store.planned(reading.study)),
            test_images=_test_images(store, usable),
        )
    )
    return StoredRuns(table, planned, unique, aliases, observed, apart)


def read_store(store: RunStore, reading: Reading) -> Source:
    """The runs of a store with everything that is known of them.

    Raises:
        UnknownNameError: for an unknown study, factor, response or field.
        SpecError: for a factor that varies and is left out.
    """
    found = read_runs(store, reading)
    table, observed, unique, aliases = found.table, found.observed, found.unique, found.aliases
    factors = observed.factors
    cells = {row["run_id"]: tuple(str(row[name]) for name in factors) for row in unique}
    correct = correct_predictions(store, cells, unique)
    environments = _environments(store, unique)
    notes = [s for s in store.studies() if reading.study in (None, s.study)]
    return Source(
        "store",
        str(store),
        f"store {store}" + (f", study {reading.study}" if reading.study else ""),
        with_image_halves(observed, correct),
        _flow(store, found.planned, unique, observed),
        excluded=_excluded(unique, observed.response, aliases, found.apart),
        scope=table.scope,
        epochs=_cell_means(unique, cells, "epochs"),
        seconds=_cell_means(unique, cells, "train_seconds"),
        curves=stored_curves(store, cells),
        fingerprints=_fingerprints(unique, dict(environments)),
        environments=tuple(details for _, details in environments),
        studies=tuple(
            StudyNote(s.study, s.study_hash, s.started_at, s.spec_json, s.registrations)
            for s in notes
        ),
        first_result=_first_result(store, reading.study),
        study=reading.study,
        num_results=store.num_results(reading.study),
        looks=tuple(store.looks(reading.study)),
        planned_looks=tuple(sorted({look for note in notes for look in note.spec.looks})),
        aliases=aliases,
        table=table,
        correct=correct,
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


def _test_images(store: RunStore, rows: Sequence[Row]) -> dict[str, int]:
    """Number of test images of each data set, from one run's predictions."""
    from ..store.records import unpack_predictions

    finished = {row["dataset"]: row["run_id"] for row in rows if row["status"] == "finished"}
    counts = {}
    with store.database.reading() as connection:
        for dataset, run_id in finished.items():
            query = select(predictions_table.c.packed).filter_by(run_id=run_id)
            if (packed := connection.execute(query).scalar()) is not None:
                counts[dataset] = len(unpack_predictions(packed))
    return counts


def _flow(
    store: RunStore, planned: Sequence[StoredRun], rows: Sequence[Row], observed: Observations
) -> dict[str, int]:
    run_ids = {line.run_id for line in planned} | {row["run_id"] for row in rows}
    failed = sum(row["status"] == "failed" for row in rows)
    excluded = len(rows) - failed - observed.num_runs
    flow = count_flow(observed, planned=len(run_ids), failed=failed, excluded=excluded)
    states = store.states(run_ids)
    return flow | {"started": sum(state.attempts > 0 for state in states.values())}


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


def _fingerprints(rows: Sequence[Row], environments: Mapping[str, Row]) -> dict[str, set[str]]:
    """Of every seed where its runs ran; memory formats follow from networks and are left out."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        numerics = environments[row["environment"]].get("fingerprint", {})
        where = {name: value for name, value in numerics.items() if name != "memory_format"}
        found[str(row["seed"])].add(json.dumps(where, sort_keys=True))
    return dict(found)


def _environments(store: RunStore, rows: Sequence[Row]) -> list[tuple[str, Row]]:
    """What is recorded of the machines of these runs, with their seeds, by fingerprint's hash."""
    query = select(environments_table).order_by(environments_table.c.environment_id)
    with store.database.reading() as connection:
        found = connection.execute(query).all()
        runs = connection.execute(select(runs_table.c.run_id, runs_table.c.environment_id)).all()
    where = {run.run_id: run.environment_id for run in runs}
    used: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        used[where[row["run_id"]]].add(row["seed"])
    kept = [row for row in found if row.environment_id in used]
    return [
        (row.fingerprint_id, {**json.loads(row.details), "seeds": sorted(used[row.environment_id])})
        for row in kept
    ]


def _first_result(store: RunStore, study: str | None) -> str | None:
    """Of the whole study: a part that is chosen later was seen as soon as the rest."""
    query = select(func.min(runs_table.c.recorded_at))
    if study is not None:
        of_study = select(study_runs_table.c.run_id).where(study_runs_table.c.study == study)
        query = query.where(runs_table.c.run_id.in_(of_study))
    with store.database.reading() as connection:
        return connection.execute(query).scalar()
