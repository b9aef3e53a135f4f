"""Calls a user's training function once and follows it to its end."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..registry import Level
from ..spec import RunSpec
from ..store.records import EpochRecord, Metrics
from ..usercode import load_user_object
from .argument import TaskActivation
from .describe import KIND
from .returned import Returned, ReturnedError

Listener = Callable[[int, dict[str, float | None]], None]
"""Hears the number of an epoch, from 1, and its numbers."""


@dataclass(frozen=True)
class TaskResult:
    """The numbers of one run, the time of every epoch that it yielded, and that of the whole."""

    metrics: Metrics
    epochs: tuple[EpochRecord, ...]
    seconds: float


def train_task(spec: RunSpec, *, response: str, is_percent: bool, on_epoch: Listener) -> TaskResult:
    """Call the function of a run; what the user's code raises goes through.

    Args:
        spec: With a task and the canonical activation.
        response: The number that must be there at the end.
        is_percent: Whether it must lie between 0 and 100.
        on_epoch: Called after every dict that is yielded.

    Raises:
        ReturnedError: if what it gives back is no result.
    """
    assert spec.task is not None
    task = spec.task
    function = load_user_object(Level(task.function), kind=KIND)
    returned = Returned(
        task.function, response=response, is_percent=is_percent, settings=task.settings.keys()
    )
    times = [time.perf_counter()]
    given = function(TaskActivation(spec.activation), spec.seed, **task.arguments)
    if isinstance(given, Iterator):
        for number, value in enumerate(_yielded(given, task.function), start=1):
            found = returned.take(value, is_epoch=True)
            times.append(time.perf_counter())
            on_epoch(number, found)
    else:
        returned.take(given)
    metrics = returned.metrics()
    seconds = time.perf_counter() - times[0]
    epochs = tuple(
        _epoch(number, after - before)
        for number, (before, after) in enumerate(pairwise(times), start=1)
    )
    return TaskResult(metrics, epochs, seconds)


def _yielded(given: Any, function: str) -> Iterator[Any]:
    end = yield from given
    if end is not None:
        raise ReturnedError(
            f"{function} yields its numbers and returns something at its end, which would not be "
            "looked at; yield it"
        )


def _epoch(number: int, seconds: float) -> EpochRecord:
    """An epoch of which we know the time only."""
    unknown = float("nan")
    return EpochRecord(
        epoch=number,
        train_loss=unknown,
        train_accuracy=unknown,
        learning_rate=unknown,
        seconds=seconds,
    )
