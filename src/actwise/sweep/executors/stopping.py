"""Why a sweep stops before it is done: Ctrl-C, SIGTERM, its time limit."""

import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Self

from ...errors import ActwiseError

EXIT_TIME_LIMIT = 4
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class StoppedError(ActwiseError):
    """A stop was asked for before anything could be said."""

    def __init__(self, sentence: str, *, exit_code: int = EXIT_TIME_LIMIT) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


class StopRequest:
    """Whether to stop, asked by calling it. As a context it hears the signals.

    The first Ctrl-C and SIGTERM only set the request; a second Ctrl-C raises KeyboardInterrupt.
    Outside a program's main thread, where Python takes no signals, only the time limit counts.
    """

    def __init__(self, *, time_limit_seconds: float | None) -> None:
        """The time limit counts from here."""
        self._deadline: float | None = None
        if time_limit_seconds is not None:
            self._deadline = time.monotonic() + time_limit_seconds
        self._exit_code: int | None = None
        self._handlers_before: dict[int, Any] = {}

    @property
    def exit_code(self) -> int | None:
        """What the command exits with if runs are left; None while nothing asked for a stop."""
        if self._exit_code is None and self._deadline and time.monotonic() >= self._deadline:
            self._exit_code = EXIT_TIME_LIMIT
        return self._exit_code

    @property
    def reason(self) -> str:
        """In words, for messages."""
        words = {EXIT_TIME_LIMIT: "the time limit", EXIT_INTERRUPTED: "Ctrl-C"}
        return words.get(self.exit_code or 0, "SIGTERM")

    def error(self, sentence: str) -> StoppedError:
        """What to raise after a stop; ``sentence`` is followed by the reason."""
        code = self.exit_code or EXIT_TIME_LIMIT
        return StoppedError(f"{sentence} by {self.reason}", exit_code=code)

    def __call__(self) -> bool:
        return self.exit_code is not None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers_before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self._exit_code == EXIT_INTERRUPTED:
            raise KeyboardInterrupt
        self._exit_code = EXIT_INTERRUPTED if number == signal.SIGINT else EXIT_TERMINATED
