"""Where worker processes come from: forks of one process that has imported torch."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from ...usercode import search_path
from ..plan import available_memory_bytes
from ..worker import Start, is_told_at_start
from .child import Child, OwnProcess, Pipes
from .kept import Likeness, leave_mother, take_mother
from .mother import Mother


class Nursery:
    """Starts workers, for as long as the context lasts, in which they must end.

    On Linux they are forks of one process, the mother, which is started when it is first needed,
    or with :meth:`begin`, and kept for the next sweep. If something kills her, her workers go on,
    and the next has another mother. Elsewhere every worker is a new process, and imports torch
    itself.

    Attributes:
        make_start: What a worker is told at its start.
        threads: Of one operation in a worker; the environment says so before torch is imported.
        available_bytes: Memory that was available before anything was started: all workers share
            what their mother takes, and what they take is part of what their runs are reckoned to
            need.
    """

    def __init__(self, *, threads: int = 1, start: Callable[[], Start] | None = None) -> None:
        self.threads = threads
        self.make_start = start or make_start
        self.available_bytes = available_memory_bytes()
        self._mothers: list[tuple[Mother, Likeness | None]] = []

    def begin(self) -> None:
        """Start what takes seconds, unless it has been; nobody waits for it.

        Raises:
            OSError: if the system starts no process.
        """
        if _can_fork() and (not self._mothers or self._mothers[-1][0].process.has_ended()):
            self._mothers.append(take_mother(self.make_start(), threads=self.threads))

    def start(self, pipes: Pipes, *, plans: bool) -> Child:
        """A worker process, to plan or to train; it begins as soon as torch is imported.

        Raises:
            OSError: if the system starts no process.
        """
        self.begin()
        if not self._mothers:
            return OwnProcess(pipes, threads=self.threads)
        return self._mothers[-1][0].fork(pipes, plans=plans)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for mother, likeness in self._mothers:
            leave_mother(mother, likeness)
        self._mothers.clear()


def make_start() -> Start:
    """What a process needs to find what this one finds."""
    folder = str(Path.cwd())
    paths = [folder, *filter(None, search_path())]
    told = {name: value for name, value in os.environ.items() if is_told_at_start(name)}
    return Start(folder=folder, import_path=tuple(dict.fromkeys(paths)), environment=told)


def _can_fork() -> bool:
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a kernel before 5.3
        return False
    return True
