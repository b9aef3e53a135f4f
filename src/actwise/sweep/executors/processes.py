"""The executor of worker processes, one per slot, and one of its own for users' code."""

from collections.abc import Callable, Generator

from ..worker import Advanced, Result, Setup
from .crew import results_of
from .executor import WorkSource
from .nursery import Nursery
from .pool import Pool


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
        return results_of(pool, work, should_stop=should_stop, on_progress=on_progress)
