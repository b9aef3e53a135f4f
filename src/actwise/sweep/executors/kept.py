"""The mother of workers that a process keeps from one sweep to the next: imports cost seconds.

Python loops over studies, notebooks and recommendations run many sweeps. A mother serves the next
one only where a new one would be born alike: see :class:`Likeness`.
"""

import atexit
import os
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ..worker import Start, is_told_at_start
from .mother import Mother


@dataclass(frozen=True)
class Likeness:
    """What a mother has of the process that starts her, and her forks of her.

    What a worker is told at its start (import path, folder, some variables) is no part of it.
    """

    process: int
    threads: int
    cpus: frozenset[int]
    priority: int
    limits: tuple[tuple[int, int], ...]
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def of_now(cls, *, threads: int) -> Self:
        """Of one that would be started now, on Linux."""
        import resource  # there is none on Windows

        limits = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))
        return cls(
            process=os.getpid(),
            threads=threads,
            cpus=frozenset(os.sched_getaffinity(0)),
            priority=os.getpriority(os.PRIO_PROCESS, 0),
            limits=tuple(resource.getrlimit(getattr(resource, name)) for name in limits),
            environment=tuple(
                sorted(item for item in os.environ.items() if not is_told_at_start(item[0]))
            ),
        )


_lock = threading.Lock()
_kept: list[tuple[Likeness, Mother]] = []
"""One at most."""


def take_mother(start: Start, *, threads: int) -> tuple[Mother, Likeness | None]:
    """The one that is kept if she is like a new one, else a new one.

    Returns:
        With the likeness by which :func:`leave_mother` keeps her. None: she may have imported a
        file of the user's in place of what it is called after, and serves nobody else.

    Raises:
        OSError: if the system starts no process.
    """
    if _has_namesakes(start):
        return Mother(start, threads=threads), None
    likeness = Likeness.of_now(threads=threads)
    with _lock:
        found = [mother for of, mother in _kept if of == likeness]
        if not found:
            return Mother(start, threads=threads), likeness
        _kept.clear()
    if found[0].process.has_ended():
        found[0].end()
        return Mother(start, threads=threads), likeness
    return found[0], likeness


def leave_mother(mother: Mother, likeness: Likeness | None) -> None:
    """Keep her for the next, in place of another, or end her."""
    if likeness is None or mother.process.has_ended() or not mother.is_alone():
        mother.end()
        return
    with _lock:
        others = [other for _, other in _kept]
        _kept[:] = [(likeness, mother)]
    for other in others:
        other.end()


@atexit.register
def end_kept_mother() -> None:
    """End her, as the end of the process does."""
    with _lock:
        mothers = [mother for of, mother in _kept if of.process == os.getpid()]
        _kept.clear()
    for mother in mothers:
        mother.end()


def _has_namesakes(start: Start) -> bool:
    """Whether a file where users' code is has the name of a module that is not the user's."""
    others = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib")}
    taken = {*sys.stdlib_module_names, *_names_in(Path(sysconfig.get_path("purelib")))}
    folders = filter(Path.is_dir, map(Path, start.import_path))
    return any(
        taken.intersection(_names_in(folder))
        for folder in folders
        if not any(folder.is_relative_to(other) for other in others)
    )


def _names_in(folder: Path) -> Iterator[str]:
    names = (path.name.split(".")[0] for path in folder.iterdir())
    return (name for name in names if name.isidentifier() and name != "__pycache__")
