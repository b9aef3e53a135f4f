"""The executor in this process."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

from ...usercode import has_run_users_code
from ..worker import Advanced, Assignment, PutBack, Result, Setup, streams_to
from .executor import IDLE_SECONDS, WorkSource
from .nursery import Nursery
from .processes import ProcessExecutor


class InlineExecutor:
    """Trains in this process, one run at a time; for debugging and for small studies.

    With the same fingerprint its numbers are those of a worker process. A run with users' code
    goes to a process of its own; so does every run once this process has imported any, or where
    hooks on all modules, or functions in place of torch's, would change it.
    """

    def __init__(self, setup: Setup, nursery: Nursery) -> None:
        self._setup = setup
        self._nursery = nursery

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        children = ProcessExecutor(self._setup, self._nursery, workers=1)
        after: list[tuple[Assignment, ...]] = []
        while not should_stop():
            assignments = after.pop() if after else next(work, ())
            if assignments == ():
                return
            if assignments is None:
                time.sleep(IDLE_SECONDS)
            elif _needs_a_child(assignments):
                after.append(assignments)
                yield from children.map(
                    _for_a_child(after, work),
                    should_stop=should_stop,
                    on_progress=on_progress,
                )
            else:
                for assignment in assignments:
                    yield self._train(assignment, should_stop, on_progress)
        # Taken just before the stop.
        for assignment in (assignment for assignments in after for assignment in assignments):
            yield PutBack(run_id=assignment.run_id, reason="stopped", is_accident=False)

    def _train(
        self,
        assignment: Assignment,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Result:
        # Torch comes with them.
        from ..worker import ProcessState, attempt_run

        state = ProcessState.capture()
        try:
            with streams_to(Path(self._setup.logs) / f"{assignment.run_id}.log"):
                return attempt_run(
                    assignment, self._setup, should_stop=should_stop, on_progress=on_progress
                )
        except OSError as error:
            reason = f"its log cannot be written: {error}"
            return PutBack(run_id=assignment.run_id, reason=reason, is_accident=True)
        finally:
            state.restore()


def _needs_a_child(assignments: tuple[Assignment, ...]) -> bool:
    if has_run_users_code() or any(assignment.has_users_code for assignment in assignments):
        return True
    # Torch comes with it.
    from ..worker import is_coloured

    return is_coloured()


def _for_a_child(after: list[tuple[Assignment, ...]], work: WorkSource) -> WorkSource:
    """What waits ``after`` and what follows it of its kind; what is not goes to ``after``."""
    yield after.pop()
    for assignments in work:
        if assignments and not _needs_a_child(assignments):
            after.append(assignments)
            return
        yield assignments
