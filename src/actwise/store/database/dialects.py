"""The SQL that differs between databases: a row for each, and nothing of it elsewhere."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Table,
    extract,
    func,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import sqlite

from .database import read_mark, write_mark
from .schema import leases, marks


@dataclass(frozen=True)
class Dialect:
    """The SQL of one database.

    Attributes:
        sees_processes: Whether an owner with the name of this host is a process of this machine.
            Machines of one name may share a server; a file on a disk has one machine.
        seconds: The store's clock now, in seconds since 1970.
        insert_new: ``INSERT`` that leaves rows which are there already as they are.
        read_version: The schema version; 0 before the tables are made.
        write_version: Sets it; part of the transaction.
        last_token: Of the leases that were given.
        skip_tokens: Lets those of a store without leases rise from there.
    """

    sees_processes: bool
    seconds: Callable[[], ColumnElement[float]]
    insert_new: Callable[[Table], Any]
    read_version: Callable[[Connection], int]
    write_version: Callable[[Connection, int], object]
    last_token: Callable[[Connection], int]
    skip_tokens: Callable[[Connection, int], object]


def dialect_of(connection: Connection) -> Dialect:
    """That of the database that a transaction works on."""
    return _DIALECTS[connection.dialect.name]


def now(connection: Connection) -> str:
    """The time of day by the store's clock, as it is stored: UTC, in order to the microsecond."""
    seconds = connection.execute(select(dialect_of(connection).seconds())).scalar_one()
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def _sqlite_last_token(connection: Connection) -> int:
    query = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'leases'"
    return connection.exec_driver_sql(query).scalar_one() or 0


def _server_seconds() -> ColumnElement[float]:
    # Not now(), which stands still in a transaction.
    return extract("epoch", func.clock_timestamp()).cast(Float)


def _server_insert_new(table: Table) -> Any:
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()


def _server_version(connection: Connection) -> int:
    is_made = inspect(connection).has_table(marks.name)
    return int(read_mark(connection, "version") or 0) if is_made else 0


_TOKENS = f"pg_get_serial_sequence('{leases.name}', '{leases.c.token.name}')"
_DIALECTS: Mapping[str, Dialect] = {
    "sqlite": Dialect(
        sees_processes=True,
        seconds=lambda: literal(time.time()),
        insert_new=lambda table: sqlite.insert(table).on_conflict_do_nothing(),
        read_version=lambda c: c.exec_driver_sql("PRAGMA user_version").scalar_one(),
        write_version=lambda c, n: c.exec_driver_sql(f"PRAGMA user_version = {int(n)}"),
        last_token=_sqlite_last_token,
        skip_tokens=lambda c, last: c.exec_driver_sql(
            "INSERT INTO sqlite_sequence VALUES ('leases', ?)", (last,)
        ),
    ),
    "postgresql": Dialect(
        sees_processes=False,
        seconds=_server_seconds,
        insert_new=_server_insert_new,
        read_version=_server_version,
        write_version=lambda c, n: write_mark(c, "version", str(n)),
        last_token=lambda c: (
            c.execute(text(f"SELECT pg_sequence_last_value({_TOKENS})")).scalar_one() or 0
        ),
        skip_tokens=lambda c, last: c.execute(
            text(f"SELECT setval({_TOKENS}, :last + 1)"), {"last": last}
        ),
    ),
}
