"""Trains the first batches of some runs of a plan, and keeps nothing of them."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from ..spec import ObserveSpec, PlannedRun
from ..store import RunStore
from .assignment import make_assignment
from .executors import WorkSource
from .options import RunOptions
from .preflight import make_setup
from .protocol import Done, Progress, PutBack, Tried
from .run import make_executor

TrialResult = Tried | PutBack


def try_runs(
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    max_batches: int,
    workers: int,
    should_stop: Callable[[], bool],
) -> Iterator[TrialResult]:
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


def _work(runs: Sequence[PlannedRun], max_batches: int) -> WorkSource:
    for run in runs:
        yield (make_assignment(run, observe=ObserveSpec(), max_batches=max_batches),)


def _ignore(progress: Progress) -> None:
    """A try is too short for progress."""
