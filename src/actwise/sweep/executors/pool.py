"""The worker processes of one executor: who trains, who waits, who has to go."""

import queue
from collections import deque
from collections.abc import Iterator, Sequence

from ...errors import StoreError
from ..worker import Advanced, Assignment, PutBack, Result, Setup
from .executor import IDLE_SECONDS, WorkSource
from .worker_process import Inbox, WorkerProcess


class Pool:
    """At most one process a slot that has work or has had some, and one more that is prepared.

    A process is prepared, torch imported and no device touched, while a run with users' code
    trains in the slot: the next of that kind begins in it. Whatever has run users' code ends.
    """

    def __init__(self, setup: Setup, num_slots: int, early: Sequence[WorkerProcess]) -> None:
        """``early`` are processes that nobody has set up yet."""
        self._setup = setup
        self._num_slots = num_slots
        self._early = list(early)
        self._workers: list[WorkerProcess] = []
        # Processes of one run each, and what is left of a work item whose runs need one each.
        self._apart: set[WorkerProcess] = set()
        self._waiting: deque[tuple[Assignment, ...]] = deque()
        self._inbox: Inbox = queue.SimpleQueue()

    @property
    def is_busy(self) -> bool:
        """Whether something that was taken from the work has no result yet."""
        return bool(self._waiting) or any(worker.pending for worker in self._workers)

    def fill(self, work: WorkSource) -> bool:
        """Give work to every idle slot; False once there is no more of it."""
        while sum(bool(worker.pending) for worker in self._workers) < self._num_slots:
            assignments = self._waiting.popleft() if self._waiting else next(work, ())
            if not assignments:
                return assignments is None
            if any(assignment.has_users_code for assignment in assignments):
                self._waiting.extend((assignment,) for assignment in assignments[1:])
                self._give_apart(assignments[:1])
            else:
                self._shared_worker().give(assignments)
        self._prepare()
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
            yield from self._end(worker)
            return
        event = worker.take(message)
        yield event
        # Memory that ran out, or a device that failed, may stay lost to a process.
        is_spoilt = isinstance(event, PutBack) and event.is_accident
        if is_spoilt or (worker in self._apart and not worker.pending):
            yield from self._end(worker)

    def stop(self) -> Iterator[Result]:
        """Ask every run to stop; what has not begun is put back."""
        while self._waiting:
            for assignment in self._waiting.popleft():
                yield PutBack(run_id=assignment.run_id, reason="stopped", is_accident=False)
        for worker in self._workers:
            worker.stop()

    def kill(self) -> None:
        """Kill every process and what it started."""
        for worker in self._workers:
            worker.kill_group()

    def close(self) -> None:
        """Leave no process."""
        self.kill()
        for worker in (*self._workers, *self._early):
            worker.end()
        self._workers.clear()
        self._early.clear()

    @property
    def _prepared(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if not worker.has_trained]

    @property
    def _idle(self) -> list[WorkerProcess]:
        """Those that have trained, and may train again."""
        return [worker for worker in self._workers if worker.has_trained and not worker.pending]

    def _shared_worker(self) -> WorkerProcess:
        return next(iter((*self._idle, *self._prepared)), None) or self._start()

    def _give_apart(self, assignments: tuple[Assignment, ...]) -> None:
        """One run to a process of its own; where all slots have one, an idle one makes way."""
        worker = next(iter(self._prepared), None)
        if worker is None or len(self._workers) - len(self._prepared) >= self._num_slots:
            for idle in self._idle[:1]:
                self._end(idle)
        worker = worker or self._start()
        self._apart.add(worker)
        worker.give(assignments)

    def _prepare(self) -> None:
        """A process for what may follow every run with users' code."""
        busy = sum(bool(worker.pending) for worker in self._apart)
        while len(self._prepared) < busy:
            self._start()

    def _start(self) -> WorkerProcess:
        try:
            threads = self._setup.threads
            worker = self._early.pop() if self._early else WorkerProcess(threads=threads)
            self._workers.append(worker)
            worker.set_up(self._setup, self._inbox)
        except OSError as error:
            raise StoreError(f"no worker process can be started: {error}") from None
        return worker

    def _end(self, worker: WorkerProcess) -> list[PutBack]:
        """End a worker, and put back what it had."""
        self._workers.remove(worker)
        self._apart.discard(worker)
        reason = worker.end()
        return [
            PutBack(run_id=run_id, reason=reason, is_accident=True) for run_id in worker.pending
        ]
