"""The driver's end of one worker process."""

import os
import queue
import re
import signal
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

from ...errors import StoreError, files_in_the_way
from ...numbers import signal_name
from ..worker import (
    WORKERS_LOG,
    Advanced,
    Assignment,
    Message,
    Result,
    Setup,
    Stop,
    Work,
    WorkerQuestion,
    decode,
    encode,
)
from .nursery import Nursery

Inbox = queue.SimpleQueue[tuple["WorkerProcess", Message | None]]
"""What all workers of a driver say; None: this one's pipe has closed, it says no more."""

_ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)\b")
"""The line of a traceback that names its exception; numpy's and torch's have others after it."""

_MOST_LINES, _MOST_SHOWN = 200, 1000


class WorkerProcess:
    """A process that trains one work item after another, once it has been set up.

    Attributes:
        pending: Run ids of the assignments that it has not answered.
    """

    def __init__(self, nursery: Nursery, *, plans: bool = False) -> None:
        """Start it, to train unless it is to plan.

        Raises:
            OSError: if the system starts no process.
        """
        self.pending: list[str] = []
        self._listener: threading.Thread | None = None
        self._is_killed_by_us = False
        self._folder = str(Path.cwd())
        self._said: deque[bytes] = deque(maxlen=_MOST_LINES)
        (stdin, to_it), (from_it, stdout), (errors, stderr) = os.pipe(), os.pipe(), os.pipe()
        self._stdin = os.fdopen(to_it, "wb")
        self._stdout = os.fdopen(from_it, "rb")
        # Until it is set up: there may be no store yet.
        self._stderr = os.fdopen(errors, "rb")
        try:
            self._child = nursery.start((stdin, stdout, stderr), plans=plans)
        except OSError:
            for pipe in (self._stdin, self._stdout, self._stderr):
                pipe.close()
            raise
        finally:
            for descriptor in (stdin, stdout, stderr):
                os.close(descriptor)
        self._hearing = threading.Thread(target=self._hear, daemon=True)
        self._hearing.start()
        self._send(nursery.make_start())

    def set_up(self, setup: Setup, inbox: Inbox) -> None:
        """Tell it what holds for all runs; work may follow at once.

        Raises:
            OSError: if its log cannot be written.
        """
        (Path(setup.logs) / WORKERS_LOG).touch()
        self.listen(inbox)
        self._send(setup)

    def listen(self, inbox: Inbox) -> None:
        """Put what it says into ``inbox``."""
        self._listener = threading.Thread(target=self._listen, args=(inbox,), daemon=True)
        self._listener.start()

    def ask(self, question: WorkerQuestion) -> None:
        """Ask about a cell, or about costs; from then on it must not train."""
        self._send(question)

    def give(self, assignments: tuple[Assignment, ...]) -> None:
        """Hand over work."""
        self.pending = [assignment.run_id for assignment in assignments]
        self._send(Work(assignments=assignments))

    def stop(self) -> None:
        """Ask for a stop at the next batch."""
        self._send(Stop())

    def take(self, message: Message) -> Advanced | Result:
        """What the worker said, with its run struck off if that is a result."""
        assert isinstance(message, Advanced | Result)
        if not isinstance(message, Advanced):
            self.pending.remove(message.run_id)
        return message

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        return self._child.has_ended()

    def kill_group(self) -> None:
        """Kill the process and every descendant that stayed in its group."""
        self._is_killed_by_us = self._is_killed_by_us or not self.has_ended()
        self._child.kill_group()

    def end(self) -> str:
        """Kill the group, wait for the process, and say how it ended."""
        self.kill_group()
        code = self._child.end()
        self._close(self._stdin, None)
        self._close(self._stdout, self._listener)
        self._close(self._stderr, self._hearing)
        return f"its worker process {self._end_in_words(code)}"

    def _close(self, pipe: IO[bytes], reader: threading.Thread | None) -> None:
        """Close a pipe, unless a process that users' code left behind keeps its reader waiting."""
        if reader is not None:
            reader.join(timeout=1.0)
        if reader is None or not reader.is_alive():
            with suppress(OSError):
                pipe.close()

    def _end_in_words(self, code: int | None) -> str:
        if code is None:
            return "ended"
        if code < 0:
            is_by_system = -code == signal.SIGKILL and not self._is_killed_by_us
            hint = " (the system does so when memory runs out)" if is_by_system else ""
            return f"was killed by {signal_name(-code)}{hint}"
        said = b"".join((self._child.last_words(), *self._said)).decode(errors="backslashreplace")
        lines = [line for line in said.splitlines() if line.strip()]
        if not lines:
            return f"ended with code {code}"
        error = next((line for line in reversed(lines) if _ERROR.match(line)), lines[-1])
        reasons = (error[:_MOST_SHOWN], files_in_the_way(said, self._folder))
        return f"ended with code {code} at its start: {'; '.join(filter(None, reasons))}"

    def _send(self, message: Message) -> None:
        # A worker that has died is noticed by the end of its other pipe.
        with suppress(BrokenPipeError):
            self._stdin.write(encode(message))
            self._stdin.flush()

    def _hear(self) -> None:
        # In pieces: what writes without an end of line must not fill this process's memory.
        for line in iter(lambda: self._stderr.readline(_MOST_SHOWN), b""):
            self._said.append(line)

    def _listen(self, inbox: Inbox) -> None:
        try:
            for line in self._stdout:
                inbox.put((self, decode(line)))
        except (StoreError, ValueError):
            # Something of the user's wrote into the pipe: the worker cannot be trusted any more.
            self.kill_group()
        inbox.put((self, None))
