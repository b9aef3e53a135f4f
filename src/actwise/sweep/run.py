"""Runs a study: what is missing in a store is trained and recorded."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from ..spec import PlannedRun, StudySpec, claims_in_force, load_study
from ..store import RunStore, is_there
from .drive import Driver, TimeLeft, attended, clear_leftovers
from .executors import Describer, Executor, Nursery, StopRequest, make_executor
from .executors.cluster import Cluster, RayExecutor, connected
from .plan import (
    Durations,
    Outcome,
    PendingRuns,
    Plan,
    RunKeywords,
    RunOptions,
    Todo,
    check_machine,
    check_memory,
    check_study,
    chosen_options,
    count_workers,
    crowding,
    find_todo,
    make_plan,
    most_memory_bytes,
    spelled_out,
)
from .watch import Note, ProgressSink, SweepEnded, SweepStarted, watcher
from .worker import make_setup


@spelled_out(RunKeywords)
def run(
    study: str | Path | StudySpec | Mapping[str, Any],
    store: str | Path | RunStore,
    *,
    overrides: Sequence[str] = (),
    artifacts: Path | None = None,
    progress: ProgressSink | bool | None = None,
    claims: str | Path | None = None,
    **options: Unpack[RunKeywords],
) -> Outcome:
    """Train every run of a study that the store lacks; the same call resumes.

    Other drivers may work on the store at the same time. Interrupted in any way, the same call
    goes on where this one ended: in a program's main thread Ctrl-C and SIGTERM stop at the next
    batch with a checkpoint; a second Ctrl-C ends at once.

    Args:
        study: A StudySpec, a TOML file, the name of a shipped study, or a dict of what a study
            file holds.
        store: An open store, its folder (made if it is missing), or a database URL.
        overrides: ``key=value`` changes, as on the command line; not to a StudySpec.
        artifacts: Folder for weights and logs, with a URL only.
        progress: Who watches: True shows bars or lines, False nothing; absent = bars in a notebook,
            nothing elsewhere.
        claims: TOML file of claims of your own; the store notes its SHA-256 with the plan, so that
            a report can say that they were fixed before the first run.
        options: The other names of the signature; ``help(actwise.sweep.RunOptions)`` explains them.

    Raises:
        SpecError: if a level, a setting, an option or the claims file is not valid, or there is no
            such Ray cluster; nothing is written.
        DataError: if a data set is missing or damaged; nothing is written.
        StoreError: if the store cannot be read or written.
    """
    chosen = chosen_options("run", RunKeywords, options)
    stop = StopRequest(time_limit_seconds=chosen.time_limit_seconds)
    spec = study if isinstance(study, StudySpec) else load_study(study, overrides)
    started_as = (study, *overrides) if isinstance(study, str) else ()
    fixed = claims_in_force(None if claims is None else Path(claims))
    if isinstance(store, RunStore):
        store.require_folder()
    is_new = not isinstance(store, RunStore) and not is_there(store, artifacts=artifacts)
    with Nursery(threads=chosen.threads) as nursery:
        if is_new and chosen.executor != "inline" and "torch" not in sys.modules:
            # Runs are sure to come, and planning takes as long as workers do to import torch.
            with suppress(OSError):
                nursery.begin()
        check_study(spec)
        with Describer(chosen.data_dir, nursery, stop=stop) as describe:
            plan = make_plan(spec, describe)
        with connected(chosen) as cluster:
            if cluster is not None:
                chosen = replace(chosen, device=cluster.device)
            sweep = partial(
                _run,
                plan,
                options=chosen,
                progress=progress,
                stop=stop,
                claims=fixed,
                started_as=started_as,
                nursery=nursery,
                cluster=cluster,
                # Before a store is made: a wrong study leaves nothing behind.
                device=_check(plan, plan.distinct_runs, chosen, nursery, cluster)
                if is_new
                else None,
            )
            if isinstance(store, RunStore):
                return sweep(store)
            with RunStore.open(store, create=True, artifacts=artifacts) as opened:
                return sweep(opened)


def _check(
    plan: Plan,
    runs: Sequence[PlannedRun],
    options: RunOptions,
    nursery: Nursery,
    cluster: Cluster | None,
) -> str:
    """The type of the device, if nothing stands in the way of ``runs`` here, or on the cluster."""
    if not runs:
        return "cpu"
    device = check_machine(runs, options)
    if cluster is None:
        check_memory(plan, runs, options, device=device, available_bytes=nursery.available_bytes)
    else:
        cluster.require_room(most_memory_bytes(plan, runs))
    return device


def _run(
    plan: Plan,
    store: RunStore,
    *,
    options: RunOptions,
    progress: ProgressSink | bool | None,
    stop: StopRequest,
    claims: Mapping[str, str],
    started_as: Sequence[str],
    nursery: Nursery,
    cluster: Cluster | None,
    device: str | None,
) -> Outcome:
    """``device``: what :func:`_check` said of the whole plan; None if it was not asked."""
    sink = watcher(progress=progress)
    available_bytes = nursery.available_bytes
    try:
        store.hold_folders()
        todo = find_todo(plan, store, options)
        device = device or _check(plan, todo.runs, options, nursery, cluster)
        if cluster is not None and todo.runs:
            cluster.require_usable(store.logs)
        # Others may be adding a large plan, for minutes; a signal ends this at once.
        with attended(store, sink):
            store.add_study(plan.study, todo.planned, claims=claims, started_as=started_as)
            store.reopen(todo.failed)
        clear_leftovers(store)
        memory_bytes = most_memory_bytes(plan, todo.runs)
        if not todo.runs:
            workers = 0
        elif cluster is None:
            workers = count_workers(
                plan, todo.runs, options, device=device, available_bytes=available_bytes
            )
        else:
            workers = cluster.count_workers(memory_bytes, num_runs=len(todo.runs))
        sink.emit(
            SweepStarted(
                study=plan.study.name,
                num_runs=len(todo.run_ids),
                num_done=len(todo.run_ids) - len(todo.runs),
                workers=workers,
                logs=str(store.logs),
            )
        )
        for text in plan.notes if todo.runs else ():
            sink.emit(Note(text))
        for change in todo.code_changes:
            sink.emit(Note(str(change)))
        if todo.lacking:
            sink.emit(Note(_lacking_text(todo)))
        is_chosen = options.workers is not None or options.threads > 1
        if todo.runs and device == "cpu" and is_chosen and cluster is None:
            for text in crowding(
                plan,
                todo.runs,
                workers=workers,
                threads=options.threads,
                available_bytes=available_bytes,
            ):
                sink.emit(Note(text))
        driver = _make_driver(plan, todo, store, options, sink)
        if todo.runs:
            setup = make_setup(store, options, workers=workers)
            executor: Executor = (
                make_executor(setup, options, nursery, workers=workers)
                if cluster is None
                else RayExecutor(setup, cluster, cluster.needs(memory_bytes), workers=workers)
            )
            # The signals are heard only now: what went before ends at once, and has leased
            # nothing.
            with stop, suppress(KeyboardInterrupt):
                driver.drive(executor, should_stop=stop)
        # Whatever was recorded is told to be there only if it is.
        store.require_in_place()
        outcome = _outcome(store, todo, stop, has_refused=bool(driver.refused))
        sink.emit(SweepEnded(**asdict(outcome)))
        return outcome
    finally:
        sink.close()


def _make_driver(
    plan: Plan, todo: Todo, store: RunStore, options: RunOptions, sink: ProgressSink
) -> Driver:
    durations = Durations(plan, todo.runs)
    return Driver(
        store,
        {run.run_id: run for run in todo.runs},
        pending=PendingRuns(todo.runs, durations, begun=_begun(store)),
        again=todo.again,
        study=plan.study,
        max_attempts=options.max_attempts,
        time_left=TimeLeft({run.run_id: durations.seconds(run.run_id) for run in todo.runs}),
        sink=sink,
    )


def _begun(store: RunStore) -> frozenset[str]:
    """Ids of the runs that have a checkpoint."""
    return frozenset(path.name.partition(".")[0] for path in store.checkpoints.iterdir())


def _lacking_text(todo: Todo) -> str:
    shown = ", ".join(todo.lacking[:3]) + (" ..." if len(todo.lacking) > 3 else "")
    return (
        f"{len(todo.lacking)} finished runs lack an observation that the study asks for ({shown}); "
        "--observe-again repeats them"
    )


def _outcome(store: RunStore, todo: Todo, stop: StopRequest, *, has_refused: bool) -> Outcome:
    outcome = Outcome.of(store.states(todo.run_ids).values())
    if outcome.left and stop.exit_code is not None:
        return replace(outcome, exit_code=stop.exit_code)
    return replace(outcome, exit_code=1) if has_refused else outcome
