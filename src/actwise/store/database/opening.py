"""Opening the database of a store: made new, brought forward, or refused untouched.

The schema version stands in SQLite's file header (``user_version``) beside an application id, so
that a store of a newer actwise or the database of another program is told apart, by reading
100 bytes, before SQLite touches it.
"""

import os
import struct
import warnings
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import insert, inspect

from ...errors import StoreError, StoreWarning
from ...files import open_file
from .in_place import identity
from .marks import read_mark
from .migrations import migrate, read_version, write_version
from .schema import SCHEMA_VERSION, marks, metadata, new_token
from .sqlite import Database, Mode

APPLICATION_ID = 0x41637477  # "Actw"

_MAGIC = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_opened: WeakSet[Database] = WeakSet()


def open_database(path: Path, *, create: bool, shown: str) -> Database:
    """Open the database of a store; one that cannot be written is opened for reading.

    Raises:
        StoreError: if it is missing, damaged, no store or of a newer schema, or would have to be
            written (``create``, a migration) and cannot be; then nothing is written.
    """
    is_open_here = any(database.is_at(path) for database in _opened)
    # To close a file drops all locks of a process on it, those of its other connections too.
    header = b"" if is_open_here else _read_header(path, shown=shown)
    if header:
        _check_header(header, shown=shown)
    elif not (create or is_open_here):
        raise StoreError(f"there is no store at {shown!r}: {path.name} is missing or empty")
    is_new = not (header or is_open_here)
    database = Database(
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


def _prepare(database: Database, *, create: bool, num_bytes: int) -> None:
    if database.path.exists() and database.path.stat().st_size < num_bytes:
        _check_pages(database)
    version, tables = _read_schema(database)
    _refuse_newer(version, shown=database.shown)
    # A maker that was killed leaves an empty database, once SQLite has rolled back.
    if create and not tables:
        _create_tables(database)
    elif version == 0 or (version == SCHEMA_VERSION and not tables.issuperset(metadata.tables)):
        raise StoreError(f"store {database.shown!r} is damaged: tables are missing")
    elif version < SCHEMA_VERSION:
        with database.writing() as connection:
            migrate(connection)
    if not database.is_read_only:
        database.use_write_ahead_log()
    database.hold()


def _needs_log(database: Database, *, was_lost: bool) -> bool:
    """Whether a file without its log was written and not closed.

    Whoever opened it last after a kill, be it another program, has copied the log into it, and
    deleted the log and its index: a file in its place without either lacks nothing.
    """
    with database.reading() as connection:
        use = read_mark(connection, "in_use")
    found = identity(database.path)
    return use is not None and (was_lost or found is None or use != str(found[1]))


def _lacking_log(database: Database) -> str:
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
    _refuse_newer(version, shown=shown)


def _refuse_newer(version: int, *, shown: str) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"store {shown!r} has schema version {version} and this actwise knows versions up to "
            f"{SCHEMA_VERSION}; install a newer actwise"
        )


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


def _create_tables(database: Database) -> None:
    # The log comes after the first commit, so that the file's header itself holds the version.
    # Of two processes at once, the second finds the tables made.
    with database.writing(lock="EXCLUSIVE") as connection:
        if read_version(connection) == 0:
            metadata.create_all(connection)
            connection.execute(insert(marks), {"name": "token", "value": new_token()})
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
            write_version(connection, SCHEMA_VERSION)


def _check_pages(database: Database) -> None:
    """Check a file that is shorter than its header says."""
    problem = "too short"
    # While a log is copied into it, the file is short for a moment too; SQLite can tell.
    if database.log.exists():
        with database.reading() as connection:
            problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if problem != "ok":
        raise StoreError(f"store {database.shown!r} is damaged: its database file is too short")


def _read_schema(database: Database) -> tuple[int, set[str]]:
    with database.reading() as connection:
        return read_version(connection), set(inspect(connection).get_table_names())
