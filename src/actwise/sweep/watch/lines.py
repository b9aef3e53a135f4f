"""Ways to watch a sweep: live (terminal, notebook), plain lines, one JSON event a line."""

import json
import os
import shutil
import sys
import time
from typing import Literal, TextIO

from ...printable import printable, printable_json
from .events import (
    Event,
    Note,
    ProgressSink,
    RunEnded,
    RunProgress,
    RunPutBack,
    RunStarted,
    Waiting,
    event_values,
)
from .words import Counter, describe_event, fold

Detail = Literal["quiet", "usual", "verbose"]

PLAIN_SECONDS = 30.0
JSON_SECONDS = 1.0


def choose_progress(
    *, is_json: bool, stream: TextIO | None = None, detail: Detail = "usual"
) -> ProgressSink:
    """JSON lines if asked for; else live on a terminal or in a notebook, plain lines elsewhere.

    Args:
        is_json: For programs: everything, whatever the detail is.
        stream: Absent = stdout for JSON, stderr for people.
        detail: ``quiet``: only what a user should know; ``verbose``: plain lines with every epoch
            and whole names.
    """
    if is_json:
        return JsonProgress(stream or sys.stdout)
    if stream is None and in_notebook():
        from .notebook import NotebookProgress

        return NotebookProgress()
    stream = stream or sys.stderr
    # A dumb terminal cannot move its cursor.
    is_live = stream.isatty() and os.environ.get("TERM", "").lower() not in ("dumb", "unknown")
    if is_live and detail == "usual":
        from .bars import RichProgress

        return RichProgress(stream)
    return PlainProgress(stream, detail=detail)


def watcher(*, progress: ProgressSink | bool | None) -> ProgressSink:
    """Who watches a call from Python: as told, or (None) a notebook and nobody elsewhere."""
    if progress is None:
        progress = in_notebook()
    if isinstance(progress, bool):
        return choose_progress(is_json=False) if progress else Silence()
    return progress


def in_notebook() -> bool:
    """Whether this runs in a kernel of IPython whose front end shows HTML."""
    if "IPython" not in sys.modules:
        return False
    from rich.console import Console

    return Console().is_jupyter


class Silence:
    """Nobody watches."""

    def emit(self, event: Event) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class JsonProgress:
    """One JSON object a line, its shapes in docs/json.md; progress at most once a second a run."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._next_times: dict[str, float] = {}

    def emit(self, event: Event) -> None:
        """Write one line."""
        if isinstance(event, RunProgress):
            now = time.monotonic()
            is_epoch_end = event.batch == event.batches
            if now < self._next_times.get(event.run_id, 0.0) and not is_epoch_end:
                return
            self._next_times[event.run_id] = now + JSON_SECONDS
        self._stream.write(printable_json(json.dumps(event_values(event))) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


class PlainProgress:
    """A line for every run that ends, and a sign of life twice a minute."""

    def __init__(self, stream: TextIO, *, detail: Detail = "usual") -> None:
        """As :func:`choose_progress`; lines are as wide as the terminal, or have 80 columns."""
        self._stream = stream
        self._detail = detail
        self._width = None if detail == "verbose" else shutil.get_terminal_size().columns
        self._counter = Counter()
        self._next_time = 0.0

    def emit(self, event: Event) -> None:
        """Write a line if the event deserves one."""
        self._counter.count(event)
        if not self._is_told(event):
            return
        before = f"[{self._counter}] "
        width = self._width and self._width - len(before)
        line = describe_event(event, width=width)
        if line is None and self._detail == "verbose" and isinstance(event, RunStarted):
            line = f"{event.label}: started"
        if line is not None:
            self._stream.write(f"{fold(before + printable(line), self._width)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""

    def _is_told(self, event: Event) -> bool:
        if self._detail == "quiet":
            is_accident = isinstance(event, RunEnded) and event.status != "finished"
            return is_accident or isinstance(event, RunPutBack | Waiting | Note)
        if not isinstance(event, RunProgress):
            return True
        if self._detail == "verbose" and event.batch == event.batches:
            return True
        if time.monotonic() < self._next_time:
            return False
        self._next_time = time.monotonic() + PLAIN_SECONDS
        return True
