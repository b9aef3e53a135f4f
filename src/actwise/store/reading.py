"""One reading of a store: all that an analysis, a table or a report needs, of one moment.

Everything here is read in one transaction. A run that lands meanwhile is in none of it, so that
counts, rows and looks never speak of different moments.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, func, select

from .database import chunks, now
from .database.schema import environments, epochs, predictions, probes, runs, study_runs
from .plans import (
    Look,
    Outdated,
    StoredRun,
    StoredStudy,
    Versions,
    count_results,
    read_changes,
    read_levels,
    read_looks,
    read_mixtures,
    read_planned,
    read_studies,
    read_versions,
)
from .records import Answers, unpack_predictions
from .runs import RunState, data_digest_of, read_answers, read_states
from .tables import OUTDATED, keep_where, parse_where, read_of_runs, runs_table, sum_curves

if TYPE_CHECKING:
    import pyarrow as pa

MEASURES = ("test_accuracy", "validation_accuracy", "train_accuracy")
"""Of learning curves, in percent."""


class CurvePoint(NamedTuple):
    """One epoch of finished runs of one label, of all or of some of them.

    Attributes:
        run_id: Of one of them; a run that stands under several labels is under the first.
        measure: The first of :data:`MEASURES` that any of the chosen runs has; without one, what
            trainings of the user's own gave back.
        epoch: From 1.
        num_runs: With a value.
        total: The sum of these values.
    """

    run_id: str
    measure: str
    epoch: int
    num_runs: int
    total: float


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
        words: Options that name it to a command that trains.
        study, where: What was asked for.
        read_at: Time of day, UTC.
        columns: Of ``export --what runs``.
        rows: Of that table, those that meet the conditions.
        planned: The whole plan, whatever the conditions are; of a label at a seed that has an
            outdated run and its successor, the successor alone.
        outdated: What is left out of ``rows``: runs that are no replicates any more.
        mixtures: What is to be said of runs in ``rows`` that may be no replicates.
        states: How the runs of the plan stand, by run id.
        curves: Of the runs in ``rows``.
        machines: That trained the runs in ``rows``.
        studies: Specs, by the time of their start, with what was fixed with them.
        looks: At the study, those at the whole store included.
        first_result: Time (UTC) of the first result of the whole study: a part that is chosen
            later was seen as soon as the rest.
        num_results: Runs of the whole study that finished or diverged.
        num_test_images, num_classes: Of each data set in ``rows``, where predictions and answers
            are stored.
        predictions: Of the runs in ``rows``, by run id; empty unless asked for.
        answers: Of the data of these runs, by digest, where the store has them.
        probes: Packed, by run id; of as many runs as predictions are read of.
    """

    store: str
    words: tuple[str, ...]
    study: str | None
    where: tuple[str, ...]
    read_at: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    planned: tuple[StoredRun, ...]
    outdated: tuple[Outdated, ...]
    mixtures: tuple[str, ...]
    states: Mapping[str, RunState]
    curves: tuple[CurvePoint, ...]
    machines: tuple[Machine, ...]
    studies: tuple[StoredStudy, ...]
    looks: tuple[Look, ...]
    first_result: str | None
    num_results: int
    num_test_images: Mapping[str, int]
    num_classes: Mapping[str, int]
    predictions: Mapping[str, PredictedClasses]
    answers: Mapping[str, Answers]
    probes: Mapping[str, bytes]


