"""How any crew of workers is driven: given work, asked to stop, killed after a while, closed."""

from collections.abc import Iterator

import pytest

from actwise.sweep.executors.crew import results_of
from actwise.sweep.executors.executor import WorkSource
from actwise.sweep.worker import Advanced, PutBack, Result
from made.played import Clock


def result(run_id: str, reason: str = "done") -> PutBack:
    return PutBack(run_id=run_id, reason=reason, is_accident=False)


def advanced(run_id: str) -> Advanced:
    values = {"epoch": 1, "epochs": 1, "batch": 1, "batches": 1, "loss": None}
    return Advanced(run_id=run_id, images_per_second=None, **values)


class OneWorker:
    """Has one run at a time and ends it in its third turn, or never; a turn takes 3 s."""

    def __init__(self, clock: Clock, *, hangs: bool = False) -> None:
        self.said: list[str] = []
        self._clock, self._hangs = clock, hangs
        self._run_id, self._num_turns = "", 0

    @property
    def is_busy(self) -> bool:
        return bool(self._run_id)

    def fill(self, work: WorkSource) -> bool:
        self.said.append("fill")
        if not self._run_id:
            assignments = next(work, ())
            if not assignments:
                return assignments is None
            (self._run_id,) = assignments  # type: ignore[assignment]
            self._num_turns = 0
        return True

    def events(self) -> Iterator[Advanced | Result]:
        self._clock.now += 3.0
        self._num_turns += 1
        if self._run_id and self._num_turns < 3:
            yield advanced(self._run_id)
        elif self._run_id and not self._hangs:
            yield result(self._run_id)
            self._run_id = ""

    def stop(self) -> Iterator[Result]:
        self.said.append(f"stop at {self._clock.now:g}")
        yield result("waiting", "stopped")

    def kill(self) -> None:
        self.said.append(f"kill at {self._clock.now:g}")
        self._hangs = False

    def close(self) -> None:
        self.said.append("close")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.now = 0.0
    monkeypatch.setattr("actwise.sweep.executors.crew.time", clock)
    return clock


def test_all_work_is_done_and_progress_is_told_apart_from_results(clock: Clock) -> None:
    crew, heard = OneWorker(clock), list[Advanced]()
    work: WorkSource = iter([("a",), None, ("b",)])  # type: ignore[list-item]
    found = results_of(crew, work, should_stop=lambda: False, on_progress=heard.append)
    assert [*found] == [result("a"), result("b")]
    assert heard == [advanced("a")] * 2 + [advanced("b")] * 2
    assert crew.said[-1] == "close"
    assert {*crew.said[:-1]} == {"fill"}


def test_after_a_stop_nothing_more_is_begun_and_what_runs_may_end(clock: Clock) -> None:
    crew = OneWorker(clock)
    work: WorkSource = iter([("a",), ("b",)])  # type: ignore[list-item]
    found = results_of(
        crew, work, should_stop=lambda: clock.now >= 3.0, on_progress=lambda progress: None
    )
    assert [*found] == [result("waiting", "stopped"), result("a")]
    assert crew.said == ["fill", "stop at 3", "close"]
    assert next(work) == ("b",)


@pytest.mark.parametrize(("grace", "killed"), [(8.0, 12), (9.0, 15), (1.0, 6)])
def test_what_does_not_stop_in_time_is_killed(grace: float, killed: int, clock: Clock) -> None:
    """Asked to stop after 3 s; the first turn after its time of grace kills it."""
    crew = OneWorker(clock, hangs=True)
    work: WorkSource = iter([("a",)])  # type: ignore[list-item]
    found = results_of(
        crew,
        work,
        should_stop=lambda: clock.now >= 3.0,
        on_progress=lambda progress: None,
        grace_seconds=grace,
    )
    assert [*found] == [result("waiting", "stopped"), result("a")]
    assert f"kill at {killed}" in crew.said
    assert crew.said.index("stop at 3") < crew.said.index(f"kill at {killed}")


def test_who_wants_no_more_results_leaves_no_process(clock: Clock) -> None:
    crew = OneWorker(clock)
    work: WorkSource = iter([("a",), ("b",)])  # type: ignore[list-item]
    found = results_of(crew, work, should_stop=lambda: False, on_progress=lambda progress: None)
    assert next(found) == result("a")
    found.close()
    assert crew.said[-1] == "close"
