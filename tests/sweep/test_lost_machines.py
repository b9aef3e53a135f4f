"""What a driver does with runs whose machine is lost, whichever executor says so."""

from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path

from actwise.models import make_describe
from actwise.store import RunStore
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.drive import Driver, TimeLeft
from actwise.sweep.executors import Executor, Nursery, WorkSource, make_executor
from actwise.sweep.plan import Durations, PendingRuns
from actwise.sweep.watch import RunPutBack
from actwise.sweep.worker import Advanced, PutBack, Result, make_setup
from made.sweeps import Listener, small_study

LOSSES = 4
"""More than the attempts that a run has."""


class LosingExecutor:
    """Loses every run so often before another executor trains it."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._losses: Counter[str] = Counter()

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        for assignments in work:
            for assignment in assignments or ():
                self._losses[assignment.run_id] += 1
                if self._losses[assignment.run_id] <= LOSSES:
                    yield PutBack(
                        run_id=assignment.run_id,
                        reason="node n was lost",
                        is_accident=True,
                        was_tried=False,
                    )
                else:
                    yield from self._executor.map(
                        iter([(assignment,)]), should_stop=should_stop, on_progress=on_progress
                    )


def test_a_lost_machine_is_no_attempt_however_often(tmp_path: Path) -> None:
    study = small_study(seeds=(0,), epochs=1)
    plan = make_plan(study, make_describe(None))
    options, listener = RunOptions(executor="inline", max_attempts=2), Listener()
    with RunStore.open(tmp_path / "store", create=True) as store, Nursery() as nursery:
        store.add_study(study, plan.runs)
        setup = make_setup(store, options, workers=1)
        driver = Driver(
            store,
            {run.run_id: run for run in plan.runs},
            pending=PendingRuns(plan.runs, Durations(plan, plan.runs)),
            again=frozenset(),
            study=study,
            max_attempts=options.max_attempts,
            time_left=TimeLeft({run.run_id: 1.0 for run in plan.runs}),
            sink=listener,
        )
        executor = LosingExecutor(make_executor(setup, options, nursery, workers=1))
        driver.drive(executor, should_stop=lambda: False)
        states = [(state.status, state.attempts) for state in store.states().values()]
    assert states == [("finished", 1)] * 2
    put_back = listener.of(RunPutBack)
    assert len(put_back) == 2 * LOSSES
    assert {(event.is_given_up, event.attempts) for event in put_back} == {(False, 0)}
