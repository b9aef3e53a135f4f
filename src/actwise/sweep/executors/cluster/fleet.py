"""The slots of a cluster as their driver leads them: begun, given work, lost, replaced."""

import math
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ....errors import ActwiseError, StoreError
from ....registry import parse_level
from ....usercode import files_of
from ...worker import Advanced, Assignment, PutBack, Result, Setup, Work, decode, encode
from ..crew import STOP_GRACE_SECONDS, results_of
from ..executor import IDLE_SECONDS, WorkSource
from ..nursery import make_start
from .connection import Cluster, Needs, last_line, problem_of
from .slot import VERSION, RaySlot, fill_cache

_AVOID_SECONDS = 60.0
"""So long no slot is begun on a node that one was lost with, which the head may not know yet, or
that can start no worker."""
_BEGIN_SECONDS = 60.0
"""So long slots may fail to begin, while none works, before that ends the sweep."""
_PAUSE_SECONDS = 1.0
_MOST_CUTS = 3
"""So often a run may lose the connection to a slot whose node lives before that is its fault."""


class RayExecutor:
    """Trains on the nodes of a Ray cluster, ``workers`` runs at once.

    A run that is lost with its node is put back, and it was no attempt.
    """

    def __init__(self, setup: Setup, cluster: Cluster, needs: Needs, *, workers: int) -> None:
        self._setup = setup
        self._cluster = cluster
        self._needs = needs
        self._num_slots = workers

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`Executor.map`."""
        fleet = Fleet(self._setup, self._cluster, self._needs, num_slots=self._num_slots)
        return results_of(
            fleet,
            work,
            should_stop=should_stop,
            on_progress=on_progress,
            # A slot kills what does not stop, and says so.
            grace_seconds=STOP_GRACE_SECONDS + 1.0,
        )


@dataclass(eq=False)
class _Berth:
    """A slot from here.

    Attributes:
        actor: Its handle.
        heard: What is waited for: that it begins, or the next that its worker says; None while it
            is idle.
        node_id, host: Where it is, once it has begun.
        pending: Run ids that it has not answered.
    """

    actor: Any
    heard: Any
    node_id: str = ""
    host: str = ""
    pending: list[str] = field(default_factory=list)


class Fleet:
    """A :class:`..crew.Crew` of slots. One that has not found a place yet holds no run."""

    def __init__(self, setup: Setup, cluster: Cluster, needs: Needs, *, num_slots: int) -> None:
        import ray

        self._ray = ray
        self._setup, self._start = encode(setup), encode(make_start())
        self._data_dir, self._logs = setup.data_dir, Path(setup.logs)
        self._cluster = cluster
        self._num_slots = num_slots
        # Ray's own retries would train what another may have taken.
        actor = ray.remote(max_restarts=0, max_task_retries=0, max_concurrency=2)(RaySlot)
        self._new = actor.options(**needs.for_ray())
        self._fill = ray.remote(num_cpus=0, max_retries=0)(fill_cache)
        self._home = ray.get_runtime_context().get_node_id()
        self._berths: list[_Berth] = []
        # Until when a node is avoided, and which could start no worker the last time; since when
        # slots fail to begin, and when the next may.
        self._avoided: dict[str, float] = {}
        self._barren: set[str] = set()
        self._failing_since: float | None = None
        self._next_begin = 0.0
        # What was put into the object store, and who has been asked to fill a node's cache.
        self._code: dict[tuple[tuple[str, str], ...], Any] = {(): ray.put({})}
        self._data: dict[tuple[str, str], Any] = {}
        self._filled: dict[tuple[str, str, str], Any] = {}
        self._left: list[PutBack] = []
        self._cuts: Counter[str] = Counter()

    @property
    def is_busy(self) -> bool:
        """See :attr:`..crew.Crew.is_busy`."""
        return bool(self._left) or any(berth.pending for berth in self._berths)

    def fill(self, work: WorkSource) -> bool:
        """See :meth:`..crew.Crew.fill`."""
        while len(self._berths) < self._num_slots and time.monotonic() >= self._next_begin:
            actor = self._new.remote(self._setup, self._start)
            self._berths.append(_Berth(actor, actor.begin.remote(VERSION)))
        for berth in self._berths:
            if berth.heard is None:
                assignments = next(work, ())
                if not assignments:
                    return assignments is None
                self._give(berth, assignments)
        return True

    def events(self) -> Iterator[Advanced | Result]:
        """See :meth:`..crew.Crew.events`."""
        while self._left:
            yield self._left.pop()
        waited = [berth for berth in self._berths if berth.heard is not None]
        if not waited:
            time.sleep(IDLE_SECONDS)
            return
        ready, _ = self._ray.wait(
            [berth.heard for berth in waited], num_returns=len(waited), timeout=IDLE_SECONDS
        )
        has_said = set(ready)
        for berth in waited:
            if berth.heard in has_said and berth in self._berths:
                yield from self._hear(berth) if berth.node_id else self._begin(berth)

    def stop(self) -> Iterator[Result]:
        """See :meth:`..crew.Crew.stop`."""
        for berth in self._berths:
            berth.actor.stop.remote()
        return iter(())

    def kill(self) -> None:
        """See :meth:`..crew.Crew.kill`."""
        for berth in [berth for berth in self._berths if berth.pending]:
            self._left += self._remove(berth, "its slot did not stop in time, and was killed")

    def close(self) -> None:
        """See :meth:`..crew.Crew.close`."""
        ends = [berth.actor.end.remote() for berth in self._berths if berth.node_id]
        if ends:
            self._ray.wait(ends, num_returns=len(ends), timeout=STOP_GRACE_SECONDS)
        for berth in self._berths:
            self._ray.kill(berth.actor)
        self._berths.clear()

    def _begin(self, berth: _Berth) -> Iterator[PutBack]:
        """Take up a slot that has found its place, unless that is no good."""
        try:
            found = self._ray.get(berth.heard)
            problem = problem_of(found, self._logs)
        except self._ray.exceptions.RayTaskError as error:
            raise _own(error) from None
        except self._ray.exceptions.RayError as error:
            yield from self._drop(berth, last_line(error))
            return
        if problem:
            self._avoided[found.node_id] = math.inf
        if self._avoided.get(found.node_id, 0.0) > time.monotonic():
            yield from self._drop(berth, problem)
            return
        berth.node_id, berth.host, berth.heard = found.node_id, found.host, None
        if found.node_id not in self._barren:
            self._failing_since = None

    def _drop(self, berth: _Berth, problem: str) -> Iterator[PutBack]:
        """Begin another in place of a slot that cannot be used; what it had was not tried.

        Raises:
            StoreError: if that has gone on for long, and nothing works.
        """
        now = time.monotonic()
        yield from self._remove(berth, problem, was_tried=False)
        self._next_begin = now + _PAUSE_SECONDS
        self._failing_since = self._failing_since or now
        is_long = now - self._failing_since > _BEGIN_SECONDS
        if is_long and problem and not any(other.node_id for other in self._berths):
            raise StoreError(f"no worker can be started on the Ray cluster: {problem}")

    def _give(self, berth: _Berth, assignments: tuple[Assignment, ...]) -> None:
        levels = {code for assignment in assignments for code in assignment.code_digests}
        sets = {
            (assignment.spec.dataset, assignment.data_digest)
            for assignment in assignments
            if assignment.task is None
        }
        filled = [self._filling(berth.node_id, *each) for each in sorted(sets)]
        berth.pending = [assignment.run_id for assignment in assignments]
        berth.heard = berth.actor.train.options(num_returns="streaming").remote(
            encode(Work(assignments=assignments)), self._files(tuple(sorted(levels))), *filled
        )

    def _files(self, levels: tuple[tuple[str, str], ...]) -> Any:
        """A reference to the files of users' code that these levels name."""
        if levels not in self._code:
            files = [files_of(parse_level(level, kind="level")) for level, _ in levels]
            self._code[levels] = self._ray.put({k: v for each in files for k, v in each.items()})
        return self._code[levels]

    def _filling(self, node_id: str, level: str, digest: str) -> Any:
        """A reference to what :func:`.slot.fill_cache` says on a node; nothing to do on our own."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        if node_id == self._home:
            return ""
        if (level, digest) not in self._data:
            from ....datasets import hand_over

            self._data[level, digest] = self._ray.put(
                hand_over(level, self._data_dir, digest=digest)
            )
        if (node_id, level, digest) not in self._filled:
            here = NodeAffinitySchedulingStrategy(node_id, soft=False)
            self._filled[node_id, level, digest] = self._fill.options(
                scheduling_strategy=here
            ).remote(self._start, self._data_dir, level, digest, [self._data[level, digest]])
        return self._filled[node_id, level, digest]

    def _hear(self, berth: _Berth) -> Iterator[Advanced | Result]:
        """What a worker says next, or that its slot was lost."""
        try:
            said = self._ray.get(next(berth.heard))
        except StopIteration:
            berth.heard = None
            # Asked to stop before it had begun with them.
            while berth.pending:
                yield PutBack(run_id=berth.pending.pop(), reason="stopped", is_accident=False)
            return
        except self._ray.exceptions.RayTaskError as error:
            if not isinstance(error.cause, StoreError):
                raise _own(error) from None
            # Its node can start no worker.
            self._barren.add(berth.node_id)
            self._avoided[berth.node_id] = time.monotonic() + _AVOID_SECONDS
            yield from self._drop(berth, f"node {berth.host}: {error.cause}")
            return
        except self._ray.exceptions.RayError as error:
            yield from self._lose(berth, error)
            return
        self._barren.discard(berth.node_id)
        self._failing_since = None
        for line in said:
            event = decode(line)
            assert isinstance(event, Advanced | Result)
            if not isinstance(event, Advanced):
                berth.pending.remove(event.run_id)
            yield event

    def _lose(self, berth: _Berth, error: Exception) -> list[PutBack]:
        """Put back what a slot had: with its node, or a connection to it, no attempt is lost."""
        is_lost = not self._cluster.is_alive(berth.node_id)
        if isinstance(error, self._ray.exceptions.ActorUnavailableError):
            # The head may not know yet. What ends with memory may look like this, too.
            self._cuts.update(berth.pending)
            is_lost |= all(self._cuts[run_id] <= _MOST_CUTS for run_id in berth.pending)
        if is_lost:
            self._avoided[berth.node_id] = time.monotonic() + _AVOID_SECONDS
            return self._remove(berth, f"node {berth.host} was lost", was_tried=False)
        return self._remove(berth, f"its slot on node {berth.host} was lost: {last_line(error)}")

    def _remove(self, berth: _Berth, reason: str, *, was_tried: bool = True) -> list[PutBack]:
        self._berths.remove(berth)
        self._ray.kill(berth.actor)
        self._filled = {key: ref for key, ref in self._filled.items() if key[0] != berth.node_id}
        return [
            PutBack(run_id=run_id, reason=reason, is_accident=True, was_tried=was_tried)
            for run_id in berth.pending
        ]


def _own(error: Any) -> Any:
    """What was raised in a task: of ours the sentence itself, else with Ray's traceback."""
    return error.cause if isinstance(error.cause, ActwiseError) else error
