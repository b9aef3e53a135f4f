"""Looks: when verdicts were printed from a store. Looking often needs wider intervals."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from .schema import looks


@dataclass(frozen=True)
class Look:
    """One look at the results.

    Attributes:
        looked_at: Time of day, UTC.
        study: Name of the study, None for the whole store.
        what: The command: ``analyze`` or ``report``.
        num_seeds: Seeds with results at that time.
    """

    looked_at: str
    study: str | None
    what: str
    num_seeds: int


def insert_look(connection: Connection, look: Look) -> None:
    """Add one look."""
    connection.execute(
        insert(looks).values(
            looked_at=look.looked_at,
            study=look.study,
            what=look.what,
            num_seeds=look.num_seeds,
        )
    )


def read_looks(connection: Connection, study: str | None) -> list[Look]:
    """The looks at a study (None: all), in the order of time."""
    columns = (looks.c.looked_at, looks.c.study, looks.c.what, looks.c.num_seeds)
    query = select(*columns).order_by(looks.c.looked_at, looks.c.look_id)
    if study is not None:
        query = query.where((looks.c.study == study) | looks.c.study.is_(None))
    return [Look(*row) for row in connection.execute(query)]
