"""Times the batches of a try: those that warm it up, and those that show its pace."""

import math
import time
from collections.abc import Callable


class BatchClock:
    """Times stretches of batches within an epoch; evaluations lie between stretches.

    A stretch waits for the device at its two ends only: on CUDA the host's way from batch to batch
    is hidden in a run, and would count if every batch were waited for. Batches that warm up are
    stretches of their own, and the first stretch after them is one batch; the next ones have as
    many as are still missing at the pace so far.

    Attributes:
        setup_seconds: From the making of the clock until the first batch.
        num_warm: Batches that warmed it up, in ``warm_seconds``.
        num_timed: Batches after them, in ``timed_seconds``.
    """

    def __init__(
        self,
        *,
        warm: int,
        least: int,
        least_seconds: float,
        synchronize: Callable[[], None],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Over after ``warm`` batches, then ``least`` of them that take ``least_seconds``."""
        self.setup_seconds: float | None = None
        self.num_warm, self.warm_seconds = 0, 0.0
        self.num_timed, self.timed_seconds = 0, 0.0
        self._warm = warm
        self._least = least
        self._least_seconds = least_seconds
        self._synchronize = synchronize
        self._clock = clock
        self._num_in_stretch = 0
        self._started = self._made = clock()
        self._num_asked = 1

    @property
    def is_over(self) -> bool:
        """Whether all that was asked for has been timed; true only between stretches."""
        return (
            self._num_in_stretch == 0
            and self.num_warm >= self._warm
            and self.num_timed >= self._least
            and self.timed_seconds >= self._least_seconds
        )

    @property
    def batch_seconds(self) -> float | None:
        """Of one batch at pace; None if there was no batch at all.

        A run that is over before it is warm goes at the pace of the batches that it has.
        """
        if self.num_timed:
            return self.timed_seconds / self.num_timed
        return self.warm_seconds / self.num_warm if self.num_warm else None

    @property
    def before_seconds(self) -> float:
        """What comes before the first batch, and what the warming ones take longer than others."""
        longer_seconds = self.warm_seconds - self.num_warm * (self.batch_seconds or 0.0)
        return (self.setup_seconds or 0.0) + max(0.0, longer_seconds)

    def before_batch(self) -> None:
        """A batch may begin now, of training or of evaluation; the last call before it counts."""
        if self._num_in_stretch == 0:
            self._synchronize()
            self._started = self._clock()
        if self.setup_seconds is None:
            self.setup_seconds = self._started - self._made

    def after_batch(self, *, ends_epoch: bool) -> None:
        """A batch of training has been handed to the device."""
        self._num_in_stretch += 1
        if ends_epoch or self._num_in_stretch >= self._num_asked:
            self._end_stretch()

    def _end_stretch(self) -> None:
        self._synchronize()
        seconds = self._clock() - self._started
        if self.num_warm < self._warm:
            self.num_warm += self._num_in_stretch
            self.warm_seconds += seconds
        else:
            self.num_timed += self._num_in_stretch
            self.timed_seconds += seconds
            self._num_asked = self._num_missing()
        self._num_in_stretch = 0

    def _num_missing(self) -> int:
        batch_seconds = self.timed_seconds / self.num_timed
        missing_seconds = self._least_seconds - self.timed_seconds
        by_seconds = math.ceil(missing_seconds / batch_seconds) if batch_seconds else 1
        return max(1, self._least - self.num_timed, by_seconds)
