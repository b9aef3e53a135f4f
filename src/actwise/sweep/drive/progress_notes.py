"""What a driver has heard of its runs and not told the store yet."""

import threading
import time
from collections.abc import Callable

from ...store import ProgressPoint
from ..worker import Advanced

NOTE_SECONDS = 5.0
"""So often the store hears of an epoch that is not over; of one that is, with the next beat."""


class ProgressNotes:
    """Keeps the last word on every epoch: heard in the driver's thread, told in another."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._points: dict[tuple[int, int], ProgressPoint] = {}
        self._begun: dict[int, tuple[float, float]] = {}
        self._has_ended_epoch = False
        self._next_time = clock() + NOTE_SECONDS

    def hear(self, token: int, progress: Advanced) -> None:
        """Take note of where the run stands that is trained under the lease ``token``."""
        # A training of the user's own speaks after each epoch, and does not know of batches.
        is_task = progress.epochs is None
        done = 1.0 if is_task else progress.batch / progress.batches
        point = ProgressPoint(
            token=token,
            epoch=progress.epoch,
            num_epochs=progress.epochs,
            done_fraction=done,
            loss=progress.loss,
            images_per_second=progress.images_per_second,
            seconds_left=self._seconds_left(token, progress.epoch - 1 + done, progress.epochs),
            metrics=progress.metrics,
        )
        with self._lock:
            self._points[token, progress.epoch] = point
            self._has_ended_epoch |= done == 1.0

    def due(self) -> list[ProgressPoint]:
        """What is to be told now; empty while that may wait."""
        with self._lock:
            if not (self._has_ended_epoch or self._clock() >= self._next_time):
                return []
            points = list(self._points.values())
            self._points.clear()
            self._has_ended_epoch = False
            self._next_time = self._clock() + NOTE_SECONDS
            return points

    def _seconds_left(self, token: int, done: float, epochs: int | None) -> float | None:
        """By what this lease has done since it was first heard of; ``done`` in epochs."""
        began, done_then = self._begun.setdefault(token, (self._clock(), done))
        if epochs is None or done <= done_then:
            return None
        return (epochs - done) * (self._clock() - began) / (done - done_then)
