"""The SQLite file under a store: transactions, durability, and its errors as sentences.

What is particular to SQLite stands here, in :mod:`.location` and in :mod:`.opening`.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, cast

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.pool import QueuePool

from ...errors import StoreError
from .database import Database, Lock
from .in_place import Identity, identity
from .waiting import StoreBusyError, StoreUnavailableError

BUSY_SECONDS = 60
COPY_SECONDS = 1.0
"""How often the log is brought into the file: each time waits for the disk."""
Mode = Literal["create", "write", "read", "immutable"]
# The one write lock of the file is held by whoever writes anything.
_BEGIN: Mapping[Lock, str] = {
    "ROWS": "BEGIN IMMEDIATE",
    "SHARED": "BEGIN IMMEDIATE",
    "IMMEDIATE": "BEGIN IMMEDIATE",
    "EXCLUSIVE": "BEGIN EXCLUSIVE",
}

# What SQLite's own messages contain, and what a user has to know.
_SENTENCES = {
    "malformed": "is damaged ({message}); restore it from a copy",
    "file is not a database": "is damaged or not a store (its database is not a SQLite file)",
    "readonly": "cannot be written: it is read-only",
    "locked": "is busy: another process keeps it locked",
    "disk is full": "cannot be written: the disk is full",
    # Even to read, SQLite needs room for a small file beside the database.
    "disk I/O error": "cannot be read or written ({message}): its disk may be full or failing",
}


_PASSING = {"locked": StoreBusyError, "disk is full": StoreUnavailableError}
"""Of these, what may be otherwise in a while."""


class SqliteDatabase(Database):
    """One SQLite file.

    Args:
        path: The file; only the mode ``create`` makes it.
        mode: ``create`` and ``write`` for reading and writing, ``read``, or ``immutable`` for a
            file in a folder where not even a lock can be written.
        shown: Name of the store in messages.

    Attributes:
        is_open: Until it is closed.
    """

    def __init__(self, path: Path, *, mode: Mode, shown: str) -> None:
        super().__init__(shown)
        self.path = path
        self.mode = mode
        self.is_open = True
        self._connect = _connector(path, mode)
        self._engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=QueuePool,
            max_overflow=-1,
        )
        event.listen(self._engine, "begin", _begin)
        self._held: dict[Path, Identity | None] = {}
        self._token: str | None = None
        self._num_bytes = 0
        self._is_lost = False
        self._has_written = False
        self._next_copy_time = 0.0

    @property
    def is_read_only(self) -> bool:
        """See :class:`.Database`."""
        return self.mode in ("read", "immutable")

    @property
    def log(self) -> Path:
        """SQLite's write-ahead log, a part of the database while that is open, or was killed."""
        return self.path.with_name(self.path.name + "-wal")

    def hold(self) -> None:
        """From now on notice when the file or its log is taken away."""
        # Who has read keeps the log open, and nobody else deletes it then.
        with self.reading() as connection:
            connection.exec_driver_sql("SELECT 1 FROM marks").first()
        files = (self.path,) if self.is_read_only else (self.path, self.log)
        self._held = {path: identity(path) for path in files}
        self._token = self._read_token()

    def is_at(self, path: Path) -> bool:
        """Whether this process holds the very file that lies at ``path`` now."""
        found = identity(path)
        return self.is_open and found is not None and self._held.get(self.path) == found

    def require_in_place(self) -> None:
        """See :class:`.Database`. Of a file that was cut too, nothing is read any more."""
        self._require_files()
        if self._is_overwritten():
            self._is_lost = True
            self._require_files()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See :class:`.Database`."""
        with self._as_sentences(), self._engine.begin() as connection:
            self._require_files()
            yield connection

    @contextmanager
    def writing(self, *, lock: Lock = "IMMEDIATE") -> Iterator[Connection]:
        """See :class:`.Database`."""
        engine = self._engine.execution_options(begin=_BEGIN[lock])
        with self._as_sentences(), engine.begin() as connection:
            self._require_files()
            self._mark_use(connection)
            yield connection
            self._require_files()
        self._copy_log()

    @contextmanager
    def without_transaction(self) -> Iterator[sqlite3.Connection]:
        """The driver's own connection, for what cannot be done inside a transaction."""
        with self._as_sentences(), self._engine.connect() as connection:
            yield cast("sqlite3.Connection", connection.connection.driver_connection)

    def use_write_ahead_log(self) -> None:
        """Let readers and a writer work side by side; stays set in the file."""
        with self.without_transaction() as connection:
            connection.execute("PRAGMA journal_mode = WAL")

    def shrink(self) -> int:
        """See :class:`.Database`."""
        with self.without_transaction() as connection:
            # Until then what was written, and the smaller file too, lies in the log beside it.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            before = self.path.stat().st_size
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return max(0, before - self.path.stat().st_size)

    def discard(self) -> None:
        """See :class:`.Database`."""
        self.close()
        for file in files_of(self.path):
            file.unlink(missing_ok=True)

    def close(self) -> None:
        """See :class:`.Database`."""
        if not self.is_open:
            return
        if self._has_written:
            self._unmark_use()
        is_log_left = self._is_moved() and self._copy_whole_log()
        self._engine.dispose()
        self.is_open = False
        if is_log_left and identity(self.log) == self._held[self.log]:
            # SQLite leaves it, and would read it into whatever store comes to lie here.
            self.log.unlink(missing_ok=True)
            self._index.unlink(missing_ok=True)

    @property
    def _index(self) -> Path:
        return self.path.with_name(self.path.name + "-shm")

    def _is_moved(self) -> bool:
        """Whether the file that this process holds is not at its place, while its log may be."""
        return self.log in self._held and identity(self.path) != self._held[self.path]

    def _copy_whole_log(self) -> bool:
        """Bring the log into the file, wherever that is now; whether nothing is left out."""
        with suppress(StoreError), self.without_transaction() as connection:
            busy, frames, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            return bool(busy == 0 and frames == copied)
        return False

    def _require_files(self) -> None:
        if self._is_lost:
            raise StoreError(
                f"store {self.shown!r} is no longer what it was: {self.path.name} was cut or "
                "overwritten while it was in use"
            )
        for path, known in self._held.items():
            if identity(path) != known:
                raise StoreError(
                    f"store {self.shown!r} is no longer where it was: {path.name} was deleted, "
                    "moved or replaced while it was in use"
                )

    def _is_overwritten(self) -> bool:
        # A connection of its own: the others know pages by heart.
        try:
            token, num_bytes = self._read_token(), self.path.stat().st_size
            is_shorter = num_bytes < self._num_bytes
            self._num_bytes = num_bytes
            return token != self._token or (is_shorter and not self._is_sound())
        except sqlite3.OperationalError as error:
            # Locked, or no more files can be opened: whoever uses the store will meet it.
            return "no such table" in str(error)
        except sqlite3.DatabaseError:
            return True
        except OSError:
            return False

    def _read_token(self) -> str | None:
        with closing(self._connect()) as connection:
            row = connection.execute("SELECT value FROM marks WHERE name = 'token'").fetchone()
        return row and str(row[0])

    def _is_sound(self) -> bool:
        with closing(self._connect()) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))

    def _mark_use(self, connection: Connection) -> None:
        """Note in the file that it may lack what its log has; another process may have closed."""
        found = self._held.get(self.path)
        if found is not None:
            self._has_written = True
            use = str(found[1])
            noted = connection.exec_driver_sql(
                "INSERT OR REPLACE INTO marks SELECT 'in_use', ? WHERE NOT EXISTS "
                "(SELECT 1 FROM marks WHERE name = 'in_use' AND value = ?)",
                (use, use),
            )
            if noted.rowcount == 1:
                self._next_copy_time = 0.0

    def _unmark_use(self) -> None:
        # In the log first: a kill before all of it is in the file leaves log and mark.
        with suppress(StoreError), self.without_transaction() as connection:
            self._require_files()
            connection.execute("PRAGMA busy_timeout = 1000")
            connection.execute("DELETE FROM marks WHERE name = 'in_use'")

    def _copy_log(self) -> None:
        """Bring what was written into the file itself, as far as no reader is in the way."""
        if self._held and time.monotonic() >= self._next_copy_time:
            self._next_copy_time = time.monotonic() + COPY_SECONDS
            with suppress(StoreError), self.without_transaction() as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

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
                kind = _PASSING.get(part, StoreError)
                return kind(f"store {self.shown!r} {sentence.format(message=message)}")
        return StoreError(f"store {self.shown!r}: {message}")


def files_of(path: Path) -> list[Path]:
    """A database and the files that SQLite keeps beside it."""
    return [path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal")]


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
