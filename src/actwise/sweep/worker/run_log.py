"""Where users' code writes while a run trains: the run's own log file."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path


@contextmanager
def descriptors_to(path: Path) -> Iterator[None]:
    """Send file descriptors 1 and 2, so also C code's and child processes', to the end of a file.

    For a process that is ours alone.
    """
    kept = os.dup(1), os.dup(2)
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        _point_at(log, log)
        yield
    finally:
        _point_at(*kept)
        for descriptor in (log, *kept):
            os.close(descriptor)


@contextmanager
def streams_to(path: Path) -> Iterator[None]:
    """Send ``sys.stdout`` and ``sys.stderr`` to the end of a file: for a process that is shared."""
    with (
        path.open("a", encoding="utf-8", errors="backslashreplace") as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        yield


def _point_at(stdout: int, stderr: int) -> None:
    with suppress(Exception):  # users' code may have closed or replaced them
        sys.stdout.flush()
        sys.stderr.flush()
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
