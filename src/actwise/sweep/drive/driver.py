"""The driver of a sweep: leases runs for an executor and is the only one to write the store."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from itertools import takewhile
from math import inf

from ...errors import StoreError
from ...spec import PlannedRun, StudySpec
from ...store import (
    Lease,
    OtherResultError,
    Owner,
    RunState,
    RunStore,
    StaleLeaseError,
    StoreUnavailableError,
)
from ...store.records import RunRecord
from ...usercode import exception_line
from ..executors import Executor, WorkSource
from ..plan import RunQueue, lacks_observation, make_label
from ..watch import (
    Note,
    ProgressSink,
    RunEnded,
    RunEndedElsewhere,
    RunProgress,
    RunPutBack,
    RunStarted,
    Waiting,
)
from ..worker import Advanced, Assignment, Done, PutBack, Result, Tried, make_assignment
from .attention import attended
from .heartbeat import heartbeat
from .leftovers import remove_leftovers
from .presence import POLL_SECONDS, Presence
from .progress_notes import ProgressNotes
from .time_left import TimeLeft

LEASE_AT_ONCE = 100
"""So many runs the store is asked for, of which it gives the first that is free."""


class Driver:
    """Brings runs to their results, beside other drivers on the same store.

    ``refused``: runs that were observed again and came out otherwise.
    """

    def __init__(
        self,
        store: RunStore,
        runs: Mapping[str, PlannedRun],
        *,
        pending: RunQueue,
        again: frozenset[str],
        study: StudySpec,
        max_attempts: int,
        time_left: TimeLeft,
        sink: ProgressSink,
    ) -> None:
        """``runs`` by id, as ``pending`` has them; those of ``again`` are observed again."""
        self.refused: set[str] = set()
        self._store = store
        self._presence = Presence(store)
        self._runs = runs
        self._again = again
        self._study = study
        self._max_attempts = max_attempts
        self._label = make_label(study)
        self._time_left = time_left
        self._sink = sink
        self._notes = ProgressNotes()
        self._owner = Owner.here()
        self._pending = pending
        self._held_by_others: list[str] = []
        # Leases in the hands of workers, and those that could not be given back yet.
        self._leases: dict[str, Lease] = {}
        self._kept: dict[str, Lease] = {}
        self._error: StoreError | None = None
        self._attempts: Counter[str] = Counter()
        # The epoch in which each run was taken up, by which its step was compiled.
        self._first_epochs: dict[str, int] = {}
        self._next_poll_time = 0.0
        self._shown_holders: tuple[str, ...] = ()

    def drive(self, executor: Executor, *, should_stop: Callable[[], bool]) -> None:
        """Work until every run has its result, is given up, or a stop is asked for.

        Raises:
            StoreError: if the store can no longer be used or reached, or was taken away; what was
                in flight has a checkpoint, if there is a place for it.
        """

        def has_ended() -> bool:
            return self._error is not None or should_stop()

        def is_over() -> bool:
            self._error = self._error or self._presence.problem()
            return has_ended()

        results = executor.map(self._work(), should_stop=is_over, on_progress=self._on_progress)
        with attended(self._store, self._sink, is_over=has_ended):
            try:
                with heartbeat(self._store, self._owner, self._notes), closing(results):
                    for result in results:
                        self._take(result, is_stopping=is_over())
            finally:
                # Only now that nothing trains any more.
                self._give_all_back()
        if self._error is not None:
            raise self._error

    def _work(self) -> WorkSource:
        """Runs, leased one by one; None while there may be more, and none can be taken now."""
        while self._pending or self._held_by_others or self._leases:
            try:
                assignment = self._lease_next()
                if assignment is None and self._held_by_others:
                    self._look_at_others()
            except StoreError as error:
                # Raised here it would kill what is in flight.
                self._error = error
                return
            yield None if assignment is None else (assignment,)

    def _lease_next(self) -> Assignment | None:
        while run_ids := self._next_runs():
            lease = self._kept.get(run_ids[0])
            lease = lease or self._store.lease_next(run_ids, self._owner, again=self._again)
            passed = run_ids if lease is None else run_ids[: run_ids.index(lease.run_id)]
            for run_id in passed:
                self._pending.take(run_id)
                self._held_by_others.append(run_id)
            if lease is None:
                continue
            self._pending.take(lease.run_id)
            self._kept[lease.run_id] = lease
            if lease.run_id not in self._again or self._lacks(lease.run_id):
                return self._assign(lease)
            # Another driver has observed it since this one made its list.
            self._give_back(lease, was_tried=False)
        return None

    def _next_runs(self) -> Sequence[str]:
        """Runs that the store is asked for in one go; one alone if its lease is here still."""
        run_ids = self._pending.next(LEASE_AT_ONCE) if self._pending else ()
        return [*takewhile(lambda i: i not in self._kept, run_ids)] or run_ids[:1]

    def _assign(self, lease: Lease) -> Assignment:
        run = self._runs[lease.run_id]
        recorded = self._store.result(lease.run_id) if lease.run_id in self._again else None
        self._leases[lease.run_id] = self._kept.pop(lease.run_id)
        self._attempts[lease.run_id] += 1
        self._first_epochs.pop(lease.run_id, None)
        self._sink.emit(
            RunStarted(
                run_id=lease.run_id,
                label=self._label(run),
                attempt=self._attempts[lease.run_id],
                is_compiling=run.spec.train.compile,
            )
        )
        return make_assignment(
            run,
            token=lease.token,
            observe=self._study.observe,
            task=self._study.task,
            recorded_weights=recorded.weights_sha256 if recorded else None,
        )

    def _lacks(self, run_id: str) -> bool:
        return lacks_observation(self._store.states([run_id])[run_id], self._study.observe)

    def _look_at_others(self) -> None:
        """Drop what others have finished, take over what they let go, say for whom we wait."""
        if time.monotonic() < self._next_poll_time:
            return
        self._next_poll_time = time.monotonic() + POLL_SECONDS
        held: dict[str, Owner] = {}
        for run_id, state in self._store.states(self._held_by_others).items():
            if state.owner is not None:
                held[run_id] = state.owner
            elif state.status == "pending" or (
                run_id in self._again and lacks_observation(state, self._study.observe)
            ):
                self._pending.put_back(run_id)
            else:
                self._end_elsewhere(state)
        self._held_by_others = list(held)
        holders = tuple(sorted({str(owner) for owner in held.values()}))
        if held and not self._leases and not self._pending and holders != self._shown_holders:
            self._shown_holders = holders
            self._sink.emit(Waiting(num_runs=len(held), holders=holders))

    def _end_elsewhere(self, state: RunState) -> None:
        run_id, label = state.run_id, self._label(self._runs[state.run_id])
        self._time_left.end(run_id)
        self._sink.emit(RunEndedElsewhere(run_id=run_id, label=label, status=state.status))

    def _take(self, result: Result, *, is_stopping: bool) -> None:
        assert not isinstance(result, Tried)
        lease = self._kept[result.run_id] = self._leases.pop(result.run_id)
        try:
            # What a worker says of a folder that is gone is no result of its run.
            self._store.require_in_place()
            if isinstance(result, Done):
                result = self._record(lease, result.record) or result
            if isinstance(result, PutBack):
                self._put_back(lease, result, is_stopping=is_stopping)
        except StoreError as error:
            self._error = self._error or error

    def _record(self, lease: Lease, record: RunRecord) -> PutBack | None:
        """Record a result; an accident if the store cannot be written just now."""
        try:
            self._store.record(lease, record)
        except StoreUnavailableError as error:
            return PutBack(run_id=lease.run_id, reason=str(error), is_accident=True)
        except StaleLeaseError as error:
            del self._kept[lease.run_id]
            self._held_by_others.append(lease.run_id)
            self._sink.emit(Note(str(error)))
            return None
        except OtherResultError as error:
            self._give_back(lease)
            self.refused.add(lease.run_id)
            self._sink.emit(Note(str(error)))
            return None
        del self._kept[lease.run_id]
        remove_leftovers(self._store, lease.run_id)
        self._time_left.end(lease.run_id)
        self._sink.emit(
            RunEnded(
                run_id=lease.run_id,
                label=self._label(self._runs[lease.run_id]),
                status=record.status,
                test_accuracy=record.test_accuracy,
                train_seconds=record.train_seconds,
                metrics={name: curve[-1] for name, curve in record.metrics.items()},
                reason=exception_line(record.traceback or ""),
            )
        )
        return None

    def _put_back(self, lease: Lease, result: PutBack, *, is_stopping: bool) -> None:
        run_id, why = lease.run_id, result.reason if result.is_accident else None
        self._give_back(lease, why, was_tried=result.was_tried)
        self._attempts[run_id] -= not result.was_tried
        self._time_left.put_back(run_id)
        is_given_up = not is_stopping and self._attempts[run_id] >= self._max_attempts
        if is_given_up:
            self._time_left.end(run_id)
        elif not is_stopping:
            self._pending.put_back(run_id, after_accident=result.was_tried)
        self._sink.emit(
            RunPutBack(
                run_id=run_id,
                label=self._label(self._runs[run_id]),
                reason=result.reason,
                is_given_up=is_given_up,
                attempts=self._attempts[run_id],
            )
        )

    def _give_back(self, lease: Lease, why: str | None = None, *, was_tried: bool = True) -> None:
        """Release a lease; one that cannot be released just now is kept, and used again."""
        with suppress(StoreUnavailableError):
            self._store.release(lease, why, was_tried=was_tried)
            del self._kept[lease.run_id]

    def _give_all_back(self) -> None:
        """Leave no lease to this process, which would keep every other driver waiting."""
        for lease in (*self._leases.values(), *self._kept.values()):
            try:
                self._store.release(lease)
            except StoreError as error:
                self._error = self._error or error

    def _on_progress(self, progress: Advanced) -> None:
        self._notes.hear(self._leases[progress.run_id].token, progress)
        # A training of the user's own does not tell how many epochs it will have.
        done = (progress.epoch - 1 + progress.batch / progress.batches) / (progress.epochs or inf)
        self._time_left.progress(progress.run_id, done)
        run = self._runs[progress.run_id]
        is_first = self._first_epochs.setdefault(progress.run_id, progress.epoch) == progress.epoch
        is_compiling = run.spec.train.compile and is_first
        if progress.images_per_second and progress.batch == progress.batches and not is_compiling:
            self._pending.observe(progress.run_id, images_per_second=progress.images_per_second)
        self._sink.emit(
            RunProgress(
                **progress.model_dump(exclude={"type"}),
                label=self._label(run),
                seconds_left=self._time_left.seconds(),
                is_compiling=is_compiling,
            )
        )
