"""The driver's end of one worker process."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

from ...errors import StoreError, files_in_the_way
from ...numbers import signal_name
from ...usercode import search_path
from ..worker import (
    WORKERS_LOG,
    Advanced,
    Assignment,
    CellQuestion,
    Message,
    Result,
    Setup,
    Start,
    Stop,
    Work,
    decode,
    encode,
)

Inbox = queue.SimpleQueue[tuple["WorkerProcess", Message | None]]
"""What all workers of a driver say; None: this one's pipe has closed, it says no more."""

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

_ERROR = re.compile(r"[\w.]+(Error|Exception|Interrupt|Exit)\b")
"""The line of a traceback that names its exception; numpy's and torch's have others after it."""

_MOST_LINES, _MOST_SHOWN = 200, 1000


class WorkerProcess:
    """A process that trains one work item after another, once it has been set up.

    Attributes:
        pending: Run ids of the assignments that it has not answered.
        has_trained: Whether it was ever given work.
    """

    def __init__(self, *, threads: int) -> None:
        """Start it. It begins to import torch, which takes more than a second.

        Raises:
            OSError: if the system starts no process.
        """
        self.pending: list[str] = []
        self.has_trained = False
        self._listener: threading.Thread | None = None
        self._is_killed_by_us = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "actwise.sweep.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Until it is set up: there may be no store yet.
            stderr=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads))},
            # Ctrl-C at the terminal reaches the driver alone, and the group is the worker's
            # own: what users' code starts can be ended with it.
            start_new_session=True,
        )
        self._said: deque[bytes] = deque(maxlen=_MOST_LINES)
        self._hearing = threading.Thread(target=self._hear, daemon=True)
        self._hearing.start()
        self._folder = str(Path.cwd())
        self._send(
            Start(import_path=tuple(dict.fromkeys([self._folder, *filter(None, search_path())])))
        )

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

    def ask(self, question: CellQuestion) -> None:
        """Ask about a cell; from then on it must not train."""
        self._send(question)

    def give(self, assignments: tuple[Assignment, ...]) -> None:
        """Hand over work."""
        self.pending = [assignment.run_id for assignment in assignments]
        self.has_trained = True
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
        """Whether the process is gone, not yet reaped: its number still names its group."""
        ended = os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return ended is not None

    def kill_group(self) -> None:
        """Kill the process and every descendant that stayed in its group."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError, ChildProcessError):
                self._is_killed_by_us = self._is_killed_by_us or not self.has_ended()
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> str:
        """Kill the group, wait for the process, and say how it ended."""
        self.kill_group()
        code = self._process.wait()
        self._close(self._process.stdin, None)
        self._close(self._process.stdout, self._listener)
        self._close(self._process.stderr, self._hearing)
        return f"its worker process {self._end_in_words(code)}"

    def _close(self, pipe: IO[bytes] | None, reader: threading.Thread | None) -> None:
        """Close a pipe, unless a process that users' code left behind keeps its reader waiting."""
        assert pipe is not None
        if reader is not None:
            reader.join(timeout=1.0)
        if reader is None or not reader.is_alive():
            with suppress(OSError):
                pipe.close()

    def _end_in_words(self, code: int) -> str:
        if code < 0:
            is_by_system = -code == signal.SIGKILL and not self._is_killed_by_us
            hint = " (the system does so when memory runs out)" if is_by_system else ""
            return f"was killed by {signal_name(-code)}{hint}"
        said = b"".join(self._said).decode(errors="backslashreplace")
        lines = [line for line in said.splitlines() if line.strip()]
        if not lines:
            return f"ended with code {code}"
        error = next((line for line in reversed(lines) if _ERROR.match(line)), lines[-1])
        reasons = (error[:_MOST_SHOWN], files_in_the_way(said, self._folder))
        return f"ended with code {code} at its start: {'; '.join(filter(None, reasons))}"

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        # A worker that has died is noticed by the end of its other pipe.
        with suppress(BrokenPipeError):
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()

    def _hear(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        # In pieces: what writes without an end of line must not fill this process's memory.
        for line in iter(lambda: stderr.readline(_MOST_SHOWN), b""):
            self._said.append(line)

    def _listen(self, inbox: Inbox) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                inbox.put((self, decode(line)))
        except (StoreError, ValueError):
            # Something of the user's wrote into the pipe: the worker cannot be trusted any more.
            self.kill_group()
        inbox.put((self, None))
