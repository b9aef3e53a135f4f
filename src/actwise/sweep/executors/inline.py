"""The executor in this process."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

from ..worker import Advanced, PutBack, Result, Setup, streams_to
from .executor import IDLE_SECONDS, WorkSource


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
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        # Torch comes with them.
        from ..worker import ProcessState, attempt_run

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
                            result = attempt_run(
                                assignment,
                                self._setup,
                                should_stop=should_stop,
                                on_progress=on_progress,
                            )
                    except OSError as error:
                        reason = f"its log cannot be written: {error}"
                        result = PutBack(run_id=assignment.run_id, reason=reason, is_accident=True)
                    state.restore()
                    yield result
        finally:
            state.restore()
