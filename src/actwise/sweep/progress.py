"""Three ways to watch a sweep: live on a terminal, plain lines, one JSON event a line."""

import json
import sys
import time
from typing import TextIO

from .events import (
    Event,
    Note,
    ProgressSink,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
    Waiting,
    event_values,
)

PLAIN_SECONDS = 30.0
JSON_SECONDS = 1.0


def choose_progress(*, is_json: bool, stream: TextIO | None = None) -> ProgressSink:
    """JSON lines if asked for; else live on a terminal and plain lines elsewhere.

    ``stream``: absent = stdout for JSON, stderr for people.
    """
    if is_json:
        return JsonProgress(stream or sys.stdout)
    stream = stream or sys.stderr
    if stream.isatty():
        from .rich_progress import RichProgress

        return RichProgress(stream)
    return PlainProgress(stream)


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
        self._stream.write(json.dumps(event_values(event)) + "\n")
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
            self._stream.write(f"[{self._counter}] {line}\n")
            self._stream.flush()

    def close(self) -> None:
        """Nothing is open."""


class Counter:
    """Runs that have a result, of all."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0

    def count(self, event: Event) -> None:
        """Take note of a run that ended, here or before."""
        if isinstance(event, SweepStarted):
            self.done, self.total = event.num_done, event.num_runs
        elif isinstance(event, RunEnded | RunEndedElsewhere):
            self.done += 1

    def __str__(self) -> str:
        return f"{self.done}/{self.total}"


def describe_event(event: Event) -> str | None:
    """One line for people; None for what is not worth one."""
    match event:
        case SweepStarted():
            return f"study {event.study}: {_describe_start(event)}"
        case RunProgress():
            return f"{event.label}: {describe_progress(event)}"
        case RunEnded():
            accuracy = "" if event.test_accuracy is None else f", test {event.test_accuracy:.2f} %"
            return f"{event.label}: {event.status}{accuracy} in {event.train_seconds:.1f} s"
        case RunEndedElsewhere():
            return f"{event.label}: {event.status}, trained by another process"
        case RunPutBack():
            then = "; given up for now" if event.is_given_up else ""
            return f"{event.label}: put back, {event.reason}{then}"
        case Waiting():
            runs = f"{event.num_runs} run{'s' if event.num_runs != 1 else ''}"
            return f"waiting for {runs} held by {', '.join(event.holders)}"
        case Note():
            return event.text
        case SweepEnded():
            return (
                f"{event.finished} finished, {event.diverged} diverged, {event.failed} failed, "
                f"{event.left} left"
            )
        case RunStarted():
            return (
                f"{event.label}: compiling before its first batch" if event.is_compiling else None
            )


def _describe_start(event: SweepStarted) -> str:
    num_left = event.num_runs - event.num_done
    runs = f"{event.num_runs} run{'s' if event.num_runs != 1 else ''}"
    if not num_left:
        return f"{runs}, nothing left to train"
    todo = f"{runs} to train"
    if event.num_done:
        todo = f"{runs}, {event.num_done} of them done before, {num_left} to train"
    workers = f"{event.workers} worker{'s' if event.workers != 1 else ''}"
    return f"{todo} with {workers}, logs in {event.logs}"


def describe_progress(event: RunProgress) -> str:
    """Epoch, loss, speed and time left of the sweep, in one line."""
    parts = [f"epoch {event.epoch}/{event.epochs}"]
    if event.loss is not None:
        parts.append(f"loss {event.loss:.3f}")
    if event.images_per_second is not None:
        parts.append(describe_rate(event))
    if event.seconds_left is not None:
        parts.append(f"about {describe_seconds(event.seconds_left)} left")
    return ", ".join(parts)


def describe_rate(event: RunProgress) -> str:
    """``812 images/s``, and whether the time of compiling counts in it; empty if not known yet."""
    if event.images_per_second is None:
        return ""
    compiling = " with compiling" if event.is_compiling else ""
    return f"{event.images_per_second:.0f} images/s{compiling}"


def describe_seconds(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3.5 h`` or ``2.1 days``."""
    for unit, length, limit in (("s", 1, 90), ("min", 60, 5400), ("h", 3600, 172_800)):
        if seconds < limit:
            return f"{seconds / length:.{1 if unit == 'h' else 0}f} {unit}"
    return f"{seconds / 86_400:.1f} days"
