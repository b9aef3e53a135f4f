"""Where runs happen: the seam between the driver and whatever carries its work."""

from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from ..worker import Advanced, Assignment, Result

WorkSource = Iterator[tuple[Assignment, ...] | None]
"""Work, claimed when it is asked for; None says: nothing at the moment, ask again."""

IDLE_SECONDS = 0.1


class Executor(Protocol):
    """Carries work out. An implementation must pass tests/contracts/test_executor_contract.py."""

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """One result for every assignment taken from ``work``, in the order they come.

        - Work is taken only when there is room for it, and never after ``should_stop``.
        - ``should_stop`` is asked several times a second; after it, every run in flight ends
          within 10 s: stopped with a checkpoint, or else killed, and is put back.
        - What a run does cannot raise here: it ends as ``Done``, ``PutBack`` or ``Tried``.
        - When the generator ends or is closed, no process of it is left.
        """
        ...
