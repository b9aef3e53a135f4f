"""The driver's end of one worker process."""

import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from ...errors import StoreError
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
        self._process = subprocess.Popen(
            [sys.executable, "-m", "actwise.sweep.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Until it is set up: there may be no store yet.
            stderr=subprocess.DEVNULL,
            env={**os.environ, **dict.fromkeys(_THREAD_VARIABLES, str(threads))},
            # Ctrl-C at the terminal reaches the driver alone, and the group is the worker's
            # own: what users' code starts can be ended with it.
            start_new_session=True,
        )
        here = str(Path.cwd())
        self._send(Start(import_path=tuple(dict.fromkeys([here, *filter(None, search_path())]))))

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
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> str:
        """Kill the group, wait for the process, and say how it ended."""
        self.kill_group()
        code = self._process.wait()
        if self._listener is not None:
            self._listener.join(timeout=1.0)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        if code < 0:
            return f"its worker process was killed by {signal.Signals(-code).name}"
        return f"its worker process ended with code {code}"

    def _send(self, message: Message) -> None:
        assert self._process.stdin is not None
        # A worker that has died is noticed by the end of its other pipe.
        with suppress(BrokenPipeError):
            self._process.stdin.write(encode(message))
            self._process.stdin.flush()

    def _listen(self, inbox: Inbox) -> None:
        assert self._process.stdout is not None
        try:
            for line in self._process.stdout:
                inbox.put((self, decode(line)))
        except (StoreError, ValueError):
            # Something of the user's wrote into the pipe: the worker cannot be trusted any more.
            self.kill_group()
        inbox.put((self, None))
