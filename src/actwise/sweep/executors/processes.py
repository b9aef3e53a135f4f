"""The executor of worker processes, one per slot, and one of its own for users' code."""

import time
from collections.abc import Callable, Generator

from ..worker import Advanced, Result, Setup
from .executor import WorkSource
from .nursery import Nursery
from .pool import Pool

STOP_GRACE_SECONDS = 8.0
"""A run that has not stopped by then is killed: `run` promises to end within 10 s."""


class ProcessExecutor:
    """Trains in ``workers`` processes at once, which live as long as the work lasts.

    A run with users' code has a process to itself, which has trained nothing before and trains
    nothing after it.
    """

    def __init__(self, setup: Setup, nursery: Nursery, *, workers: int) -> None:
        self._setup = setup
        self._num_slots = workers
        self._nursery = nursery

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        pool = Pool(self._setup, self._num_slots, self._nursery)
        kill_time: float | None = None
        has_work = True
        try:
            while True:
                if kill_time is None and should_stop():
                    kill_time = time.monotonic() + STOP_GRACE_SECONDS
                    yield from pool.stop()
                if kill_time is None and has_work:
                    has_work = pool.fill(work)
                if not pool.is_busy and (kill_time is not None or not has_work):
                    return
                if kill_time is not None and time.monotonic() > kill_time:
                    pool.kill()
                for event in pool.events():
                    if isinstance(event, Advanced):
                        on_progress(event)
                    else:
                        yield event
        finally:
            pool.close()
