"""The steps from each released schema to the next, and how they are taken."""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from .schema import SCHEMA_VERSION, new_token

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


def _add_reestimated(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE runs ADD COLUMN reestimated_accuracy FLOAT")


STEPS: Mapping[int, Migration] = {
    1: _add_what_was_fixed_and_seen,
    2: _add_answers,
    3: _add_marks,
    4: _add_starts,
    5: _add_reestimated,
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
        write_version(connection, version + 1)


def read_version(connection: Connection) -> int:
    """The schema version of an open database; 0 before its tables are made."""
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def write_version(connection: Connection, version: int) -> None:
    """Set the schema version; part of the transaction."""
    connection.exec_driver_sql(f"PRAGMA user_version = {int(version)}")
