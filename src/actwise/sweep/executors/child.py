"""A process that was started to work: how its end is noticed, and how it is ended."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from ...errors import SpecError

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

Pipes = tuple[int, int, int]
"""Descriptors that become stdin, stdout and stderr; whoever made them closes them."""


class Child(Protocol):
    """A process that leads a group of its own: what users' code starts can be ended with it."""

    def has_ended(self) -> bool:
        """Whether the process is gone."""
        ...

    def kill_group(self) -> None:
        """Kill the process and every descendant that stayed in its group."""
        ...

    def end(self) -> int | None:
        """Kill the group and wait: the process's code as in :mod:`subprocess`, None if unknown.

        From then on there is nothing to kill.
        """
        ...

    def last_words(self) -> bytes:
        """What was printed to say why it has ended, elsewhere than into its stderr."""
        ...


class OwnProcess:
    """A new ``python -m actwise.sweep.worker``."""

    def __init__(
        self, pipes: Pipes, *, threads: int, arguments: Sequence[str] = (), keep: Sequence[int] = ()
    ) -> None:
        """Start it; descriptors in ``keep`` stay open in it, under their numbers.

        Raises:
            SpecError: on Windows, which has no groups of processes.
            OSError: if the system starts no process.
        """
        if not hasattr(os, "killpg"):
            raise SpecError("trainings need Linux or macOS; on Windows they run under WSL")
        stdin, stdout, stderr = pipes
        self._process = subprocess.Popen(
            [sys.executable, "-m", "actwise.sweep.worker", *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=keep,
            env=_environment(threads),
            # Ctrl-C at the terminal reaches the driver alone.
            start_new_session=True,
        )

    def has_ended(self) -> bool:
        """See :class:`Child`. Not yet reaped: its number still names its group."""
        if self._process.returncode is not None:
            return True
        options = os.WEXITED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self._process.pid, options) is not None
        except ChildProcessError:  # another thread has just waited for it
            return True

    def kill_group(self) -> None:
        """See :class:`Child`."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> int | None:
        """See :class:`Child`."""
        self.kill_group()
        return self._process.wait()

    def last_words(self) -> bytes:
        """See :class:`Child`."""
        return b""


def _environment(threads: int) -> dict[str, str]:
    """That of the driver without the password of a store, which is none of users' code's."""
    ours = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
    return ours | dict.fromkeys(_THREAD_VARIABLES, str(threads))
