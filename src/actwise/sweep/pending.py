"""The runs that wait for a worker, and which of them is next."""

from collections.abc import Iterable

from ..spec import PlannedRun
from .durations import Durations


class PendingRuns:
    """Seed after seed; within a seed the longest run first, so that all workers end together.

    A long run that begins last keeps one worker busy while the others have nothing left. Runs that
    seem equally long go in the order of the plan.
    """

    def __init__(self, runs: Iterable[PlannedRun], durations: Durations) -> None:
        """All of ``runs`` are pending; they stand in the order of the plan."""
        self._durations = durations
        # Seeds count by their place in the plan, whatever their numbers.
        blocks: dict[int, int] = {}
        self._places = {
            run.run_id: (blocks.setdefault(run.spec.seed, len(blocks)), place)
            for place, run in enumerate(runs)
        }
        self._num_accidents = dict.fromkeys(self._places, 0)
        # From the last to the next; put in order when that is asked for.
        self._waiting = list(self._places)
        self._is_ordered = False

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def take(self) -> str:
        """The id of the next run, which is pending no more."""
        if not self._is_ordered:
            self._waiting.sort(key=self._rank, reverse=True)
            self._is_ordered = True
        return self._waiting.pop()

    def put_back(self, run_id: str, *, after_accident: bool = False) -> None:
        """A run is pending again; after an accident, behind the others of its seed."""
        self._num_accidents[run_id] += after_accident
        self._waiting.append(run_id)
        self._is_ordered = False

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """A run trains at this speed, which tells something of those like it."""
        self._durations.observe(run_id, images_per_second=images_per_second)
        self._is_ordered = False

    def _rank(self, run_id: str) -> tuple[int, int, float, int]:
        block, place = self._places[run_id]
        return block, self._num_accidents[run_id], -self._durations.seconds(run_id), place
