"""Ways to watch a sweep: live (terminal, notebook), plain lines, one JSON event a line."""

import json
import sys
import time
from typing import TextIO

from ...printable import printable, printable_json
from .events import (
    Event,
    ProgressSink,
    RunProgress,
    event_values,
)
from .words import Counter, describe_event

PLAIN_SECONDS = 30.0
JSON_SECONDS = 1.0


def choose_progress(*, is_json: bool, stream: TextIO | None = None) -> ProgressSink:
    """JSON lines if asked for; else live on a terminal or in a notebook, plain lines elsewhere.

    ``stream``: absent = stdout for JSON, stderr for people.
    """
    if is_json:
        return JsonProgress(stream or sys.stdout)
    if stream is None and in_notebook():
        from .notebook import NotebookProgress

        return NotebookProgress()
    stream = stream or sys.stderr
    if stream.isatty():
        from .bars import RichProgress

        return RichProgress(stream)
    return PlainProgress(stream)


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

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._counter = Counter()
        self._next_time = 0.0

    def emit(self, event: Event) -> None:
        """Write a line if the event deserves one."""
        self._counter.count(event)
        if isinstance(event, RunProgress):
            if time.monotonic() < self._next_time:
                return
            self._next_time = time.monotonic() + PLAIN_SECONDS
        line = describe_event(event)
        if line is not None:
            self._stream.write(f"[{self._counter}] {printable(line)}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""
