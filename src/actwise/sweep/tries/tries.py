"""Trains the first batches of some runs of a plan, and keeps nothing of them."""

import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ...errors import ActwiseError
from ...spec import ObserveSpec, PlannedRun
from ...store import RunStore
from ...usercode import exception_line
from ..executors import Nursery, StopRequest, WorkSource, make_executor
from ..plan import RunOptions
from ..worker import Advanced, Assignment, Done, PutBack, Tried, make_assignment, make_setup

TrialResult = Tried | PutBack

NUM_BATCHES = 3
"""Of a measurement, at least: one to warm up, two that are timed."""

TIMED_SECONDS = 0.5
"""Timed at least, if a run lasts so long: two steps of a narrow network are too few to go by."""


class TrialError(ActwiseError):
    """A run cannot be trained, or not be timed."""


@dataclass(frozen=True)
class Measured:
    """The tries of every run, and the seconds until all workers were ready for their first."""

    trials: dict[str, list[Tried]]
    start_seconds: float


@dataclass(frozen=True)
class Pace:
    """How fast a run goes on one worker, and the seconds before it has that pace, as in Tried."""

    images_per_second: float
    before_seconds: float


def measure(
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    workers: int,
    num_batches: int = NUM_BATCHES,
    on_tried: Callable[[int, int], None] = lambda done, wanted: None,
) -> Measured:
    """Every run once on every worker, so that all are busy with the same network.

    None begins before all workers have imported torch and read the data of the first: one that
    still does would take from the others what no run takes. A run that stands in ``runs`` twice
    is tried twice on every worker.

    ``on_tried`` hears after every try how many are done, of how many.

    Raises:
        TrialError: at the first run that cannot be trained.
        StoppedError: if it is stopped.
    """
    found: dict[str, list[Tried]] = {run.run_id: [] for run in runs}
    num_ready, ready_seconds, num_done = 0, 0.0, 0

    def work() -> WorkSource:
        for _ in range(workers):
            yield make_try(runs[0], max_batches=0)
        while num_ready < workers:
            yield None
        for run in runs:
            for _ in range(workers):
                yield make_try(run, max_batches=num_batches, timed_seconds=TIMED_SECONDS)

    started = time.monotonic()
    with (
        Nursery(threads=options.threads) as nursery,
        StopRequest(time_limit_seconds=options.time_limit_seconds) as stop,
    ):
        tries = try_runs(work(), options, nursery, workers=workers, should_stop=stop)
        with closing(tries):
            for trial in tries:
                if stop():
                    continue
                tried = _checked(trial)
                if num_ready < workers:
                    num_ready, ready_seconds = num_ready + 1, time.monotonic() - started
                else:
                    found[trial.run_id].append(tried)
                    num_done += 1
                    on_tried(num_done, len(runs) * workers)
        if stop():
            raise stop.error("calibration ended: stopped")
    return Measured(found, ready_seconds)


def pace(trials: Sequence[Tried]) -> Pace:
    """The median over the tries of one run.

    Raises:
        TrialError: if there is nothing to time, because the run diverges at once.
    """
    rates = [t.images_per_second for t in trials if t.images_per_second is not None]
    if not rates:
        raise TrialError("diverges in its first batch and cannot be timed")
    return Pace(median(rates), median(trial.before_seconds or 0.0 for trial in trials))


def make_try(
    run: PlannedRun, *, max_batches: int, timed_seconds: float = 0.0
) -> tuple[Assignment, ...]:
    """Work for :func:`try_runs`; without a batch a worker only gets ready for the run."""
    return (
        make_assignment(
            run, observe=ObserveSpec(), max_batches=max_batches, timed_seconds=timed_seconds
        ),
    )


def try_runs(
    work: WorkSource,
    options: RunOptions,
    nursery: Nursery,
    *,
    workers: int,
    should_stop: Callable[[], bool],
) -> Generator[TrialResult, None, None]:
    """One result per try, as they come, from the executor that the options name.

    A run may be tried several times. Logs go to a temporary store, which is deleted.
    """
    with tempfile.TemporaryDirectory(prefix="actwise-trial-") as folder:
        with RunStore.open(Path(folder), create=True) as store:
            setup = make_setup(store, options, workers=workers)
        executor = make_executor(setup, options, nursery, workers=workers)
        results = executor.map(work, should_stop=should_stop, on_progress=_ignore)
        with closing(results):
            for result in results:
                assert not isinstance(result, Done)
                yield result


def _checked(trial: TrialResult) -> Tried:
    if isinstance(trial, PutBack):
        raise TrialError(f"run {trial.run_id} cannot be trained: {trial.reason}")
    if trial.traceback is not None:
        raise TrialError(f"run {trial.run_id} cannot be trained: {exception_line(trial.traceback)}")
    return trial


def _ignore(progress: Advanced) -> None:
    """A try is too short for progress."""
