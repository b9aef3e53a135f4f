"""The steps from each released schema to the next, and how they are taken.

Stores on servers began with version 5: steps from there on are SQL that every database knows.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, insert

from ...errors import StoreError
from .dialects import dialect_of
from .schema import SCHEMA_VERSION, Integer, marks, metadata, new_token

Migration = Callable[[Connection], None]


def _add_what_was_fixed_and_seen(connection: Connection) -> None:
    for column in ("studies ADD COLUMN registered TEXT", "looks ADD COLUMN num_runs INTEGER"):
        connection.exec_driver_sql(f"ALTER TABLE {column}")
    connection.exec_driver_sql("ALTER TABLE looks ADD COLUMN nominal_level FLOAT")


def _add_answers(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE answers (data_digest TEXT NOT NULL PRIMARY KEY, "
        "num_classes INTEGER NOT NULL, labels BLOB NOT NULL)"
    )


def _add_marks(connection: Connection) -> None:
    connection.exec_driver_sql(
        "CREATE TABLE marks (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)"
    )
    connection.exec_driver_sql("INSERT INTO marks VALUES ('token', ?)", (new_token(),))


def _add_starts(connection: Connection) -> None:
    for column in ("studies ADD COLUMN started_as", "study_runs ADD COLUMN asked_at"):
        connection.exec_driver_sql(f"ALTER TABLE {column} TEXT")
    connection.exec_driver_sql("ALTER TABLE study_runs ADD COLUMN asked_cell TEXT")


def _add_progress(connection: Connection) -> None:
    number = Integer.compile(dialect=connection.dialect)
    connection.exec_driver_sql(
        f"CREATE TABLE progress (token {number} NOT NULL, epoch {number} NOT NULL, "
        f"num_epochs {number}, done_fraction FLOAT NOT NULL, loss FLOAT, images_per_second FLOAT, "
        "seconds_left FLOAT, metrics TEXT NOT NULL, PRIMARY KEY (token, epoch), "
        "FOREIGN KEY(token) REFERENCES leases (token) ON DELETE CASCADE)"
    )


def _add_reestimated(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN reestimated_accuracy FLOAT")


STEPS: Mapping[int, Migration] = {
    1: _add_what_was_fixed_and_seen,
    2: _add_answers,
    3: _add_marks,
    4: _add_starts,
    5: _add_progress,
    6: _add_reestimated,
}
"""``STEPS[1]`` brings a store of version 1 to version 2."""


def migrate(
    connection: Connection, *, steps: Mapping[int, Migration] = STEPS, target: int = SCHEMA_VERSION
) -> None:
    """Bring a store forward to ``target`` inside the caller's transaction.

    A store that is already there, perhaps by another process meanwhile, is left as it is. If a
    step fails, the caller's transaction keeps nothing.
    """
    for version in range(read_version(connection), target):
        steps[version](connection)
        dialect_of(connection).write_version(connection, version + 1)


def make_tables(connection: Connection) -> None:
    """Make the tables of a new store, unless another process has made them meanwhile."""
    if read_version(connection) == 0:
        metadata.create_all(connection)
        connection.execute(insert(marks), {"name": "token", "value": new_token()})
        dialect_of(connection).write_version(connection, SCHEMA_VERSION)


def refuse_newer(version: int, *, shown: str) -> None:
    """Refuse what this actwise does not know.

    Raises:
        StoreError: if the version is above :data:`SCHEMA_VERSION`.
    """
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"store {shown!r} has schema version {version} and this actwise knows versions up to "
            f"{SCHEMA_VERSION}; install a newer actwise"
        )


def read_version(connection: Connection) -> int:
    """The schema version of an open database; 0 before its tables are made."""
    return dialect_of(connection).read_version(connection)
