"""Opening the database of a store: made new, brought forward, or refused untouched.

Of a file, the schema version stands in SQLite's file header (``user_version``) beside an
application id, so that a store of a newer actwise or the database of another program is told
apart, by reading 100 bytes, before SQLite touches it.
"""

import os
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

from sqlalchemy import Connection, inspect
from sqlalchemy.exc import ArgumentError

from ...errors import StoreError, StoreWarning
from ...files import open_file
from .database import Database, read_mark
from .in_place import identity
from .location import Location
from .migrations import make_tables, migrate, read_version, refuse_newer
from .schema import SCHEMA_VERSION, metadata
from .sqlite import Mode, SqliteDatabase

if TYPE_CHECKING:
    from .postgresql import ServerDatabase

APPLICATION_ID = 0x41637477  # "Actw"
INCOMPLETE = "incomplete"
"""The mark of a store that is just being copied to a URL."""

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_opened: WeakSet[SqliteDatabase] = WeakSet()


def open_database(
    location: Location, *, create: bool, before_making: Callable[[], None] = lambda: None
) -> Database:
    """Open the database of a store; one that cannot be written is opened for reading.

    Args:
        location: Where it lies.
        create: Make it where it is missing, and insist that it can be written.
        before_making: Called where it is about to be made; may refuse that.

    Raises:
        StoreError: if it is missing, damaged, no store or of a newer schema, or would have to be
            written (``create``, a migration) and cannot be; then nothing is written.
    """
    if location.database is None:
        return _open_on_server(location, create=create, before_making=before_making)
    if create and not location.database.exists():
        with _unless(location.database.exists):
            before_making()
    return _open_file(location.database, create=create, shown=location.shown)


def is_made(location: Location) -> bool:
    """Whether there is a store.

    Raises:
        StoreError: if the server cannot be reached.
    """
    if location.database is not None:
        return location.database.exists()
    database = _connect(location)
    try:
        return database.read(read_version) > 0
    finally:
        database.close()


def _open_on_server(
    location: Location, *, create: bool, before_making: Callable[[], None]
) -> Database:
    database = _connect(location)
    try:
        version = database.read(read_version)
        refuse_newer(version, shown=location.shown)
        if version == 0 and not create:
            raise StoreError(f"there is no store at {location.shown!r}: it has no tables of one")
        if version == 0:
            with _unless(lambda: database.read(read_version) > 0):
                database.refuse_unfit()
                before_making()
            database.write(make_tables, lock="EXCLUSIVE")
        elif create:
            database.require_writable()
        _bring_forward(database)
        database.hold()
    except BaseException:
        database.close()
        raise
    return database


@contextmanager
def _unless(is_made: Callable[[], bool]) -> Iterator[None]:
    """What speaks against making a store, unless another process has made it meanwhile."""
    try:
        yield
    except StoreError:
        if not is_made():
            raise


def _connect(location: Location) -> "ServerDatabase":
    try:
        from .postgresql import ServerDatabase
    except ImportError:
        raise StoreError(
            f"store {location.shown!r} needs psycopg: install it with pip install "
            "'actwise[postgres]'"
        ) from None
    assert location.server is not None, "what is no file lies on a server"
    try:
        return ServerDatabase(location.server, shown=location.shown)
    except (TypeError, ValueError, ArgumentError) as error:
        raise StoreError(f"store {location.shown!r} is no URL of a server: {error}") from None


def _open_file(path: Path, *, create: bool, shown: str) -> Database:
    is_open_here = any(database.is_at(path) for database in _opened)
    # To close a file drops all locks of a process on it, those of its other connections too.
    header = b"" if is_open_here else _read_header(path, shown=shown)
    if header:
        _check_header(header, shown=shown)
    elif not (create or is_open_here):
        raise StoreError(f"there is no store at {shown!r}: {path.name} is missing or empty")
    is_new = not (header or is_open_here)
    database = SqliteDatabase(
        path, mode=_mode(path, create=create, is_new=is_new, shown=shown), shown=shown
    )
    lacks_log = not database.log.exists()
    lost_log = lacks_log and path.with_name(path.name + "-shm").exists()
    try:
        _prepare(database, create=create, num_bytes=_expected_bytes(header))
        if lacks_log and _needs_log(database, was_lost=lost_log):
            warnings.warn(_lacking_log(database), StoreWarning, stacklevel=2)
    except BaseException:
        database.close()
        raise
    _opened.add(database)
    return database


