"""One reading of a store: all that an analysis, a table or a report needs, of one moment.

Everything here is read in one transaction. A run that lands meanwhile is in none of it, so that
counts, rows and looks never speak of different moments.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from .database import chunks
from .database.schema import environments, epochs, now, predictions, runs, study_runs
from .plans import (
    Look,
    StoredRun,
    StoredStudy,
    count_results,
    read_levels,
    read_looks,
    read_planned,
    read_studies,
)
from .records import Answers, unpack_predictions
from .runs import RunState, data_digest_of, read_answers, read_states
from .tables import keep_where, parse_where, runs_table

if TYPE_CHECKING:
    import pyarrow as pa

MEASURES = ("test_accuracy", "validation_accuracy", "train_accuracy")
"""Of learning curves, in percent."""


@dataclass(frozen=True)
class CurveSums:
    """The learning curves of one label's finished runs, summed.

    Attributes:
        run_ids: The runs; one that stands under several labels is under the first of them.
        epochs: Numbers from 1 that some run reached.
        totals_E3: Of each of :data:`MEASURES`, a row an epoch: how many runs have a value, their
            sum, and the sum of their squares.
    """

    run_ids: tuple[str, ...]
    epochs: tuple[int, ...]
    totals_E3: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Machine:
    """A machine as it was recorded, the fingerprint's hash, and the runs that it trained."""

    fingerprint_id: str
    details: Mapping[str, Any]
    run_ids: tuple[str, ...]


class PredictedClasses(NamedTuple):
    """Predicted classes of the test images of a data set, packed; see :mod:`.classes`."""

    data_digest: str
    packed: bytes


@dataclass(frozen=True)
class StoreSnapshot:
    """A store, or one of its studies, at one moment.

    Attributes:
        store: Name of the store as the user wrote it.
        study, where: What was asked for.
        read_at: Time of day, UTC.
        columns: Of ``export --what runs``.
        rows: Of that table, those that meet the conditions.
        planned: The whole plan, whatever the conditions are.
        states: How the runs of the plan stand, by run id.
        curves: Of the runs in ``rows``.
        machines: That trained the runs in ``rows``.
        studies: Specs, by the time of their start, with what was fixed with them.
        looks: At the study, those at the whole store included.
        first_result: Time (UTC) of the first result of the whole study: a part that is chosen
            later was seen as soon as the rest.
        num_results: Runs of the whole study that finished or diverged.
        num_test_images: Of each data set in ``rows``, where predictions are stored.
        predictions: Of the runs in ``rows``, by run id; empty unless asked for.
        answers: Of the data of these predictions, by digest, where the store has them.
    """

    store: str
    study: str | None
    where: tuple[str, ...]
    read_at: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    planned: tuple[StoredRun, ...]
    states: Mapping[str, RunState]
    curves: tuple[CurveSums, ...]
    machines: tuple[Machine, ...]
    studies: tuple[StoredStudy, ...]
    looks: tuple[Look, ...]
    first_result: str | None
    num_results: int
    num_test_images: Mapping[str, int]
    predictions: Mapping[str, PredictedClasses]
    answers: Mapping[str, Answers]


def read_snapshot(
    connection: Connection,
    store: str,
    study: str | None,
    where: tuple[str, ...],
    *,
    most_predictions: int,
) -> StoreSnapshot:
    """Read inside the caller's transaction.

    Args:
        connection: Of a transaction that sees one state.
        store: Name of the store.
        study: Only this study.
        where: Conditions ``FIELD=VALUE`` on the columns of ``export --what runs``.
        most_predictions: Of more runs than this, predictions are not read.

    Raises:
        UnknownNameError: if the study or a field of a condition is not known.
        SpecError: if a condition is not FIELD=VALUE.
    """
    planned = tuple(read_planned(connection, study))
    further = (study_runs.c.position, study_runs.c.label, runs.c.environment_id)
    found = runs_table(connection, study, further=further)
    columns = tuple(found.column_names[: -len(further)])
    parse_where(where, columns)
    chosen = keep_where(found, where, known=read_levels(connection, study))
    run_ids = list(dict.fromkeys(chosen["run_id"].to_pylist()))
    predicted = _read_predictions(connection, run_ids if len(run_ids) <= most_predictions else ())
    return StoreSnapshot(
        store=store,
        study=study,
        where=where,
        read_at=now(),
        columns=columns,
        rows=tuple(chosen.select(list(columns)).to_pylist()),
        planned=planned,
        states=read_states(connection, {line.run_id for line in planned}),
        curves=_read_curves(connection, chosen),
        machines=_read_machines(connection, chosen),
        studies=tuple(s for s in read_studies(connection) if study in (None, s.study)),
        looks=tuple(read_looks(connection, study)),
        first_result=_first_result(connection, study),
        num_results=count_results(connection, study),
        num_test_images=_count_test_images(connection, chosen),
        predictions=predicted,
        answers=read_answers(connection, {p.data_digest for p in predicted.values()}),
    )


