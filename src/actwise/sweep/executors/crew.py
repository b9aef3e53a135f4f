"""Workers of one executor, wherever they are: how they are given work, and stopped."""

import time
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

from ..worker import Advanced, Result
from .executor import WorkSource

STOP_GRACE_SECONDS = 8.0
"""A run that has not stopped by then is killed: `run` promises to end within 10 s."""


class Crew(Protocol):
    """Workers, and what they have been given."""

    @property
    def is_busy(self) -> bool:
        """Whether something that was taken from the work has no result yet."""
        ...

    def fill(self, work: WorkSource) -> bool:
        """Give work to all that are idle; False once there is no more of it."""
        ...

    def events(self) -> Iterator[Advanced | Result]:
        """What they say next; nothing after a tenth of a second of silence."""
        ...

    def stop(self) -> Iterator[Result]:
        """Ask every run to stop; what has not begun is put back."""
        ...

    def kill(self) -> None:
        """Kill whatever still trains."""
        ...

    def close(self) -> None:
        """Leave no process."""
        ...


def carry(
    crew: Crew,
    work: WorkSource,
    *,
    should_stop: Callable[[], bool],
    grace_seconds: float = STOP_GRACE_SECONDS,
) -> Iterator[Advanced | Result]:
    """Have a crew do the work, until all is done or a stop: see :meth:`.executor.Executor.map`."""
    kill_time: float | None = None
    has_work = True
    while True:
        if kill_time is None and should_stop():
            kill_time = time.monotonic() + grace_seconds
            yield from crew.stop()
        if kill_time is None and has_work:
            has_work = crew.fill(work)
        if not crew.is_busy and (kill_time is not None or not has_work):
            return
        if kill_time is not None and time.monotonic() > kill_time:
            crew.kill()
        yield from crew.events()


def results_of(
    crew: Crew,
    work: WorkSource,
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[Advanced], None],
    grace_seconds: float = STOP_GRACE_SECONDS,
) -> Generator[Result, None, None]:
    """The results alone of :func:`carry`; the crew is closed at the end."""
    try:
        for event in carry(crew, work, should_stop=should_stop, grace_seconds=grace_seconds):
            if isinstance(event, Advanced):
                on_progress(event)
            else:
                yield event
    finally:
        crew.close()
