"""The SQLite file under a store: transactions, durability, and its errors as sentences.

This is the seam for another database: what is particular to SQLite stands here, in
:mod:`.location` and in :mod:`actwise.store.exchange.backup`; every other file of the store speaks
SQLAlchemy Core.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import QueuePool

from ...errors import StoreError

BUSY_SECONDS = 60
# SQLite takes 32,766 values in one statement; a thousand are as fast.
_IDS_AT_ONCE = 1000
Mode = Literal["create", "write", "read", "immutable"]
_Value = TypeVar("_Value")

# How SQLite's own messages begin or what they contain, and what a user has to know.
_SENTENCES = {
    "malformed": "is damaged ({message}); restore it from a copy",
    "file is not a database": "is damaged or not a store (its database is not a SQLite file)",
    "readonly": "cannot be written: it is read-only",
    "locked": f"is busy: another process has kept it locked for {BUSY_SECONDS} s",
    "disk is full": "cannot be written: the disk is full",
}


_PASSING = ("locked", "disk is full")
"""Of these, what may be otherwise in a while."""


class StoreUnavailableError(StoreError):
    """The store cannot be written now: it is locked, or its disk is full."""


class Database:
    """One SQLite file, opened once for a process and safe to use from several threads.

    Args:
        path: The file; only the mode ``create`` makes it.
        mode: ``create`` and ``write`` for reading and writing, ``read``, or ``immutable`` for a
            file in a folder where not even a lock can be written.
        shown: Name of the store in messages.
    """

    def __init__(self, path: Path, *, mode: Mode, shown: str) -> None:
        self.path = path
        self.mode = mode
        self.shown = shown
        self._engine = create_engine(
            "sqlite://", creator=_connector(path, mode), poolclass=QueuePool, max_overflow=-1
        )
        event.listen(self._engine, "begin", _begin)

    @property
    def is_read_only(self) -> bool:
        """Whether a transaction that writes would be refused."""
        return self.mode in ("read", "immutable")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one consistent state, while others write.

        Raises:
            StoreError: if the database is damaged or cannot be read.
        """
        with self._as_sentences(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(
        self, *, lock: Literal["IMMEDIATE", "EXCLUSIVE"] = "IMMEDIATE"
    ) -> Iterator[Connection]:
        """A transaction that holds the one write lock from its start; on disk when it ends.

        Raises:
            StoreUnavailableError: if the store is busy or the disk is full.
            StoreError: if the store is read-only or damaged. Nothing of the transaction is kept.
        """
        engine = self._engine.execution_options(begin=f"BEGIN {lock}")
        with self._as_sentences(), engine.begin() as connection:
            yield connection

    @contextmanager
    def without_transaction(self) -> Iterator[sqlite3.Connection]:
        """The driver's own connection, for what cannot be done inside a transaction."""
        with self._as_sentences(), self._engine.connect() as connection:
            yield cast("sqlite3.Connection", connection.connection.driver_connection)

    def use_write_ahead_log(self) -> None:
        """Let readers and a writer work side by side; stays set in the file."""
        with self.without_transaction() as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _as_sentences(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # A constraint is our own invariant, not the user's doing.
        except DatabaseError as error:
            raise self._error(str(error.orig)) from error
        except sqlite3.DatabaseError as error:
            raise self._error(str(error)) from error

    def _error(self, message: str) -> StoreError:
        for part, sentence in _SENTENCES.items():
            if part in message:
                kind = StoreUnavailableError if part in _PASSING else StoreError
                return kind(f"store {self.shown!r} {sentence.format(message=message)}")
        return StoreError(f"store {self.shown!r}: {message}")


def chunks(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """The values in lists short enough for one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _IDS_AT_ONCE)):
        yield chunk


def _connector(path: Path, mode: Mode) -> Callable[[], sqlite3.Connection]:
    query = {"create": "mode=rwc", "write": "mode=rw", "read": "mode=ro"}.get(mode, "immutable=1")

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{path.as_uri()}?{query}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,  # BEGIN is said by _begin, never by the driver.
            check_same_thread=False,  # A connection serves one thread at a time, by the pool.
        )
        # A commit is on the disk when it returns.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    return connect


def _begin(connection: Connection) -> None:
    options: dict[str, Any] = dict(connection.get_execution_options())
    connection.exec_driver_sql(options.get("begin", "BEGIN"))
