"""The executor of long-lived worker processes, one per slot."""

import queue
import time
from collections.abc import Callable, Generator, Iterator, Sequence

from ...errors import StoreError
from ..worker import Advanced, PutBack, Result, Setup
from .executor import IDLE_SECONDS, WorkSource
from .worker_process import Inbox, WorkerProcess

STOP_GRACE_SECONDS = 8.0
"""A run that has not stopped by then is killed: `run` promises to end within 10 s."""


class ProcessExecutor:
    """Trains in ``workers`` processes that live as long as the work lasts."""

    def __init__(self, setup: Setup, *, workers: int, early: Sequence[WorkerProcess] = ()) -> None:
        """``early``: processes that were started with the threads of ``setup``, for its slots.

        :meth:`map` ends them.
        """
        self._setup = setup
        self._num_slots = workers
        self._early = early

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        pool = _Pool(self._setup, self._num_slots, self._early)
        kill_time: float | None = None
        has_work = True
        try:
            while True:
                if kill_time is None and should_stop():
                    kill_time = time.monotonic() + STOP_GRACE_SECONDS
                    pool.stop()
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


class _Pool:
    """The workers of one executor: those that live."""

    def __init__(self, setup: Setup, num_slots: int, early: Sequence[WorkerProcess]) -> None:
        self._setup = setup
        self._num_slots = num_slots
        self._early = list(early)
        self._workers: list[WorkerProcess] = []
        self._inbox: Inbox = queue.SimpleQueue()

    @property
    def is_busy(self) -> bool:
        return any(worker.pending for worker in self._workers)

    def fill(self, work: WorkSource) -> bool:
        """Give work to every idle slot; False once there is no more of it."""
        while sum(bool(worker.pending) for worker in self._workers) < self._num_slots:
            assignments = next(work, ())
            if assignments == ():
                return False
            if assignments is None:
                return True
            self._idle_worker().give(assignments)
        return True

    def events(self) -> Iterator[Advanced | Result]:
        """What the workers say next; nothing after a tenth of a second of silence."""
        for worker in self._workers:
            if worker.has_ended():
                # A process that it left behind might keep its pipe open.
                worker.kill_group()
        try:
            worker, message = self._inbox.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        if worker not in self._workers:
            return
        if message is None:
            yield from self._replace(worker)
            return
        event = worker.take(message)
        if isinstance(event, PutBack) and event.is_accident:
            # Memory that ran out, or a device that failed, may stay lost to this process.
            yield from (event, *self._replace(worker))
        else:
            yield event

    def stop(self) -> None:
        for worker in self._workers:
            worker.stop()

    def kill(self) -> None:
        for worker in self._workers:
            worker.kill_group()

    def close(self) -> None:
        self.kill()
        for worker in (*self._workers, *self._early):
            worker.end()
        self._workers.clear()
        self._early.clear()

    def _idle_worker(self) -> WorkerProcess:
        for worker in self._workers:
            if not worker.pending:
                return worker
        try:
            threads = self._setup.threads
            worker = self._early.pop() if self._early else WorkerProcess(threads=threads)
            self._workers.append(worker)
            worker.set_up(self._setup, self._inbox)
        except OSError as error:
            raise StoreError(f"no worker process can be started: {error}") from None
        return worker

    def _replace(self, worker: WorkerProcess) -> list[PutBack]:
        """End a worker, and put back what it had; the next work starts another one."""
        self._workers.remove(worker)
        reason = worker.end()
        return [
            PutBack(run_id=run_id, reason=reason, is_accident=True) for run_id in worker.pending
        ]