class _Line(NamedTuple):
    """Place of a run in a plan."""

    study: str
    label: str
    engine_version: int
    position: int
    run_id: str


def _read_curves(connection: Connection, chosen: "pa.Table") -> tuple[CurveSums, ...]:
    """Summed by the database, so that the work here grows with labels, not with runs."""
    lines: dict[str, _Line] = {}
    for values in zip(*(chosen[name].to_pylist() for name in _Line._fields), strict=True):
        line = _Line(*values)
        lines.setdefault(line.run_id, line)
    groups: dict[tuple[str, str, int], list[_Line]] = defaultdict(list)
    for line in lines.values():
        groups[line.study, line.label, line.engine_version].append(line)
    totals: dict[tuple[str, str, int], dict[int, NDArray[np.float64]]] = defaultdict(dict)
    for study in dict.fromkeys(name for name, _, _ in groups):
        # Replicates side by side, so that few labels are split between two queries.
        positions = [n.position for key, group in groups.items() if key[0] == study for n in group]
        for label, engine, epoch, *found in _epoch_sums(connection, study, positions):
            row = np.array([value or 0.0 for value in found], dtype=np.float64)
            of_label = totals[study, label, engine]
            of_label[epoch] = of_label[epoch] + row if epoch in of_label else row
    return tuple(
        _curve_sums([line.run_id for line in groups[key]], totals[key])
        for key in groups
        if key in totals
    )


def _epoch_sums(connection: Connection, study: str, positions: Iterable[int]) -> Iterable[Any]:
    values = [epochs.c[name] for name in MEASURES]
    sums = [f for v in values for f in (func.count(v), func.sum(v), func.sum(v * v))]
    keys = (study_runs.c.label, runs.c.engine_version, epochs.c.epoch)
    query = (
        select(*keys, *sums)
        .join(runs, runs.c.run_id == epochs.c.run_id)
        .join(study_runs, study_runs.c.run_id == runs.c.run_id)
        .where(study_runs.c.study == study, runs.c.status == "finished")
        .group_by(*keys)
    )
    for chunk in chunks(positions):
        yield from connection.execute(query.where(study_runs.c.position.in_(chunk)))


def _curve_sums(run_ids: Sequence[str], by_epoch: Mapping[int, NDArray[np.float64]]) -> CurveSums:
    reached = tuple(sorted(by_epoch))
    totals_E9 = np.array([by_epoch[epoch] for epoch in reached])
    measured = {
        name: totals_E9[:, 3 * number : 3 * number + 3] for number, name in enumerate(MEASURES)
    }
    return CurveSums(tuple(run_ids), reached, measured)


def _read_machines(connection: Connection, chosen: "pa.Table") -> tuple[Machine, ...]:
    used: dict[str, dict[str, None]] = defaultdict(dict)
    columns = (chosen[name].to_pylist() for name in ("environment_id", "run_id"))
    for environment_id, run_id in zip(*columns, strict=True):
        used[environment_id][run_id] = None
    query = select(environments).order_by(environments.c.environment_id)
    return tuple(
        Machine(row.fingerprint_id, json.loads(row.details), tuple(used[row.environment_id]))
        for row in connection.execute(query)
        if row.environment_id in used
    )


def _first_result(connection: Connection, study: str | None) -> str | None:
    query = select(func.min(runs.c.recorded_at))
    if study is not None:
        of_study = select(study_runs.c.run_id).where(study_runs.c.study == study)
        query = query.where(runs.c.run_id.in_(of_study))
    return connection.execute(query).scalar()


def _count_test_images(connection: Connection, chosen: "pa.Table") -> dict[str, int]:
    """From the predictions of one run of each data set."""
    columns = (chosen[name].to_pylist() for name in ("dataset", "status", "run_id"))
    finished = {
        dataset: run for dataset, status, run in zip(*columns, strict=True) if status == "finished"
    }
    found = _read_predictions(connection, finished.values())
    return {
        dataset: len(unpack_predictions(found[run].packed))
        for dataset, run in finished.items()
        if run in found
    }


def _read_predictions(
    connection: Connection, run_ids: Iterable[str]
) -> dict[str, PredictedClasses]:
    query = select(runs.c.run_id, runs.c.settings, predictions.c.packed).join(
        predictions, predictions.c.run_id == runs.c.run_id
    )
    return {
        run_id: PredictedClasses(data_digest_of(settings), packed)
        for chunk in chunks(run_ids)
        for run_id, settings, packed in connection.execute(query.where(runs.c.run_id.in_(chunk)))
    }
