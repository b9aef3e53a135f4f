"""Tables of what stands beside the runs: plans, machines and looks."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from ..database.schema import environments, looks, runs, studies, study_runs, to_json
from .arrow import read_table
from .runs import LABELS

if TYPE_CHECKING:
    import pyarrow as pa

ENVIRONMENT_COLUMNS = (
    environments.c.fingerprint_id.label("environment"),
    environments.c.environment_id,
    environments.c.device,
    environments.c.details,
)
LOOK_COLUMNS = tuple(column for column in looks.c if column.name != "look_id")
STUDY_COLUMNS = tuple(studies.c)
STUDY_RUN_COLUMNS = (
    *(study_runs.c.study, study_runs.c.position, study_runs.c.label, study_runs.c.run_id),
    *(runs.c.spec_hash, runs.c.cell_hash, runs.c.engine_version),
    *LABELS[1:],
    study_runs.c.is_aliased.label("aliased"),
    *(runs.c.parameters, runs.c.settings, study_runs.c.asked),
    *(study_runs.c.asked_at, study_runs.c.asked_cell),
)


def environments_table(connection: Connection, study: str | None) -> "pa.Table":
    """One row per machine; ``environment`` is the fingerprint's id, ``details`` JSON."""
    order = (environments.c.fingerprint_id, environments.c.environment_id)
    query = select(*ENVIRONMENT_COLUMNS).order_by(*order)
    if study is not None:
        used = (
            select(runs.c.environment_id)
            .join(study_runs, study_runs.c.run_id == runs.c.run_id)
            .where(study_runs.c.study == study)
        )
        query = query.where(environments.c.environment_id.in_(used))
    return read_table(connection, query)


def looks_table(connection: Connection, study: str | None) -> "pa.Table":
    """One row per look at a study, those at the whole store included."""
    query = select(*LOOK_COLUMNS)
    if study is not None:
        query = query.where((looks.c.study == study) | looks.c.study.is_(None))
    return read_table(connection, query.order_by(looks.c.looked_at, looks.c.look_id))


def studies_table(connection: Connection) -> "pa.Table":
    """One row per spec started under a study's name; of where its file lay, nothing."""
    import pyarrow as pa

    order = (studies.c.started_at, studies.c.study, studies.c.study_hash)
    table = read_table(connection, select(*STUDY_COLUMNS).order_by(*order))
    place = table.schema.get_field_index("started_as")
    said = [_without_folder(text) for text in table.column(place).to_pylist()]
    return table.set_column(place, table.schema.field(place), pa.array(said, pa.string()))


def _without_folder(started_as: str | None) -> str | None:
    """The folder of a file is that of one machine, and may name its user."""
    if started_as is None:
        return None
    study, *overrides = json.loads(started_as)
    path = Path(study)
    return to_json([path.name if path.is_absolute() else study, *overrides])


def study_runs_table(connection: Connection) -> "pa.Table":
    """The plans: one row per (study, label, run), with or without a result."""
    query = (
        select(*STUDY_RUN_COLUMNS)
        .join(runs, runs.c.run_id == study_runs.c.run_id)
        .order_by(study_runs.c.study, study_runs.c.position)
    )
    return read_table(connection, query)
