"""Find an activation for a network within a budget."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Unpack

from ..store import RunStore
from ..sweep.executors import Describer, Nursery, StopRequest
from ..sweep.plan import RaceKeywords, spelled_out
from ..sweep.watch import ProgressSink, watcher
from .advised import CaseAdvice
from .course import Course
from .prepared import prepare
from .request import RaceRequest, run_options


@spelled_out(RaceKeywords)
def recommend(
    model: str | Path | Mapping[str, Any] | Callable[..., Any],
    data: str | None = None,
    *,
    store: str | Path | RunStore,
    budget: str | None = None,
    candidates: Sequence[str] | None = None,
    incumbent: str | None = "relu",
    margin: float | None = None,
    epochs: int | None = None,
    prior: bool = False,
    costs: bool = True,
    overrides: Sequence[str] = (),
    artifacts: Path | None = None,
    progress: ProgressSink | bool | None = None,
    **options: Unpack[RaceKeywords],
) -> CaseAdvice:
    """Find an activation for a network within a budget; the same call resumes.

    Args:
        model: A level of ``model``, what makes the network, or a study: the path of a TOML file,
            the name of a shipped one or a dict, with one level of every factor but the activation.
        data: A level of ``dataset``; with a study that has one it may be left out.
        store: An open store, its folder (made if it is missing), or a database URL. Finished runs
            of the same cells in it are not trained again, and count in the cost as what they are.
        budget: ``33%`` of three seeds of every candidate at full length, ``7runs`` of full length
            or ``30m``; absent: a third, or the short runs and two full ones where that is more.
        candidates: Levels of ``activation``; absent = the study's, or the usual six.
        incumbent: The activation in use, one of them; None: there is none.
        margin: Points that do not matter; absent: what runs can tell.
        epochs: Of a full training; absent = the study's, or 27.
        prior: Say beside the pick what the bank's means of activations would make it.
        costs: Time steps of every candidate at the end, for some seconds.
        overrides: ``key=value`` changes, as on the command line.
        artifacts: Folder for logs, with a URL only.
        progress: Who watches, as in :func:`actwise.run`.
        options: The other names of the signature; ``help(actwise.sweep.RunOptions)`` explains them.

    Raises:
        SpecError: if no race can be about that; nothing is written.
        DataError: if the data set is missing or damaged; nothing is written.
        StoreError: if the store cannot be read or written.
        StoppedError: if a stop was asked for; the same call goes on.
        RaceFailedError: if a training failed.
    """
    request = RaceRequest(
        model,
        data,
        store,
        budget=budget,
        candidates=candidates,
        incumbent=incumbent,
        margin=margin,
        epochs=epochs,
        overrides=overrides,
        artifacts=artifacts,
        options=run_options(options),
    )
    return run_race(request, prior=prior, costs=costs, progress=progress)


def run_race(
    request: RaceRequest,
    *,
    prior: bool = False,
    costs: bool = True,
    progress: ProgressSink | bool | None = None,
) -> CaseAdvice:
    """See :func:`recommend`."""
    options, sink = request.options, watcher(progress=progress)
    stop = StopRequest(time_limit_seconds=options.time_limit_seconds)
    try:
        with Nursery(threads=options.threads) as nursery:
            if request.is_new and options.executor != "inline" and "torch" not in sys.modules:
                with suppress(OSError):
                    nursery.begin()
            with Describer(options.data_dir, nursery, stop=stop) as describe:
                ready = prepare(request, describe)
            race, _ = ready.settled(has_prior=prior, sink=sink)
            course = Course(ready, race, nursery, stop, sink, has_costs=costs)
            with request.opened(create=True) as store:
                return course.run(store, describe)
    finally:
        sink.close()
