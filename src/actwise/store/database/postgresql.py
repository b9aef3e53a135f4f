"""A PostgreSQL server under a store: transactions, clock, collation, and its errors as sentences.

All that is particular to PostgreSQL stands here. It needs psycopg 3 (the extra ``postgres``).
"""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.adapt import Buffer
from psycopg.types.numeric import FloatDumper
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError

from ...errors import StoreError
from .database import Database, Lock, read_mark
from .location import secrets_in
from .schema import metadata
from .waiting import ConnectionLostError, StoreBusyError, StoreUnavailableError

BUSY_SECONDS = 5
"""How long a lock is waited for in one go; in between, a stop is heard."""
# A client that vanished must not keep the store locked for hours, nor a network that swallows
# everything keep a driver waiting. What the URL says comes before.
_IDLE_SECONDS = 120
_CONNECTING: Mapping[str, Any] = {
    "connect_timeout": 10,
    "application_name": "actwise",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
# What a role, the environment or the URL may have set otherwise: numbers come back as they were
# written, and who waits for a lock ends that himself.
_SESSION = (
    "SELECT set_config('extra_float_digits', '1', false), "
    "set_config('statement_timeout', '0', false)"
)
_LOCK_CLASS = 0x41637477  # "Actw"
# That holds the tables; of several in the search path, not always the first.
_SCHEMA = (
    "hashtext(coalesce((SELECT nspname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
    "WHERE c.oid = to_regclass('marks')), current_schema()))"
)
_LOCKS: Mapping[Lock, str] = {
    "ROWS": "",
    "SHARED": f", pg_advisory_xact_lock_shared({_LOCK_CLASS}, {_SCHEMA})",
    "IMMEDIATE": f", pg_advisory_xact_lock({_LOCK_CLASS}, {_SCHEMA})",
}
_SEQUENCES = ("leases_token_seq", "looks_look_id_seq")
_LACK = text(
    "SELECT 'it is read-only' WHERE pg_is_in_recovery() "
    "OR current_setting('default_transaction_read_only') = 'on' UNION ALL "
    "SELECT format('no permission to %s in table %s', privilege, name) "
    "FROM unnest(CAST(:tables AS text[])) name, "
    "unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) privilege "
    "WHERE NOT has_table_privilege(to_regclass(name), privilege) UNION ALL "
    "SELECT format('no permission to USE sequence %s', name) "
    "FROM unnest(CAST(:sequences AS text[])) name "
    "WHERE NOT has_sequence_privilege(to_regclass(name), 'USAGE')"
)
"""What a user lacks who may not write everything; of tables that are not made, nothing."""
_PASSING = re.compile("starting up|shutting down|recovery mode|too many|connection slots|terminat")
"""In what a server says that takes no connection now, and may in a while."""
_LOST_STATES = ("08", "57P", "53300", "25P03", "40001", "40P01", "25006")
"""How the states of errors begin after which the same may be asked again: connection lost, server
shut down or full, transaction ended from outside, deadlock, a server that became a replica."""
_SENTENCES = {
    "55P03": "is busy: another process keeps it locked",
    "53100": "cannot be written: the disk of the server is full",
    "53200": "cannot be used: the server has no memory left",
}


class _NoNan(FloatDumper):
    """What is not a number is stored as NULL, as SQLite does it."""

    def dump(self, obj: float) -> Buffer | None:
        return None if math.isnan(obj) else super().dump(obj)


class ServerDatabase(Database):
    """One schema of a database on a server: the first of the search path."""

    keeps_folder = True

    def __init__(self, url: URL, *, shown: str) -> None:
        """Nothing is connected yet; ``url`` may hold a password, ``shown`` not."""
        super().__init__(shown)
        self._secrets = secrets_in(url)
        self._engine = _make_engine(url)
        self._was_connected = False
        self._lack: str | None = None
        self._token: str | None = None

    @property
    def is_read_only(self) -> bool:
        """See :class:`.Database`; asked once."""
        if self._lack is None:
            asked = {"tables": list(metadata.tables), "sequences": list(_SEQUENCES)}
            self._lack = self.read(lambda c: c.execute(_LACK, asked).scalar()) or ""
        return bool(self._lack)

    def require_writable(self) -> None:
        """Check that every table can be written.

        Raises:
            StoreError: if not.
        """
        if self.is_read_only:
            raise StoreError(f"store {self.shown!r} cannot be written: {self._lack}")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """See :class:`.Database`."""
        engine = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with self._as_sentences(), engine.begin() as connection:
            self._was_connected = True
            yield connection

    @contextmanager
    def writing(self, *, lock: Lock = "IMMEDIATE") -> Iterator[Connection]:
        """See :class:`.Database`."""
        self.require_writable()
        with self._as_sentences(), self._engine.begin() as connection:
            self._was_connected = True
            connection.exec_driver_sql(
                f"SELECT set_config('lock_timeout', '{BUSY_SECONDS}s', true), "
                f"set_config('idle_in_transaction_session_timeout', '{_IDLE_SECONDS}s', true)"
                + _LOCKS.get(lock, _LOCKS["IMMEDIATE"])
            )
            yield connection

    def hold(self) -> None:
        """From now on notice when the tables are taken away."""
        self._token = self.read(lambda connection: read_mark(connection, "token"))

    def require_in_place(self) -> None:
        """See :class:`.Database`."""
        if self.read(lambda connection: read_mark(connection, "token")) != self._token:
            raise self._is_gone()

    def refuse_unfit(self) -> None:
        """Check that tables can be made here.

        Raises:
            StoreError: if there is no schema, it is not ours to fill, or has no UTF-8.
        """
        asked = text(
            "SELECT current_schema(), current_setting('server_encoding'), "
            "has_schema_privilege(current_schema(), 'CREATE'), pg_is_in_recovery()"
        )
        schema, encoding, may_create, is_replica = self.read(lambda c: c.execute(asked).one())
        found = self.read(lambda c: set(inspect(c).get_table_names()))
        problem = ""
        if schema is None:
            problem = "there is no schema of its search path"
        elif is_replica:
            problem = "the server is a replica, which cannot be written"
        elif not may_create:
            problem = f"permission denied for schema {schema}: tables cannot be made in it"
        elif encoding != "UTF8":
            problem = f"its encoding is {encoding}; give a database with ENCODING 'UTF8'"
        elif taken := sorted(found & metadata.tables.keys()):
            problem = (
                f"schema {schema} has a table {taken[0]!r} that is no store's; give a schema of "
                "its own (?options=-csearch_path%3DNAME)"
            )
        if problem:
            raise StoreError(f"store {self.shown!r} cannot be made: {problem}")

    def shrink(self) -> int:
        """See :class:`.Database`; the server keeps what it may need again."""
        names = ", ".join(metadata.tables)
        size = text(
            "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(CAST(:names AS text[])) t"
        )
        asked = {"names": list(metadata.tables)}
        before = self.read(lambda c: int(c.execute(size, asked).scalar_one()))
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        with self._as_sentences(), engine.connect() as connection:
            connection.exec_driver_sql(f"VACUUM {names}")
        return max(0, before - self.read(lambda c: int(c.execute(size, asked).scalar_one())))

    def discard(self) -> None:
        """See :class:`.Database`."""
        with self.writing() as connection:
            metadata.drop_all(connection)
        self.close()

    def close(self) -> None:
        """See :class:`.Database`."""
        self._engine.dispose()

    @contextmanager
    def _as_sentences(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # A constraint is our own invariant, not the user's doing.
        except DBAPIError as error:
            raise self._error(error) from None

    def _error(self, error: DBAPIError) -> StoreError:
        assert isinstance(error.orig, psycopg.Error)
        state = error.orig.sqlstate or ""
        message = error.orig.diag.message_primary or " ".join(str(error.orig).split())
        for secret in self._secrets:
            message = message.replace(secret, "***")
        if state == "42P01":  # a table is missing
            return self._is_gone()
        if state in _SENTENCES:
            kind = StoreBusyError if state == "55P03" else StoreUnavailableError
            return kind(f"store {self.shown!r} {_SENTENCES[state]}")
        if state.startswith(_LOST_STATES) or error.connection_invalidated:
            return ConnectionLostError(f"store {self.shown!r}: the connection was lost ({message})")
        if state:
            return StoreError(f"store {self.shown!r}: {message}")
        # Of a connection that was never made, there is only what libpq says.
        is_lost = self._was_connected or _PASSING.search(message)
        is_passing = ConnectionLostError if is_lost else StoreError
        return is_passing(f"store {self.shown!r} cannot be reached: {_in_short(message)}")

    def _is_gone(self) -> StoreError:
        return StoreError(
            f"store {self.shown!r} is no longer what it was: its tables were dropped, replaced or "
            "renamed while it was in use"
        )


def _in_short(message: str) -> str:
    """What libpq says of a connection, without what it says twice, and asks."""
    said = message.rpartition(" failed: ")[2].partition(" Is the server running")[0]
    if "no password supplied" in said:
        return "no password was given; set PGPASSWORD, or write it into ~/.pgpass"
    return said.removeprefix("FATAL: ").strip()


def _make_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=-1,
        connect_args={
            **{name: v for name, v in _CONNECTING.items() if name not in url.query},
            "client_encoding": "utf8",
        },
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: psycopg.Connection[Any], record: Any) -> None:
        connection.adapters.register_dumper(float, _NoNan)
        connection.autocommit = True
        connection.execute(_SESSION)
        connection.autocommit = False

    return engine
