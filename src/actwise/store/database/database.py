"""What every database under a store must do: the seam between SQLite and a server.

What differs stands behind two things and nowhere else. :class:`Database` is the database as a
whole: its transactions, whether it is still there, what is done to it as a whole. The little SQL
that differs inside a transaction is in :mod:`.dialects`. Everything else speaks SQLAlchemy Core.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Literal, TypeVar

from sqlalchemy import Connection, delete, insert, select

from .schema import marks
from .waiting import Patience

Lock = Literal["ROWS", "SHARED", "IMMEDIATE", "EXCLUSIVE"]
"""Of a transaction that writes: beside all others; beside others that write other runs; alone;
alone, and making or changing tables. Under the first two, the rows that a decision hangs on are
locked."""
# SQLite takes 32,766 values in one statement; a thousand are as fast.
_IDS_AT_ONCE = 1000
_Value = TypeVar("_Value")
_Result = TypeVar("_Result")


def is_repeated(connection: Connection) -> bool:
    """Whether a transaction before, of the same, may have been kept: the answer to it was lost."""
    return bool(connection.get_execution_options().get("actwise_is_repeated"))


class Database(ABC):
    """One database, opened once for a process and safe to use from several threads.

    Attributes:
        shown: Name of the store in messages, without a password.
        patience: With which :meth:`read` and :meth:`write` wait for a lost connection.
        keeps_folder: Whether drivers on other machines must find the files of its runs where
            those of this one do.
    """

    keeps_folder = False

    def __init__(self, shown: str) -> None:
        self.shown = shown
        self.patience = Patience()

    @property
    @abstractmethod
    def is_read_only(self) -> bool:
        """Whether a transaction that writes would be refused."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that sees one consistent state, while others write.

        Raises:
            StoreError: if the database is damaged or cannot be read.
        """

    @abstractmethod
    def writing(self, *, lock: Lock = "IMMEDIATE") -> AbstractContextManager[Connection]:
        """A transaction that holds its lock from its start; on disk when it ends.

        Raises:
            StoreBusyError: if another process keeps it locked.
            StoreUnavailableError: if the disk is full.
            StoreError: if the store is read-only or damaged. Nothing of the transaction is kept.
        """

    def read(self, read: Callable[[Connection], _Result]) -> _Result:
        """What ``read`` makes of a transaction; again if it cannot be had now."""

        def once(*, is_repeated: bool) -> _Result:
            with self.reading() as connection:
                return read(connection)

        return self.patience.get(once)

    def write(self, write: Callable[[Connection], _Result], *, lock: Lock = "IMMEDIATE") -> _Result:
        """The same of one that writes; see :func:`is_repeated`."""

        def once(*, is_repeated: bool) -> _Result:
            with self.writing(lock=lock) as connection:
                return write(connection.execution_options(actwise_is_repeated=is_repeated))

        return self.patience.get(once)

    @abstractmethod
    def require_in_place(self) -> None:
        """Check that the database is where it was, and that its content is the store's.

        Raises:
            StoreError: if it was deleted, moved, replaced or overwritten.
        """

    @abstractmethod
    def shrink(self) -> int:
        """Give back the space of what was deleted; how many bytes that were."""

    @abstractmethod
    def discard(self) -> None:
        """Undo that it was made; it cannot be used after it."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""


def chunks(values: Iterable[_Value]) -> Iterator[list[_Value]]:
    """The values in lists short enough for one statement."""
    iterator = iter(values)
    while chunk := list(islice(iterator, _IDS_AT_ONCE)):
        yield chunk


def read_mark(connection: Connection, name: str) -> str | None:
    """What a store notes of itself under this name."""
    query = select(marks.c.value).where(marks.c.name == name)
    return connection.execute(query).scalar_one_or_none()


def write_mark(connection: Connection, name: str, value: str) -> None:
    """Note a value under this name, in place of the one before."""
    connection.execute(delete(marks).where(marks.c.name == name))
    connection.execute(insert(marks), {"name": name, "value": value})
