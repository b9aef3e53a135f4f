"""Trains the first batches of some runs of a plan, and keeps nothing of them."""

import re
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from ..errors import ActwiseError
from ..spec import ObserveSpec, PlannedRun
from ..store import RunStore
from .assignment import make_assignment
from .executors import WorkSource
from .options import RunOptions
from .preflight import make_setup
from .protocol import Done, Progress, PutBack, Tried
from .run import make_executor
from .stopping import StopRequest

TrialResult = Tried | PutBack

NUM_BATCHES = 3
"""Of a measurement: one to warm up, two that are timed."""


class TrialError(ActwiseError):
    """A run cannot be trained, or not be timed."""


@dataclass(frozen=True)
class Measured:
    """The tries of every run, and the seconds that the first worker took until its first."""

    trials: dict[str, list[Tried]]
    start_seconds: float


@dataclass(frozen=True)
class Pace:
    """How fast a run goes on one worker, and the seconds before it has that pace.

    What comes before: data, network, and what the first batch takes longer than the others (a
    compiled step is compiled there).
    """

    images_per_second: float
    before_seconds: float


def measure(
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    workers: int,
    num_batches: int = NUM_BATCHES,
) -> Measured:
    """Every run once on every worker, so that all are busy with the same network.

    A run that stands in ``runs`` twice is tried twice on every worker.

    Raises:
        TrialError: at the first run that cannot be trained.
        ActwiseError: if it is stopped.
    """
    copies = [run for run in runs for _ in range(workers)]
    found: dict[str, list[Tried]] = {run.run_id: [] for run in runs}
    start_seconds: float | None = None
    started = time.monotonic()
    with StopRequest(time_limit_seconds=options.time_limit_seconds) as stop:
        tries = try_runs(
            copies, options, max_batches=num_batches, workers=workers, should_stop=stop
        )
        with closing(tries):
            for trial in tries:
                if not stop():
                    found[trial.run_id].append(_checked(trial))
                if start_seconds is None and isinstance(trial, Tried):
                    start_seconds = time.monotonic() - started - (trial.seconds or 0.0)
        if stop():
            raise ActwiseError(f"calibration ended: stopped by {stop.reason}")
    return Measured(found, max(0.0, start_seconds or 0.0))


def pace(trials: Sequence[Tried], *, batch_size: int, num_batches: int = NUM_BATCHES) -> Pace:
    """The median over the tries of one run, each of ``num_batches``.

    Raises:
        TrialError: if there is nothing to time, because the run diverges at once.
    """
    timed = [trial for trial in trials if trial.images_per_second]
    if not timed:
        raise TrialError("diverges in its first batches and cannot be timed")
    rate = median(trial.images_per_second or 0.0 for trial in timed)
    steps_seconds = num_batches * batch_size / rate
    before_seconds = median(max(0.0, (trial.seconds or 0.0) - steps_seconds) for trial in timed)
    return Pace(rate, before_seconds)


def try_runs(
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    max_batches: int,
    workers: int,
    should_stop: Callable[[], bool],
) -> Generator[TrialResult, None, None]:
    """One result per run, as they come, from the executor that the options name.

    A run may stand in ``runs`` several times. Logs go to a temporary store, which is deleted.
    """
    with tempfile.TemporaryDirectory(prefix="actwise-trial-") as folder:
        with RunStore.open(Path(folder), create=True) as store:
            setup = make_setup(store, options, workers=workers)
        executor = make_executor(setup, options, workers)
        results = executor.map(
            _work(runs, max_batches), should_stop=should_stop, on_progress=_ignore
        )
        with closing(results):
            for result in results:
                assert not isinstance(result, Done)
                yield result


def last_words(traceback: str) -> str:
    """The line of a traceback that names its exception.

    Rarely the last line where torch's compiler fails: that advises on its debugging.
    """
    after_frames = re.findall(r"^[ \t].*\n([\w.]+(?::.*)?)$", traceback, re.MULTILINE)
    return str(after_frames[-1] if after_frames else traceback.strip().splitlines()[-1])


def _checked(trial: TrialResult) -> Tried:
    if isinstance(trial, PutBack):
        raise TrialError(f"run {trial.run_id} cannot be trained: {trial.reason}")
    if trial.traceback is not None:
        raise TrialError(f"run {trial.run_id} cannot be trained: {last_words(trial.traceback)}")
    return trial


def _work(runs: Sequence[PlannedRun], max_batches: int) -> WorkSource:
    for run in runs:
        yield (make_assignment(run, observe=ObserveSpec(), max_batches=max_batches),)


def _ignore(progress: Progress) -> None:
    """A try is too short for progress."""
