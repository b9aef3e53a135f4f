"""Runs pytest again and again from a process that has imported what is slow to import.

Started by :class:`benchmarks.mutations.copies.Copy`. Its arguments are modules; each line on stdin
is a JSON list: arguments of pytest, variables, the file for what is printed, seconds. It answers
with the exit code, or with ``null`` where the tests did not end in time.
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time

import pytest

_POLL_SECONDS = 0.02


def main() -> None:
    """Serve until stdin ends."""
    for name in sys.argv[1:]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        arguments, variables, output, seconds = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_run(arguments, variables, output))
        with contextlib.suppress(BrokenPipeError):  # its reader was killed: so ends stdin
            print(json.dumps(_wait(child, seconds)), flush=True)


def _run(arguments: list[str], variables: dict[str, str], output: str) -> int:
    os.setsid()
    for descriptor, name, mode in ((0, os.devnull, os.O_RDONLY), (1, output, os.O_WRONLY)):
        os.dup2(os.open(name, mode), descriptor)
    os.dup2(1, 2)
    os.environ.update(variables)
    tempfile.tempdir = None
    sys.modules.pop("sitecustomize", None)
    sys.path[:0] = [name for name in variables.get("PYTHONPATH", "").split(os.pathsep) if name]
    try:
        return int(pytest.main(arguments))
    except BaseException as error:
        print(f"ERROR {type(error).__name__}: {error}", flush=True)
        return 3


def _wait(child: int, seconds: float) -> int | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


if __name__ == "__main__":
    main()
