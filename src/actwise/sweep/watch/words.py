"""The events of a sweep as people read them."""

import textwrap
from collections.abc import Mapping
from math import inf

from ...numbers import counted
from .events import (
    Event,
    Note,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
    Waiting,
)

_MOST_METRICS = 3
_MOST_CHARACTERS = 300
_LEAST_NAME = 32
"""Columns of a run's name below which it is not shortened."""


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


def describe_event(event: Event, *, width: int | None = None) -> str | None:
    """One line for people; None for what is not worth one.

    ``width``: columns that the line has; the name of a run that is well is shortened in its middle
    for them, and what is said of it. None = nothing is shortened.
    """
    match event:
        case SweepStarted():
            return f"study {event.study}: {_describe_start(event)}"
        case RunProgress():
            room = None if width is None else width - min(len(event.label), _LEAST_NAME) - 2
            return _named(event.label, describe_progress(event, room=room), width)
        case RunEnded():
            accuracy = "" if event.test_accuracy is None else f", test {event.test_accuracy:.2f} %"
            accuracy = accuracy or describe_metrics(event.metrics, before=", ")
            if event.reason:
                return f"{event.label}: {event.status}, {event.reason[:_MOST_CHARACTERS]}"
            said = f"{event.status}{accuracy} in {event.train_seconds:.1f} s"
            return _named(event.label, said, width)
        case RunEndedElsewhere():
            return _named(event.label, f"{event.status}, trained by another process", width)
        case RunPutBack():
            attempts = counted(event.attempts, "attempt")
            then = f"; after {attempts} given up for now" if event.is_given_up else ""
            return f"{event.label}: put back, {event.reason}{then}"
        case Waiting():
            return (
                f"waiting for {counted(event.num_runs, 'run')} held by {', '.join(event.holders)}"
            )
        case Note():
            return event.text
        case SweepEnded():
            back = f" ({event.put_back} of them after accidents)" if event.put_back else ""
            return (
                f"{event.finished} finished, {event.diverged} diverged, {event.failed} failed, "
                f"{event.left} left{back}"
            )
        case RunStarted():
            said = "compiling before its first batch"
            return _named(event.label, said, width) if event.is_compiling else None


def shorten_middle(name: str, room: int) -> str:
    """A name in so many columns: its ends tell network, activation and seed."""
    if len(name) <= room:
        return name
    tail = (room - 1) // 2
    return f"{name[: room - 1 - tail]}…{name[len(name) - tail :]}"


def fold(line: str, width: int | None) -> str:
    """A line at most so wide, further ones set in; a word that is wider stays whole, to copy it."""
    if width is None or len(line) <= width:
        return line
    return textwrap.fill(
        line, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _named(label: str, said: str, width: int | None) -> str:
    room = len(label) if width is None else max(_LEAST_NAME, width - len(said) - 2)
    return f"{shorten_middle(label, room)}: {said}"


def _describe_start(event: SweepStarted) -> str:
    num_left = event.num_runs - event.num_done
    runs = counted(event.num_runs, "run")
    if not num_left:
        return f"{runs}, nothing left to train"
    todo = f"{runs} to train"
    if event.num_done:
        todo = f"{runs}, {event.num_done} of them done before, {num_left} to train"
    return f"{todo} with {counted(event.workers, 'worker')}, logs in {event.logs}"


def describe_progress(event: RunProgress, *, room: int | None = None) -> str:
    """Epoch, loss, speed and time left of the sweep, in one line.

    ``room``: columns for it; where they do not do, the speed is left out, then the loss.
    """
    parts = {"epoch": describe_epoch(event)}
    if event.loss is not None:
        parts["loss"] = f"loss {event.loss:.3f}"
    if event.images_per_second is not None:
        parts["rate"] = describe_rate(event)
    if event.seconds_left is not None:
        parts["left"] = f"about {describe_seconds(event.seconds_left)} left"
    for spare in ("rate", "loss"):
        if room is not None and len(", ".join(parts.values())) > room:
            parts.pop(spare, None)
    return ", ".join(parts.values())


def describe_epoch(event: RunProgress) -> str:
    """``epoch 3/10``; ``epoch 3, accuracy 91.2`` of a training that does not tell how many."""
    if event.epochs is not None:
        return f"epoch {event.epoch}/{event.epochs}"
    return f"epoch {event.epoch}{describe_metrics(event.metrics, before=', ')}"


def describe_metrics(metrics: Mapping[str, float | None], *, before: str) -> str:
    """``, accuracy 91.2, loss 0.31``: the first of them; empty without any."""
    known = [f"{name} {value:.4g}" for name, value in metrics.items() if value is not None]
    return before + ", ".join(known[:_MOST_METRICS]) if known else ""


def describe_rate(event: RunProgress) -> str:
    """``812 images/s``, and whether the time of compiling counts in it; empty if not known yet."""
    if event.images_per_second is None:
        return ""
    compiling = " with compiling" if event.is_compiling else ""
    return f"{event.images_per_second:.0f} images/s{compiling}"


_COARSE = (("s", 1, 90, 0), ("min", 60, 5400, 0), ("h", 3600, 172_800, 1), ("days", 86_400, inf, 1))
_FINE = (("s", 1, 600, 0), ("min", 60, 5400, 1), ("h", 3600, inf, 2))


def describe_seconds(seconds: float, *, is_compared: bool = False) -> str:
    """``45 s``, ``12 min``, ``3.5 h`` or ``2.1 days``.

    Times that are compared have a digit more: ``200 s``, ``12.4 min``, ``1.62 h``.
    """
    units = _FINE if is_compared else _COARSE
    unit, length, _, digits = next((row for row in units if seconds < row[2]), units[-1])
    return f"{seconds / length:.{digits}f} {unit}"