def read_snapshot(
    connection: Connection,
    store: str,
    study: str | None,
    where: tuple[str, ...],
    *,
    words: tuple[str, ...],
    most_predictions: int,
) -> StoreSnapshot:
    """Read inside the caller's transaction.

    Args:
        connection: Of a transaction that sees one state.
        store: Name of the store.
        words: Options that name it to a command that trains.
        study: Only this study.
        where: Conditions ``FIELD=VALUE`` on the columns of ``export --what runs``.
        most_predictions: Of more runs than this, predictions and probes are not read.

    Raises:
        UnknownNameError: if the study or a field of a condition is not known.
        SpecError: if a condition is not FIELD=VALUE.
    """
    versions = read_versions(connection, study)
    planned = _without_predecessors(read_planned(connection, study), versions)
    further = (study_runs.c.position, study_runs.c.label, runs.c.environment_id)
    found = runs_table(connection, study, further=further)
    columns = tuple(n for n in found.column_names[: -len(further)] if n != OUTDATED)
    parse_where(where, columns)
    chosen = keep_where(found, where, known=read_levels(connection, study))
    ids = (chosen[name].to_pylist() for name in ("study", "label", "run_id"))
    lines = dict.fromkeys(zip(*ids, strict=True))
    if OUTDATED in found.column_names:
        chosen = keep_where(chosen, [f"{OUTDATED}=false"])
    run_ids = list(dict.fromkeys(chosen["run_id"].to_pylist()))
    few = run_ids if len(run_ids) <= most_predictions else []
    predicted = _read_predictions(connection, few)
    probed = read_of_runs(connection, probes, few)
    examples = _examples(connection, chosen)
    digests = {p.data_digest for p in (*predicted.values(), *examples.values())}
    answers = read_answers(connection, digests)
    return StoreSnapshot(
        store=store,
        words=words,
        study=study,
        where=where,
        read_at=now(connection),
        columns=columns,
        rows=tuple(chosen.select(list(columns)).to_pylist()),
        planned=planned,
        outdated=read_changes(connection, versions, lines),
        mixtures=read_mixtures(connection, versions, lines),
        states=read_states(connection, {line.run_id for line in planned}),
        curves=_read_curves(connection, chosen),
        machines=_read_machines(connection, chosen),
        studies=tuple(read_studies(connection, study)),
        looks=tuple(read_looks(connection, study)),
        first_result=_first_result(connection, study),
        num_results=count_results(connection, study),
        num_test_images={n: len(unpack_predictions(p.packed)) for n, p in examples.items()},
        num_classes={
            name: answers[example.data_digest].num_classes
            for name, example in examples.items()
            if example.data_digest in answers
        },
        predictions=predicted,
        answers=answers,
        probes=dict(zip(*(column.to_pylist() for column in probed.columns), strict=True)),
    )


def _without_predecessors(
    planned: Sequence[StoredRun], versions: Versions
) -> tuple[StoredRun, ...]:
    """An outdated run stands for the one that is to be trained, unless that is planned too."""
    apart = versions.apart
    planned = [line for line in planned if (line.study, line.label, line.run_id) not in apart]
    current = {
        (line.label, line.engine_version, line.seed) for line in planned if not line.is_outdated
    }
    return tuple(
        line
        for line in planned
        if not line.is_outdated or (line.label, line.engine_version, line.seed) not in current
    )


def _read_curves(connection: Connection, chosen: "pa.Table") -> tuple[CurvePoint, ...]:
    """Summed by the database, so that the work here grows with labels, not with runs."""
    columns = (chosen[name].to_pylist() for name in ("run_id", "study", "label", "position"))
    lines: dict[str, tuple[str, str, int]] = {}
    for run_id, *line in zip(*columns, strict=True):
        lines.setdefault(run_id, tuple(line))
    positions: dict[str, list[int]] = defaultdict(list)
    # Replicates side by side, so that few labels are split between two queries.
    for study, _, position in sorted(lines.values()):
        positions[study].append(position)
    for measure in MEASURES:
        if points := tuple(_curve_points(connection, measure, positions)):
            return points
    responses = {s.spec.task.response for s in read_studies(connection) if s.spec.task}
    found = sum_curves(connection, chosen, responses) if responses else ()
    return tuple(CurvePoint(*point) for point in found)


def _curve_points(
    connection: Connection, measure: str, positions: Mapping[str, Sequence[int]]
) -> Iterator[CurvePoint]:
    value = epochs.c[measure]
    keys = (study_runs.c.label, runs.c.engine_version, epochs.c.epoch)
    query = (
        select(func.min(runs.c.run_id), epochs.c.epoch, func.count(value), func.sum(value))
        .join(runs, runs.c.run_id == epochs.c.run_id)
        .join(study_runs, study_runs.c.run_id == runs.c.run_id)
        .where(runs.c.status == "finished", value.is_not(None))
        .group_by(*keys)
        .order_by(*keys)
    )
    for study, mine in positions.items():
        of_study = query.where(study_runs.c.study == study)
        for chunk in chunks(mine):
            found = connection.execute(of_study.where(study_runs.c.position.in_(chunk)))
            yield from (CurvePoint(run_id, measure, *rest) for run_id, *rest in found)


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


def _examples(connection: Connection, chosen: "pa.Table") -> dict[str, PredictedClasses]:
    """The predictions of one run of each data set."""
    columns = (chosen[name].to_pylist() for name in ("dataset", "status", "run_id"))
    finished = {
        dataset: run for dataset, status, run in zip(*columns, strict=True) if status == "finished"
    }
    found = _read_predictions(connection, finished.values())
    return {dataset: found[run] for dataset, run in finished.items() if run in found}


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
