"""What the driver counts on, whichever executor carries its work."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from actwise.models import make_describe
from actwise.spec import ObserveSpec
from actwise.store import RunStore
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.executors import Executor, Nursery, make_executor
from actwise.sweep.executors.cluster import RayExecutor, connected
from actwise.sweep.worker import (
    Advanced,
    Assignment,
    Done,
    PutBack,
    Result,
    Tried,
    make_assignment,
    make_setup,
)
from made.sweeps import small_study

Make = Callable[[], Executor]


def is_worker(process: psutil.Process) -> bool:
    """Or the mother of workers."""
    try:
        return "actwise.sweep.worker" in process.cmdline()
    except psutil.NoSuchProcess:  # it ended meanwhile, or has nobody who waits for it
        return False


def never() -> bool:
    return False


def ignore(progress: Advanced) -> None:
    """Nobody watches."""


@pytest.fixture(params=["inline", "process", pytest.param("ray", marks=pytest.mark.ray)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    """Makes the executor, with one slot."""
    options = RunOptions(executor=request.param, checkpoint_seconds=3600)
    with ExitStack() as stack:
        nursery = stack.enter_context(Nursery())
        if options.executor == "ray":
            there = request.getfixturevalue("ray_cluster")
            stack.enter_context(there.network.inside())
            options = replace(options, ray_address=there.address)
        cluster = stack.enter_context(connected(options))

        def make_one() -> Executor:
            with RunStore.open(tmp_path / "store", create=True) as store:
                setup = make_setup(store, options, workers=1)
            if cluster is not None:
                return RayExecutor(setup, cluster, cluster.needs(0), workers=1)
            return make_executor(setup, options, nursery, workers=1)

        yield make_one


def assignments(
    *activations: str, epochs: int = 1, max_batches: int | None = None
) -> list[Assignment]:
    study = small_study(activation=activations or ("relu", "elu"), seeds=(0,), epochs=epochs)
    return [
        make_assignment(run, token=1, observe=ObserveSpec(), max_batches=max_batches)
        for run in make_plan(study, make_describe(None)).runs
    ]


def run_all(executor: Executor, work: Iterator[tuple[Assignment, ...] | None]) -> list[Result]:
    with closing(executor.map(work, should_stop=never, on_progress=ignore)) as results:
        return list(results)


def test_every_assignment_gets_one_result(make: Make) -> None:
    first, second = assignments()
    # None: nothing at the moment. Then two runs as one work item, and one by itself.
    results = run_all(make(), iter([None, (first, second), None, (first,), None]))
    asked = [first.run_id, second.run_id, first.run_id]
    assert [result.run_id for result in results] == asked
    assert all(isinstance(result, Done) for result in results)


def test_work_is_taken_only_when_there_is_room_for_it(make: Make) -> None:
    taken: list[str] = []

    def work() -> Iterator[tuple[Assignment, ...]]:
        for assignment in assignments():
            taken.append(assignment.run_id)
            yield (assignment,)

    with closing(make().map(work(), should_stop=never, on_progress=ignore)) as results:
        first = next(results)
        assert taken == [first.run_id]
    # Closed before the second run: nothing of the executor is left, at once or where others see to
    # it a moment later.
    end = time.monotonic() + 20.0
    while (left := workers_of_workers()) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def workers_of_workers() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if is_worker(child) and is_worker(child.parent())]


def test_after_a_stop_nothing_is_taken(make: Make) -> None:
    work = iter([(assignment,) for assignment in assignments()])
    results = make().map(work, should_stop=lambda: True, on_progress=ignore)
    assert list(results) == []
    assert len(list(work)) == 2


@pytest.mark.parametrize("stop_after", [1, 2])
def test_what_was_taken_before_a_stop_gets_a_result(make: Make, stop_after: int) -> None:
    taken: list[str] = []

    def work() -> Iterator[tuple[Assignment, ...]]:
        for assignment in assignments("made.users_code:prints", "relu", "elu"):
            taken.append(assignment.run_id)
            yield (assignment,)

    results = make().map(work(), should_stop=lambda: len(taken) >= stop_after, on_progress=ignore)
    assert sorted(result.run_id for result in results) == sorted(taken)


def test_a_stop_puts_the_run_in_flight_back_with_a_checkpoint(make: Make, tmp_path: Path) -> None:
    seen: list[Advanced] = []
    (assignment,) = assignments("relu", epochs=10_000)
    results = make().map(
        iter([(assignment,)]), should_stop=lambda: bool(seen), on_progress=seen.append
    )
    (result,) = results
    assert isinstance(result, PutBack)
    assert not result.is_accident
    assert seen[0].run_id == assignment.run_id
    assert len(list((tmp_path / "store" / "checkpoints").iterdir())) == 1


def test_whatever_code_does_ends_in_a_result(make: Make) -> None:
    names = ("raises", "exits", "finds_a_full_disk")
    asked = assignments(*(f"made.users_code:{name}" for name in names), "relu")
    raises, exits, accident, good = run_all(make(), iter([(a,) for a in asked]))
    for result, status in ((raises, "failed"), (exits, "failed"), (good, "finished")):
        assert isinstance(result, Done)
        assert result.record.status == status
    assert isinstance(accident, PutBack)
    assert accident.is_accident


def test_a_try_trains_its_batches_and_keeps_nothing(make: Make, tmp_path: Path) -> None:
    asked = assignments("relu", "made.users_code:raises", epochs=100, max_batches=3)
    tried, failed = run_all(make(), iter([(assignment,) for assignment in asked]))
    assert isinstance(tried, Tried)
    assert tried.loss is not None
    assert tried.images_per_second is not None
    assert (tried.peak_memory_bytes is not None) == (sys.platform == "linux")
    assert isinstance(failed, Tried)
    assert "on purpose" in (failed.traceback or "")
    assert list((tmp_path / "store" / "checkpoints").iterdir()) == []
