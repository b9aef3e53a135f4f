"""What is planned: the specs started under a study's name, and the union of their runs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from ...errors import UnknownNameError
from ...spec import ENGINE_VERSION, PlannedRun, RunSpec, StudySpec, parse_stored_study
from ..database.schema import now, runs, short_hash, studies, study_runs, to_json
from .registrations import Registration, add_registrations, read_registrations


@dataclass(frozen=True)
class StoredStudy:
    """One spec started under a study's name.

    Attributes:
        started_at: The first time, UTC.
        registrations: What was fixed with it and when, by time.
    """

    study: str
    study_hash: str
    started_at: str
    spec_json: str
    registrations: tuple[Registration, ...] = ()

    @cached_property
    def spec(self) -> StudySpec:
        """The spec as it was started."""
        return parse_stored_study(self.spec_json)


@dataclass(frozen=True)
class StoredRun:
    """One line of a stored plan: a run under the label that a study asked for.

    Attributes:
        label: Hash of every setting as asked but the seed: equal for replicates.
        position: Place in the study's plan, from 0.
        asked: The settings as asked, as JSON without defaults and without the seed.
        is_aliased: Whether another label of the same study has the same cell.
    """

    study: str
    position: int
    label: str
    run_id: str
    spec_hash: str
    cell_hash: str
    engine_version: int
    dataset: str
    model: str
    regularization: str
    activation: str
    width: float
    seed: int
    is_aliased: bool
    parameters: int
    asked: str

    @property
    def spec(self) -> RunSpec:
        """The settings as asked."""
        return RunSpec.model_validate({**json.loads(self.asked), "seed": self.seed})


def insert_study(
    connection: Connection,
    study: StudySpec,
    *,
    registrations: Iterable[Registration],
    started_at: str | None = None,
) -> None:
    """File a spec under its name, and what was fixed with it; what is there already stays."""
    text = to_json(study.model_dump(mode="json", exclude_defaults=True))
    values = {"study": study.name, "study_hash": short_hash(text)}
    is_there = select(studies.c.study).filter_by(**values)
    if connection.execute(is_there).first() is None:
        row = values | {"started_at": started_at or now(), "spec": text}
        connection.execute(insert(studies), row)
    add_registrations(connection, study.name, values["study_hash"], registrations)


def insert_runs(
    connection: Connection,
    study: str,
    planned: Sequence[PlannedRun],
    *,
    engine_version: int = ENGINE_VERSION,
    supersede: bool = False,
) -> None:
    """Add runs to a study's plan, after those that it has; known ones are left as they are.

    With ``supersede`` a label at a seed stands for one run of an engine: where users' code or data
    have changed, the line of the run before the change leaves the plan, so that it is no replicate.
    """
    known_runs = set(connection.execute(select(runs.c.run_id)).scalars())
    new_runs = {run.run_id: run for run in planned if run.run_id not in known_runs}
    if new_runs:
        rows = [_run_row(run, engine_version) for run in new_runs.values()]
        connection.execute(insert(runs), rows)
    is_of_study = study_runs.c.study == study
    asked = list(_label_rows(study, planned))
    columns = (study_runs.c.label, runs.c.seed, study_runs.c.run_id, runs.c.engine_version)
    joined = select(*columns).join(runs, runs.c.run_id == study_runs.c.run_id).where(is_of_study)
    lines = connection.execute(joined).all()
    if supersede:
        seeds = {run.run_id: run.spec.seed for run in planned}
        newest = {(row["label"], seeds[row["run_id"]]): row["run_id"] for row in asked}
        for label, seed, run_id, engine in lines:
            if engine == engine_version and newest.get((label, seed), run_id) != run_id:
                is_line = (study_runs.c.label == label) & (study_runs.c.run_id == run_id)
                connection.execute(delete(study_runs).where(is_of_study & is_line))
    known = {(label, run_id) for label, _, run_id, _ in lines}
    rows = [row for row in asked if (row["label"], row["run_id"]) not in known]
    if rows:
        last = select(func.max(study_runs.c.position)).where(is_of_study)
        first = (connection.execute(last).scalar_one() or 0) + 1 if known else 0
        placed = [row | {"position": first + index} for index, row in enumerate(rows)]
        connection.execute(insert(study_runs), placed)
        mark_aliases(connection, study)


def mark_aliases(connection: Connection, study: str) -> None:
    """Mark the runs of a study whose cell stands in it under more than one label."""
    is_of_study = study_runs.c.study == study
    aliased_cells = (
        select(runs.c.cell_hash)
        .join(study_runs, study_runs.c.run_id == runs.c.run_id)
        .where(is_of_study)
        .group_by(runs.c.cell_hash)
        .having(func.count(study_runs.c.label.distinct()) > 1)
    )
    aliased_runs = select(runs.c.run_id).where(runs.c.cell_hash.in_(aliased_cells))
    is_aliased = study_runs.c.run_id.in_(aliased_runs)
    connection.execute(
        update(study_runs)
        .where(is_of_study, study_runs.c.is_aliased != is_aliased)
        .values(is_aliased=is_aliased)
    )


def read_studies(connection: Connection) -> list[StoredStudy]:
    """All specs, in the order in which they were first started."""
    order = (studies.c.started_at, studies.c.study, studies.c.study_hash)
    return [
        StoredStudy(
            row.study, row.study_hash, row.started_at, row.spec, read_registrations(row.registered)
        )
        for row in connection.execute(select(studies).order_by(*order))
    ]


def read_planned(connection: Connection, study: str | None) -> list[StoredRun]:
    """The plan of a study, or of all by name, in its order.

    Raises:
        UnknownNameError: if there is no such study.
    """
    of_run = ("spec_hash", "cell_hash", "engine_version", "seed", "parameters")
    query = (
        select(study_runs, *(runs.c[name] for name in of_run))
        .join(runs, runs.c.run_id == study_runs.c.run_id)
        .order_by(study_runs.c.study, study_runs.c.position)
    )
    if study is not None:
        require_study(connection, study)
        query = query.where(study_runs.c.study == study)
    return [StoredRun(**row) for row in connection.execute(query).mappings()]


def read_levels(connection: Connection, study: str | None) -> dict[str, set[Any]]:
    """The levels of every factor of a plan, and its seeds, with or without results."""
    names = ("study", "dataset", "model", "regularization", "activation", "width")
    query = select(*(study_runs.c[name] for name in names), runs.c.seed).join(
        runs, runs.c.run_id == study_runs.c.run_id
    )
    if study is not None:
        query = query.where(study_runs.c.study == study)
    lines = connection.execute(query.distinct()).all()
    columns = zip(*lines, strict=True) if lines else ((),) * (len(names) + 1)
    return dict(zip((*names, "seed"), map(set, columns), strict=True))


def require_study(connection: Connection, study: str) -> None:
    """Check that a study is in the store.

    Raises:
        UnknownNameError: if it is not; with the nearest names.
    """
    names = sorted(set(connection.execute(select(studies.c.study)).scalars()))
    if study not in names:
        raise UnknownNameError("study of this store", study, names)


def _run_row(run: PlannedRun, engine_version: int) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "spec_hash": run.spec_hash,
        "cell_hash": run.cell_hash,
        "engine_version": engine_version,
        "seed": run.spec.seed,
        "settings": to_json(run.settings),
        "parameters": run.parameters,
        "status": "pending",
        "attempts": 0,
    }


def _label_rows(study: str, planned: Sequence[PlannedRun]) -> Iterable[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for run in planned:
        asked = to_json(run.spec.model_dump(mode="json", exclude_defaults=True, exclude={"seed"}))
        label = short_hash(asked)
        rows[label, run.run_id] = {
            "study": study,
            "label": label,
            "run_id": run.run_id,
            "dataset": run.spec.dataset,
            "model": run.spec.model,
            "regularization": run.spec.regularization,
            "activation": run.spec.activation,
            "width": run.spec.width,
            "asked": asked,
            "is_aliased": False,
        }
    return rows.values()
