"""How long a sweep will still take, by what it has done so far."""

import time
from collections.abc import Callable, Mapping


class TimeLeft:
    """Weighs runs by what they will take: a plan mixes large and small networks.

    Schedules that may end a run early make it an upper estimate.
    """

    def __init__(
        self, work: Mapping[str, float], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``work``: of every run that has no result yet, by run id, in any unit."""
        self._work = dict(work)
        # Of all of it: a million runs are not added up whenever one of them gets on.
        self._whole = sum(self._work.values())
        self._begun: dict[str, float] = {}
        self._fractions: dict[str, float] = {}
        self._done = 0.0
        self._clock = clock
        self._started: float | None = None

    def expect(self, run_id: str, work: float) -> None:
        """A run that was not known before, or what is known of it now."""
        self._whole += work - self._work.get(run_id, 0.0)
        self._work[run_id] = work

    def progress(self, run_id: str, fraction: float) -> None:
        """A run stands at ``fraction`` of its batches; what it had at first sight is not ours."""
        if self._started is None:
            self._started = self._clock()
        self._begun.setdefault(run_id, fraction)
        self._fractions[run_id] = fraction

    def end(self, run_id: str) -> None:
        """A run has its result."""
        begun = self._begun.pop(run_id, 1.0)
        work = self._work.pop(run_id, 0.0)
        self._whole -= work
        self._done += work * (1.0 - begun)
        self._fractions.pop(run_id, None)

    def put_back(self, run_id: str) -> None:
        """A run goes back to where its checkpoint stands, which will be seen again."""
        self._begun.pop(run_id, None)
        self._fractions.pop(run_id, None)

    def seconds(self) -> float | None:
        """Seconds left; None until something has been measured."""
        in_flight = sum(
            self._work.get(run_id, 0.0) * (fraction - self._begun[run_id])
            for run_id, fraction in self._fractions.items()
        )
        done = self._done + in_flight
        if self._started is None or done <= 0:
            return None
        left = self._whole - sum(
            self._work.get(run_id, 0.0) * fraction for run_id, fraction in self._fractions.items()
        )
        return max(0.0, left) * (self._clock() - self._started) / done
