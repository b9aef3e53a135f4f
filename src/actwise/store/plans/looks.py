"""Looks: when verdicts were printed from a store. Looking often needs wider intervals."""

from dataclasses import asdict, dataclass, fields

from sqlalchemy import Connection, func, insert, select

from ..database.schema import looks, runs, study_runs


@dataclass(frozen=True)
class Look:
    """One look at the results.

    Attributes:
        looked_at: When the runs that were judged were read, UTC.
        study: Name of the study, None for the whole store.
        what: The command: ``analyze`` or ``report``.
        num_seeds: Seeds with results among these.
        num_runs: Runs of the study with a result then; None where that was not recorded.
        nominal_level: Level at which its verdicts were judged; None where that was not recorded.
    """

    looked_at: str
    study: str | None
    what: str
    num_seeds: int
    num_runs: int | None = None
    nominal_level: float | None = None


def insert_look(connection: Connection, look: Look) -> None:
    """Add one look, unless it is there."""
    values = asdict(look)
    is_it = [looks.c[name].is_not_distinct_from(value) for name, value in values.items()]
    if connection.execute(select(looks.c.look_id).where(*is_it)).first() is None:
        connection.execute(insert(looks).values(values))


def read_looks(connection: Connection, study: str | None) -> list[Look]:
    """The looks at a study (None: all), in the order of time."""
    columns = [looks.c[field.name] for field in fields(Look)]
    query = select(*columns).order_by(looks.c.looked_at, looks.c.look_id)
    if study is not None:
        query = query.where((looks.c.study == study) | looks.c.study.is_(None))
    return [Look(*row) for row in connection.execute(query)]


def count_results(connection: Connection, study: str | None) -> int:
    """Runs of a study (None: of the store) that finished or diverged."""
    query = select(func.count()).where(runs.c.status.in_(("finished", "diverged")))
    if study is not None:
        of_study = select(study_runs.c.run_id).where(study_runs.c.study == study)
        query = query.where(runs.c.run_id.in_(of_study))
    return int(connection.execute(query).scalar_one())
