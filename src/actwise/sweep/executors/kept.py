"""The mother of workers that a process keeps from one sweep to the next: imports cost seconds.

Python loops over studies, notebooks and recommendations run many sweeps. A mother serves the next
one only where a new one would be born alike: see :class:`Likeness`.
"""

import atexit
import os
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ...usercode import is_installed
from ..worker import Start, is_told_at_start
from .mother import Mother


@dataclass(frozen=True)
class Likeness:
    """What a mother has of the process that starts her, and her forks of her.

    What a worker is told at its start (import path, folder, some variables) is no part of it.
    """

    process: int
    thread: int
    threads: int
    status: tuple[str, ...]
    priority: int
    limits: tuple[tuple[int, int], ...]
    environment: tuple[tuple[str, str], ...]

    @classmethod
    def of_now(cls, *, threads: int) -> Self:
        """Of one that would be started now, on Linux."""
        import resource  # there is none on Windows

        status = Path("/proc/thread-self/status").read_text("ascii", "replace").splitlines()
        limits = sorted(name for name in dir(resource) if name.startswith("RLIMIT_"))
        return cls(
            process=os.getpid(),
            # She ends with the thread that started her.
            thread=threading.get_native_id(),
            threads=threads,
            status=tuple(line for line in status if line.split(":")[0] in _STATUS),
            priority=os.getpriority(os.PRIO_PROCESS, 0),
            limits=tuple(resource.getrlimit(getattr(resource, name)) for name in limits),
            environment=tuple(
                sorted(item for item in os.environ.items() if not is_told_at_start(item[0]))
            ),
        )


_STATUS = ("Umask", "Uid", "Gid", "Groups", "CapEff", "NoNewPrivs", "Cpus_allowed", "Mems_allowed")
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
        if found:
            _kept.clear()
    for mother in found:
        if mother.is_clean():
            return mother, likeness
        mother.end()
    return Mother(start, threads=threads), likeness


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
        mothers = [mother for _, mother in _kept]
        _kept.clear()
    for mother in mothers:
        mother.end()


def _forget_mother() -> None:
    """In a fork of this process she is another's."""
    global _lock
    _lock = threading.Lock()
    for _, mother in _kept:
        mother.close()
    _kept.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_mother)


def _has_namesakes(start: Start) -> bool:
    """Whether a file where users' code is has the name of a module that is not the user's."""
    folders = [Path(entry) for entry in start.import_path]
    installed = [folder for folder in folders if is_installed(folder / "any.py")]
    taken = sys.stdlib_module_names.union(*map(_names_in, installed))
    return any(taken & _names_in(folder) for folder in folders if folder not in installed)


def _names_in(folder: Path) -> set[str]:
    try:
        paths = [path for path in folder.iterdir() if _is_imported(path)]
    except OSError:  # as Python passes over it
        return set()
    names = {path.name.split(".")[0] for path in paths}
    return {name for name in names if name.isidentifier() and name != "__pycache__"}


def _is_imported(path: Path) -> bool:
    """Whether it hides modules of its name further on, as a folder without code does not."""
    return path.suffix in (".py", ".so") or (path / "__init__.py").exists()
