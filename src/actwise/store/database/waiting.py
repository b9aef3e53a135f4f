"""Waiting for a database that is away, or that another process keeps locked: it may come back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from ...errors import StoreError

WAIT_SECONDS = 120.0
STOP_SECONDS = 5.0
"""How long it is waited for, in all; and from when a stop is asked for."""
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 0.1, 1.5, 3.0
_TELL_SECONDS = 1.0
_Result = TypeVar("_Result", covariant=True)


class ConnectionLostError(StoreError):
    """The server cannot be reached any more, or not yet. What was asked of it may be repeated."""


class StoreUnavailableError(StoreError):
    """The store cannot be written now: it is locked, or its disk is full."""


class StoreBusyError(StoreUnavailableError):
    """Another process keeps the store locked, and will let go of it."""


class Repeatable(Protocol[_Result]):
    """What can be asked again."""

    def __call__(self, *, is_repeated: bool) -> _Result:
        """Ask; ``is_repeated``: what was asked before may have been done."""
        ...


class Patience:
    """Asks again while the connection is lost or the store is locked, with growing pauses."""

    def __init__(self) -> None:
        self._tell: Callable[[str], None] = lambda text: None
        self._is_over: Callable[[], bool] = lambda: False
        self._thread: int | None = None
        self._remedy = ""
        self._gave_up = False

    @contextmanager
    def attended(
        self, *, tell: Callable[[str], None], is_over: Callable[[], bool], remedy: str = ""
    ) -> Iterator[None]:
        """Somebody hears, in this thread, that something is waited for, and may want it to end.

        A store that is locked is then waited for until it is free.

        Args:
            tell: Is told it in a sentence, and that it is back.
            is_over: Whether nobody wants to wait long any more.
            remedy: What to do about a connection that does not come back; ends its sentence.
        """
        before = self._tell, self._is_over, self._thread, self._remedy
        self._tell, self._is_over, self._thread = tell, is_over, threading.get_ident()
        self._remedy = remedy
        try:
            yield
        finally:
            self._tell, self._is_over, self._thread, self._remedy = before

    def get(self, ask: Repeatable[_Result]) -> _Result:
        """What ``ask`` returns in the end.

        Raises:
            ConnectionLostError: if the connection does not come back in time. Then nothing is
                waited for any more until one comes back.
            StoreBusyError: if the store stays locked.
        """
        started = time.monotonic()
        wait_seconds = 0.0 if self._gave_up else WAIT_SECONDS
        end = started + wait_seconds
        pause, has_told, is_repeated = 0.0, False, False
        while True:
            try:
                result = ask(is_repeated=is_repeated)
            except (ConnectionLostError, StoreBusyError) as error:
                now = time.monotonic()
                is_endless = isinstance(error, StoreBusyError) and self._thread is not None
                if self._is_over():
                    wait_seconds = STOP_SECONDS
                    end = min(end, now + wait_seconds)
                elif is_endless:
                    end = now + wait_seconds
                if now + pause > end:
                    self._gave_up = True
                    if isinstance(error, ConnectionLostError) and self._remedy:
                        raise ConnectionLostError(f"{error}; {self._remedy}") from None
                    raise
                is_heard = self._thread == threading.get_ident()
                if now - started >= _TELL_SECONDS and is_heard and not has_told:
                    has_told = True
                    most = "" if is_endless else f" up to {WAIT_SECONDS:.0f} s"
                    self._tell(f"{error}; waiting{most} for it")
                time.sleep(pause)
                pause = min(max(_FIRST_PAUSE, pause * _GROWTH), _LONGEST_PAUSE)
                is_repeated = True
            else:
                self._gave_up = False
                if has_told:
                    waited = time.monotonic() - started
                    self._tell(f"the database answers again after {waited:.0f} s")
                return result
