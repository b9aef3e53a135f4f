"""Where runs happen: the seam between the driver and whatever carries its work."""

import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Protocol

from .protocol import Assignment, Progress, PutBack, Result, Setup

WorkSource = Iterator[tuple[Assignment, ...] | None]
"""Work, leased when it is asked for; None says: nothing at the moment, ask again."""

IDLE_SECONDS = 0.1


class Executor(Protocol):
    """Carries work out. An implementation must pass tests/contracts/test_executor_contract.py."""

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Progress], None],
    ) -> Generator[Result, None, None]:
        """One result for every assignment taken from ``work``, in the order they come.

        - Work is taken only when there is room for it, and never after ``should_stop``.
        - ``should_stop`` is asked several times a second; after it, every run in flight ends
          within 10 s: stopped with a checkpoint, or else killed, and is put back.
        - What a run does cannot raise here: it ends as ``Done``, ``PutBack`` or ``Tried``.
        - When the generator ends or is closed, no process of it is left.
        """
        ...


class InlineExecutor:
    """Trains in this process, one run at a time; for debugging and for small studies.

    With the same fingerprint its numbers are those of a worker process. A run that kills its
    process kills the driver too, and whatever it prints to the file descriptors is seen.
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Progress], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        from .attempt import attempt
        from .process_state import ProcessState
        from .run_log import streams_to

        state = ProcessState.capture()
        try:
            while not should_stop():
                assignments = next(work, ())
                if assignments == ():
                    return
                if assignments is None:
                    time.sleep(IDLE_SECONDS)
                    continue
                for assignment in assignments:
                    try:
                        with streams_to(Path(self._setup.logs) / f"{assignment.run_id}.log"):
                            result = attempt(
                                assignment,
                                self._setup,
                                should_stop=should_stop,
                                on_progress=on_progress,
                            )
                    except OSError as error:
                        reason = f"its log cannot be written: {error}"
                        result = PutBack(assignment.run_id, reason, is_accident=True)
                    state.restore()
                    yield result
        finally:
            state.restore()