def _prepare(database: SqliteDatabase, *, create: bool, num_bytes: int) -> None:
    if database.path.exists() and database.path.stat().st_size < num_bytes:
        _check_pages(database)
    version, tables = database.read(_read_schema)
    refuse_newer(version, shown=database.shown)
    # A maker that was killed leaves an empty database, once SQLite has rolled back.
    if create and not tables:
        _create_tables(database)
    _bring_forward(database)
    if not database.is_read_only:
        database.use_write_ahead_log()
    database.hold()


def _bring_forward(database: Database) -> None:
    version, tables = database.read(_read_schema)
    if version == 0 or (version == SCHEMA_VERSION and not tables.issuperset(metadata.tables)):
        raise StoreError(f"store {database.shown!r} is damaged: tables are missing")
    if "marks" in tables and database.read(lambda c: read_mark(c, INCOMPLETE)):
        raise StoreError(
            f"store {database.shown!r} is an incomplete copy: `store copy` was ended before it was "
            "done; delete what there is of it and copy again"
        )
    if version < SCHEMA_VERSION:
        database.write(migrate)


def _needs_log(database: SqliteDatabase, *, was_lost: bool) -> bool:
    """Whether a file without its log was written and not closed.

    Whoever opened it last after a kill, be it another program, has copied the log into it, and
    deleted the log and its index: a file in its place without either lacks nothing.
    """
    with database.reading() as connection:
        use = read_mark(connection, "in_use")
    found = identity(database.path)
    return use is not None and (was_lost or found is None or use != str(found[1]))


def _lacking_log(database: SqliteDatabase) -> str:
    return (
        f"store {database.shown!r} was not closed, and its log {database.log.name} is missing: it "
        "may lack what was recorded last; copy stores with `actwise store copy`"
    )


def _read_header(path: Path, *, shown: str) -> bytes:
    try:
        with open_file(path) as file:
            return file.read(_HEADER_BYTES)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"store {shown!r} cannot be read: {error.strerror}") from None


def _check_header(header: bytes, *, shown: str) -> None:
    if len(header) < _HEADER_BYTES or not header.startswith(_MAGIC):
        raise StoreError(f"store {shown!r} is damaged or not a store: it is no SQLite database")
    version, application = struct.unpack(">I4xI", header[60:72])
    if application != APPLICATION_ID:
        raise StoreError(f"store {shown!r} is not a store but another SQLite database")
    refuse_newer(version, shown=shown)


def _expected_bytes(header: bytes) -> int:
    """Page size times number of pages, as the header has them."""
    if not header:
        return 0
    page_bytes, num_pages = struct.unpack(">H10xI", header[16:32])
    # Two bytes cannot hold 65,536, so it is written as 1.
    return int((65536 if page_bytes == 1 else page_bytes) * num_pages)


def _mode(path: Path, *, create: bool, is_new: bool, shown: str) -> Mode:
    folder_is_writable = os.access(path.parent, os.W_OK)
    if folder_is_writable and (not path.exists() or os.access(path, os.W_OK)):
        return "create" if is_new else "write"
    if create:
        raise StoreError(f"store {shown!r} cannot be written: no permission")
    # Without a log beside it nobody is writing, and no lock could be written either.
    return "read" if path.with_name(path.name + "-wal").exists() else "immutable"


def _create_tables(database: SqliteDatabase) -> None:
    # The log comes after the first commit, so that the file's header itself holds the version.
    # Of two processes at once, the second finds the tables made.
    with database.writing(lock="EXCLUSIVE") as connection:
        make_tables(connection)
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _check_pages(database: SqliteDatabase) -> None:
    """Check a file that is shorter than its header says."""
    problem = "too short"
    # While a log is copied into it, the file is short for a moment too; SQLite can tell.
    if database.log.exists():
        with database.reading() as connection:
            problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if problem != "ok":
        raise StoreError(f"store {database.shown!r} is damaged: its database file is too short")


def _read_schema(connection: Connection) -> tuple[int, set[str]]:
    return read_version(connection), set(inspect(connection).get_table_names())
