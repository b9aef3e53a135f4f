"""Adding to what is planned: specs, and the lines of their runs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from ...spec import ENGINE_VERSION, PlannedRun, StudySpec
from ..database import now
from ..database.schema import runs, short_hash, studies, study_runs, to_json
from .plans import text_and_hash
from .registrations import Registration, add_registrations


class Asked(NamedTuple):
    """When a line of a plan was asked for (UTC), and the cell that its label was then."""

    at: str | None
    cell: str | None


def insert_study(
    connection: Connection,
    study: StudySpec,
    *,
    registrations: Iterable[Registration],
    started_at: str | None = None,
    started_as: Sequence[str] = (),
) -> None:
    """File a spec under its name, and what was fixed with it; what is there already stays.

    With ``started_at`` it comes from another store; a start of now says how it was started last,
    and how levels are named.
    """
    text, key = text_and_hash(study)
    is_it = (studies.c.study == study.name) & (studies.c.study_hash == key)
    stored = connection.execute(select(studies.c.spec).where(is_it)).scalar()
    if stored is None:
        row = {"study": study.name, "study_hash": key, "started_at": started_at or now(connection)}
        connection.execute(insert(studies), row | {"spec": text})
    elif stored != text and started_at is None:
        connection.execute(update(studies).where(is_it).values(spec=text))
    if started_as:
        if started_at is not None:
            is_it &= studies.c.started_as.is_(None)
        words = to_json([*started_as])
        connection.execute(update(studies).where(is_it).values(started_as=words))
    add_registrations(connection, study.name, key, registrations)


def insert_runs(
    connection: Connection,
    study: str,
    planned: Sequence[PlannedRun],
    *,
    engine_version: int = ENGINE_VERSION,
    asked: Sequence[Asked] | None = None,
) -> None:
    """Add runs to a study's plan, after those that it has; known ones are left as they are.

    Args:
        connection: Of a transaction.
        study: Name of the study.
        planned: The runs.
        engine_version: Of the runs that are new.
        asked: For each of them; None = they are asked for now, by a start. Then a label at a seed
            stands for one run of an engine: where users' code or data have changed, the line of
            the run before the change leaves the plan.
    """
    known_runs = set(connection.execute(select(runs.c.run_id)).scalars())
    new_runs = {run.run_id: run for run in planned if run.run_id not in known_runs}
    if new_runs:
        rows = [_run_row(run, engine_version) for run in new_runs.values()]
        connection.execute(insert(runs), rows)
    is_of_study = study_runs.c.study == study
    time = now(connection)
    lines = list(_lines(study, planned, asked or [Asked(time, r.cell_hash) for r in planned]))
    columns = (study_runs.c.label, runs.c.seed, study_runs.c.run_id, runs.c.engine_version)
    joined = select(*columns).join(runs, runs.c.run_id == study_runs.c.run_id).where(is_of_study)
    stored = connection.execute(joined).all()
    if asked is None:
        seeds = {run.run_id: run.spec.seed for run in planned}
        newest = {(line["label"], seeds[line["run_id"]]): line["run_id"] for line in lines}
        for label, seed, run_id, engine in stored:
            if engine == engine_version and newest.get((label, seed), run_id) != run_id:
                is_line = (study_runs.c.label == label) & (study_runs.c.run_id == run_id)
                connection.execute(delete(study_runs).where(is_of_study & is_line))
    known = {(label, run_id) for label, _, run_id, _ in stored}
    new, old = (
        [line for line in lines if ((line["label"], line["run_id"]) in known) is is_known]
        for is_known in (False, True)
    )
    _ask_again(connection, study, [line for line in old if line["asked_at"]])
    if new:
        last = select(func.max(study_runs.c.position)).where(is_of_study)
        first = (connection.execute(last).scalar_one() or 0) + 1 if known else 0
        placed = [line | {"position": first + index} for index, line in enumerate(new)]
        connection.execute(insert(study_runs), placed)
        mark_aliases(connection, study)


def _ask_again(connection: Connection, study: str, lines: Sequence[Mapping[str, Any]]) -> None:
    """Note of lines that are there when they were asked for last."""
    if not lines:
        return
    of_line = (study_runs.c.label == bindparam("of_label"), study_runs.c.run_id == bindparam("run"))
    is_older = func.coalesce(study_runs.c.asked_at, "") < bindparam("at")
    statement = update(study_runs).where(study_runs.c.study == study, *of_line, is_older)
    connection.execute(
        statement.values(asked_at=bindparam("at"), asked_cell=bindparam("cell")),
        [
            {
                "of_label": n["label"],
                "run": n["run_id"],
                "at": n["asked_at"],
                "cell": n["asked_cell"],
            }
            for n in lines
        ],
    )


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


def _lines(
    study: str, planned: Sequence[PlannedRun], asked: Sequence[Asked]
) -> Iterable[dict[str, Any]]:
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for run, (time, cell) in zip(planned, asked, strict=True):
        settings = run.spec.model_dump(mode="json", exclude_defaults=True, exclude={"seed"})
        text = to_json(settings)
        label = short_hash(text)
        rows[label, run.run_id] = {
            "study": study,
            "label": label,
            "run_id": run.run_id,
            "dataset": run.spec.dataset,
            "model": run.spec.model,
            "regularization": run.spec.regularization,
            "activation": run.spec.activation,
            "width": run.spec.width,
            "asked": text,
            "is_aliased": False,
            "asked_at": time,
            "asked_cell": cell,
        }
    return rows.values()
