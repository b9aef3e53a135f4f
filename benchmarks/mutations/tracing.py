"""Which lines of a folder a process runs, from its start.

Copied as ``sitecustomize.py`` into a folder on PYTHONPATH, so that processes started by a test are
followed too. It may import nothing of ours. A process other than the one that runs the tests
writes each new line at once: it may be killed at any moment.
"""

import os
import sys
import threading
from types import FrameType
from typing import Any

SOURCE = os.environ.get("MUTATIONS_SOURCE", "")
"""Of which folder."""
INTO = os.environ.get("MUTATIONS_INTO", "")
CONTEXT = "MUTATIONS_CONTEXT"
"""Variable that names the test which started a process."""
MOST_CALLS_IN_VAIN = 200
"""A function is left alone after so many calls that ran no new line."""

_lines: set[tuple[str, int]] = set()
_in_vain: dict[tuple[str, int], int] = {}
_file = -1


def take() -> dict[str, list[int]]:
    """The lines run since the last call, by file."""
    taken: dict[str, list[int]] = {}
    for name, line in list(_lines):
        taken.setdefault(name.removeprefix(SOURCE), []).append(line)
    _lines.clear()
    _in_vain.clear()
    return taken


def _called(frame: FrameType, event: str, argument: Any) -> Any:
    code = frame.f_code
    if not code.co_filename.startswith(SOURCE):
        return None
    place = (code.co_filename, code.co_firstlineno)
    calls = _in_vain.get(place, 0)
    _in_vain[place] = calls + 1
    return None if calls > MOST_CALLS_IN_VAIN else _stepped


def _stepped(frame: FrameType, event: str, argument: Any) -> Any:
    if event == "line":
        code = frame.f_code
        place = (code.co_filename, frame.f_lineno)
        if place not in _lines:
            _lines.add(place)
            _in_vain[code.co_filename, code.co_firstlineno] = 0
            if _file >= 0:
                os.write(_file, f"{place[0].removeprefix(SOURCE)}:{place[1]}\n".encode())
    return _stepped


def _write_at_once() -> None:
    global _file
    name = os.path.join(INTO, f"{os.getpid()}-{os.urandom(4).hex()}.lines")  # noqa: PTH118
    _file = os.open(name, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.write(_file, f"{os.environ[CONTEXT]}\n".encode())
    _lines.clear()


if SOURCE:
    if CONTEXT in os.environ:
        _write_at_once()
    os.register_at_fork(after_in_child=lambda: _write_at_once() if CONTEXT in os.environ else None)
    threading.settrace(_called)
    sys.settrace(_called)
