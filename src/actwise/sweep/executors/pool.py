"""The worker processes of one executor: who trains, who waits, who has to go."""

import queue
from collections import deque
from collections.abc import Iterator

from ...errors import StoreError
from ..worker import Advanced, Assignment, PutBack, Result, Setup
from .executor import IDLE_SECONDS, WorkSource
from .nursery import Nursery
from .worker_process import Inbox, WorkerProcess


class Pool:
    """A :class:`.crew.Crew` of processes here, at most one a slot.

    One that has run users' code ends with its run.
    """

    def __init__(self, setup: Setup, num_slots: int, nursery: Nursery) -> None:
        self._setup = setup
        self._num_slots = num_slots
        self._nursery = nursery
        self._workers: list[WorkerProcess] = []
        # Processes of one run each, and what is left of a work item whose runs need one each.
        self._apart: set[WorkerProcess] = set()
        self._waiting: deque[tuple[Assignment, ...]] = deque()
        self._inbox: Inbox = queue.SimpleQueue()

    @property
    def is_busy(self) -> bool:
        """See :attr:`.crew.Crew.is_busy`."""
        return bool(self._waiting) or any(worker.pending for worker in self._workers)

    def fill(self, work: WorkSource) -> bool:
        """See :meth:`.crew.Crew.fill`."""
        while sum(bool(worker.pending) for worker in self._workers) < self._num_slots:
            assignments = self._waiting.popleft() if self._waiting else next(work, ())
            if not assignments:
                return assignments is None
            if any(assignment.has_users_code for assignment in assignments):
                self._waiting.extend((assignment,) for assignment in assignments[1:])
                self._give_apart(assignments[:1])
            else:
                worker = next(iter(self._idle), None) or self._start()
                worker.give(assignments)
        return True

    def events(self) -> Iterator[Advanced | Result]:
        """See :meth:`.crew.Crew.events`."""
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
        """See :meth:`.crew.Crew.stop`."""
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
        """See :meth:`.crew.Crew.close`."""
        self.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()

    @property
    def _idle(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if not worker.pending]

    def _give_apart(self, assignments: tuple[Assignment, ...]) -> None:
        """One run to a process of its own; where all slots have one, an idle one makes way."""
        if len(self._workers) >= self._num_slots:
            self._end(self._idle[0])
        worker = self._start()
        self._apart.add(worker)
        worker.give(assignments)

    def _start(self) -> WorkerProcess:
        try:
            worker = WorkerProcess(self._nursery)
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
