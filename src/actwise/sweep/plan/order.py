"""The runs that wait for a worker, and which of them is next."""

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Protocol

from ...spec import PlannedRun
from .durations import Durations


class RunQueue(Protocol):
    """Where a driver takes runs from; asked in its thread."""

    def __bool__(self) -> bool:
        """Whether there are runs to take, or may be later."""
        ...

    def next(self, most: int) -> Sequence[str]:
        """The ids of the runs that are next, in their order; none: not now, ask again."""
        ...

    def take(self, run_id: str) -> None:
        """One of these is pending no more."""
        ...

    def put_back(self, run_id: str, *, after_accident: bool = False) -> None:
        """A run that was taken is pending again."""
        ...

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """A run trains at this speed."""
        ...


class PendingRuns:
    """Seed after seed; within a seed the longest run first, so that all workers end together.

    A long run that begins last keeps one worker busy while the others have nothing left. Before
    the others of a seed come runs that were begun, to be done with their checkpoints; runs that
    seem equally long go in the order of the plan. What met an accident waits for all others.
    """

    def __init__(
        self,
        runs: Iterable[PlannedRun],
        durations: Durations,
        *,
        begun: frozenset[str] = frozenset(),
    ) -> None:
        """All of ``runs`` are pending; they stand in the order of the plan."""
        self._durations = durations
        self._begun = begun
        self._places: dict[str, int] = {}
        self._seeds: dict[str, int] = {}
        # By seed, in the order of the plan, which need not be that of their numbers.
        self._blocks: dict[int, list[str]] = {}
        for place, run in enumerate(runs):
            self._places[run.run_id] = place
            self._seeds[run.run_id] = run.spec.seed
            self._blocks.setdefault(run.spec.seed, []).append(run.run_id)
        self._after_accident: deque[str] = deque()
        # Seeds whose runs stand from the last to the next.
        self._ordered: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._after_accident) or any(self._blocks.values())

    def next(self, most: int) -> list[str]:
        """The ids of the runs that are next, in their order, at most so many."""
        found: list[str] = []
        for seed, block in self._blocks.items():
            if block and len(found) < most:
                if seed not in self._ordered:
                    block.sort(key=self._rank, reverse=True)
                    self._ordered.add(seed)
                found += block[: -1 - (most - len(found)) : -1]
        return found or [*islice(self._after_accident, most)]

    def take(self, run_id: str) -> None:
        """A run is pending no more."""
        block = self._blocks[self._seeds[run_id]]
        if run_id in self._after_accident:
            self._after_accident.remove(run_id)
        else:
            # It is one of the last.
            del block[next(n for n in reversed(range(len(block))) if block[n] == run_id)]

    def put_back(self, run_id: str, *, after_accident: bool = False) -> None:
        """A run is pending again: in its place, or behind all others."""
        if after_accident:
            self._after_accident.append(run_id)
        else:
            self._blocks[self._seeds[run_id]].append(run_id)
            self._ordered.discard(self._seeds[run_id])

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """A run trains at this speed, which tells something of those like it."""
        self._durations.observe(run_id, images_per_second=images_per_second)
        self._ordered.clear()

    def _rank(self, run_id: str) -> tuple[bool, float, int]:
        is_new = run_id not in self._begun
        return is_new, -self._durations.seconds(run_id), self._places[run_id]
