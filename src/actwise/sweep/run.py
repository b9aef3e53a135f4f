"""Runs a study: what is missing in a store is trained and recorded."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict

from ..spec import Describe, StudySpec, claims_in_force
from ..store import RunStore
from .assignment import make_label, remove_leftovers
from .driver import Driver
from .durations import Durations
from .events import Note, ProgressSink, SweepEnded, SweepStarted
from .executors import Executor, InlineExecutor
from .foresight import crowding
from .options import Outcome, RunOptions
from .pending import PendingRuns
from .plan import Plan, make_plan
from .preflight import check_machine, check_memory, check_study, count_workers, make_setup
from .process_executor import ProcessExecutor
from .progress import Silence
from .protocol import Setup
from .stopping import StopRequest
from .time_left import TimeLeft
from .todo import Todo, find_todo
from .waiting import WaitingWorkers


def run_study(
    study: StudySpec,
    store: RunStore,
    *,
    describe: Describe,
    options: RunOptions | None = None,
    progress: ProgressSink | None = None,
    claims: Mapping[str, str] | None = None,
    waiting: WaitingWorkers | None = None,
) -> Outcome:
    """Train every run of ``study`` that has no result in ``store``.

    Interrupted in any way, the same call goes on where this one ended. In a program's main thread
    Ctrl-C and SIGTERM stop at the next batch with a checkpoint; a second Ctrl-C ends at once.

    Args:
        study: What is asked for.
        store: Where results are and go; other drivers may work on it at the same time.
        describe: From the tables: :func:`actwise.models.make_describe`.
        options: How to run; nothing in it changes a result.
        progress: Who watches; absent = nobody.
        claims: SHA-256 of the claims in force, by name; absent = the shipped ones.
        waiting: Workers that were started beforehand with these options; absent = none.

    Raises:
        SpecError: if a level, a setting or an option is not valid; nothing is written.
        DataError: if a data set is missing or damaged; nothing is written.
        StoreError: if the store cannot be read or written.
    """
    options = options or RunOptions()
    sink = progress or Silence()
    stop = StopRequest(time_limit_seconds=options.time_limit_seconds)
    try:
        fixed = claims_in_force() if claims is None else claims
        return _run(study, store, describe, options, sink, stop, fixed, waiting)
    finally:
        sink.close()


def _run(
    study: StudySpec,
    store: RunStore,
    describe: Describe,
    options: RunOptions,
    sink: ProgressSink,
    stop: StopRequest,
    claims: Mapping[str, str],
    waiting: WaitingWorkers | None,
) -> Outcome:
    check_study(study)
    plan = make_plan(study, describe)
    todo = find_todo(plan, store, options)
    device = check_machine(todo.runs, options) if todo.runs else "cpu"
    available_bytes = None if waiting is None else waiting.available_bytes
    if todo.runs:
        check_memory(plan, todo.runs, options, device=device, available_bytes=available_bytes)
    store.add_study(study, todo.planned, claims=claims)
    store.reopen(todo.failed)
    _clear_leftovers(store)
    workers = (
        count_workers(plan, todo.runs, options, device=device, available_bytes=available_bytes)
        if todo.runs
        else 0
    )
    sink.emit(
        SweepStarted(
            study=study.name,
            num_runs=len(todo.run_ids),
            num_done=len(todo.run_ids) - len(todo.runs),
            workers=workers,
            logs=str(store.logs),
        )
    )
    if todo.lacking:
        sink.emit(Note(_lacking_text(todo)))
    is_chosen = options.workers is not None or options.threads > 1
    if todo.runs and device == "cpu" and is_chosen:
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
        executor = make_executor(setup, options, workers, waiting)
        # The signals are heard only now: what went before ends at once, and has leased nothing.
        with stop, suppress(KeyboardInterrupt):
            driver.drive(executor, should_stop=stop)
    outcome = _outcome(store, todo, stop, has_refused=bool(driver.refused))
    sink.emit(SweepEnded(**asdict(outcome)))
    return outcome


def make_executor(
    setup: Setup, options: RunOptions, workers: int, waiting: WaitingWorkers | None = None
) -> Executor:
    """The executor that the options name; it takes over who is ``waiting``."""
    if options.executor == "inline":
        return InlineExecutor(setup)
    taken = () if waiting is None else waiting.take(workers)
    return ProcessExecutor(setup, workers=workers, waiting=taken)


def _make_driver(
    plan: Plan, todo: Todo, store: RunStore, options: RunOptions, sink: ProgressSink
) -> Driver:
    durations = Durations(plan, todo.runs)
    return Driver(
        store,
        {run.run_id: run for run in todo.runs},
        pending=PendingRuns(todo.runs, durations, begun=_begun(store)),
        again=todo.again,
        observe=plan.study.observe,
        max_attempts=options.max_attempts,
        label=make_label(plan.study),
        time_left=TimeLeft({run.run_id: durations.seconds(run.run_id) for run in todo.runs}),
        sink=sink,
    )


def _begun(store: RunStore) -> frozenset[str]:
    """Ids of the runs that have a checkpoint."""
    return frozenset(path.name.partition(".")[0] for path in store.checkpoints.iterdir())


def _clear_leftovers(store: RunStore) -> None:
    """Delete what a driver left that was killed between recording a run and cleaning up."""
    paths = (*store.checkpoints.iterdir(), *store.weights.iterdir())
    names = (path.name.split(".") for path in paths)
    # Weights in their place are named after their run alone.
    left = {run_id for run_id, *rest in names if len(rest) > 1}
    for run_id, state in store.states(left).items():
        if state.owner is None and state.status not in ("pending", "running"):
            remove_leftovers(store, run_id)


def _lacking_text(todo: Todo) -> str:
    shown = ", ".join(todo.lacking[:3]) + (" ..." if len(todo.lacking) > 3 else "")
    return (
        f"{len(todo.lacking)} finished runs lack an observation that the study asks for ({shown}); "
        "--observe-again repeats them"
    )


def _outcome(store: RunStore, todo: Todo, stop: StopRequest, *, has_refused: bool) -> Outcome:
    states = store.states(todo.run_ids).values()
    finished, diverged, failed = (
        sum(state.status == status for state in states)
        for status in ("finished", "diverged", "failed")
    )
    left = len(todo.run_ids) - finished - diverged - failed
    exit_code = 1 if failed or left or has_refused else 0
    if left and stop.exit_code is not None:
        exit_code = stop.exit_code
    return Outcome(
        finished=finished, diverged=diverged, failed=failed, left=left, exit_code=exit_code
    )
