"""Waiting for a database whose connection was lost: it, or the network, may come back."""

import time
from collections.abc import Callable
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


class Repeatable(Protocol[_Result]):
    """What can be asked again."""

    def __call__(self, *, is_repeated: bool) -> _Result:
        """Ask; ``is_repeated``: what was asked before may have been done."""
        ...


class Patience:
    """Asks again while the connection is lost, with growing pauses.

    Attributes:
        tell: Is told in a sentence that something is waited for, and that it is back.
        is_over: Whether nobody wants to wait long any more.
    """

    def __init__(self) -> None:
        self.tell: Callable[[str], None] = lambda text: None
        self.is_over: Callable[[], bool] = lambda: False
        self._gave_up = False

    def get(self, ask: Repeatable[_Result]) -> _Result:
        """What ``ask`` returns in the end.

        Raises:
            ConnectionLostError: if the connection does not come back in time. Then nothing is
                waited for any more until one comes back.
        """
        started = time.monotonic()
        wait_seconds = 0.0 if self._gave_up else WAIT_SECONDS
        pause, has_told, is_repeated = 0.0, False, False
        while True:
            try:
                result = ask(is_repeated=is_repeated)
            except ConnectionLostError as error:
                waited = time.monotonic() - started
                if self.is_over():
                    wait_seconds = min(wait_seconds, waited + STOP_SECONDS)
                if waited + pause > wait_seconds:
                    self._gave_up = True
                    raise
                if waited >= _TELL_SECONDS and not has_told:
                    has_told = True
                    self.tell(f"{error}; waiting up to {WAIT_SECONDS:.0f} s for it")
                time.sleep(pause)
                pause = min(max(_FIRST_PAUSE, pause * _GROWTH), _LONGEST_PAUSE)
                is_repeated = True
            else:
                self._gave_up = False
                if has_told:
                    self.tell(
                        f"the database answers again after {time.monotonic() - started:.0f} s"
                    )
                return result
