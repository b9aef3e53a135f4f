"""The trainings of a race as a driver takes them, and their results as the race is told them."""

from collections import deque
from dataclasses import replace
from typing import Literal

from ..spec import Describe, PlannedRun, StudySpec, TaskSpec
from ..store import RunStore
from ..store.records import RunRecord
from ..sweep.drive import TimeLeft
from ..sweep.plan import make_label
from ..sweep.watch import Event, ProgressSink, RunEnded, RunEndedElsewhere, RunPutBack
from ..usercode import exception_line
from .case import Case
from .race import Race, Trial

VALIDATION = "validation accuracy"
_LATER = ""
"""In the time left: what has not been asked for yet, at most."""


_LEAST_PERCENT = 1.0
"""At most so much is what a guess among a hundred classes has."""


class Trials:
    """A race's trainings: a :class:`~actwise.sweep.plan.RunQueue` and a ProgressSink in one.

    Every training is filed in the store as a run of the race's study when it is asked for, and
    one that has a result there is not trained again.

    Attributes:
        runs: Every run that was asked for, by run id.
        problem: Why the race cannot go on: a run failed, or met too many accidents.
        failed_run: Its id, if it failed.
        time_left: Of the whole budget.
    """

    def __init__(
        self,
        race: Race,
        case: Case,
        store: RunStore,
        *,
        study: StudySpec,
        describe: Describe,
        sink: ProgressSink,
        retry_failed: bool,
    ) -> None:
        """``study``: under which the runs are filed; ``sink``: hears what the driver says."""
        self.runs: dict[str, PlannedRun] = {}
        self.problem: str | None = None
        self.failed_run: str | None = None
        self.time_left = TimeLeft({_LATER: race.budget})
        self.label = make_label(case.study)
        self._race = race
        self._case = case
        self._store = store
        self._study = study
        self._describe = describe
        self._sink = sink
        self._retry_failed = retry_failed
        self._trials: dict[str, Trial] = {}
        self._pending: deque[str] = deque()
        self._fraction: tuple[str, RunRecord] | None = None

    def __bool__(self) -> bool:
        """Whether there is something to train, or may be later."""
        return self.problem is None and (bool(self._pending) or not self._race.is_over)

    def next(self, most: int) -> list[str]:
        """The next run without a result; none while results must come first."""
        if not self._pending:
            self._ask()
        return [self._pending[0]] if self._pending else []

    def take(self, run_id: str) -> None:
        """It is pending no more."""
        self._pending.remove(run_id)

    def put_back(self, run_id: str, *, after_accident: bool = False) -> None:
        """A run is pending again, before all others: the race waits for it."""
        self._pending.appendleft(run_id)

    def observe(self, run_id: str, *, images_per_second: float) -> None:
        """Nothing: the race decides the order."""

    def take_up(self) -> int:
        """Tell the race what the store holds already; how many results that were."""
        self.next(1)
        return sum(run not in self._trials for run in self.runs)

    def emit(self, event: Event) -> None:
        """Tell the race a result, and pass on what is no word about the test split."""
        if isinstance(event, RunEnded):
            event = self._without_test(event)
        self._sink.emit(event)
        if isinstance(event, RunEnded | RunEndedElsewhere):
            self._end(event.run_id, event.status)
        elif isinstance(event, RunPutBack) and event.is_given_up:
            self.problem = f"{event.label} ended again and again: {event.reason}"

    def close(self) -> None:
        """See :class:`~actwise.sweep.watch.ProgressSink`."""
        self._sink.close()

    def _ask(self) -> None:
        """Ask the race until there is something to train, or nothing more for now."""
        while self.problem is None and (trial := self._race.ask()) is not None:
            run = self._case.run_of(trial, self._describe)
            self.runs[run.run_id], self._trials[run.run_id] = run, trial
            self._store.add_study(self._study, [run])
            self.time_left.expect(_LATER, max(0.0, self._race.budget - self._race.spent))
            self.time_left.expect(run.run_id, trial.epochs / self._case.epochs)
            status = self._store.states([run.run_id])[run.run_id].status
            if status == "failed" and self._retry_failed:
                self._store.reopen([run.run_id])
            elif status in ("finished", "diverged", "failed"):
                self.time_left.expect(run.run_id, 0.0)
                self._end(run.run_id, status)
                continue
            self._pending.append(run.run_id)
            return

    def _end(self, run_id: str, status: str) -> None:
        record = self._store.result(run_id)
        assert record is not None, "it has just been recorded"
        if status == "failed":
            self.failed_run = run_id
            reason = exception_line(record.traceback or "")
            self.problem = f"{self.label(self.runs[run_id])} failed: {reason}"
            return
        percent = None if record.status == "diverged" else self._percent(record)
        if percent is not None and not 0.0 <= percent <= 100.0:
            self.problem = self._no_percentage(run_id, record)
            return
        # What has learned nothing at all tells no difference.
        has_learned = percent is not None and percent > _LEAST_PERCENT
        if percent is not None and 0.0 < percent < 1.0:
            self._fraction = self._fraction or (run_id, record)
        value: float | Literal["diverged"] = percent if percent and has_learned else "diverged"
        self._race.tell(self._trials.pop(run_id), value)
        if self._race.why_stopped == "diverged" and self._study.task and self._fraction:
            self.problem = self._no_percentage(*self._fraction)

    def _percent(self, record: RunRecord) -> float:
        """Higher is better."""
        task = self._study.task
        if task is None:
            assert record.validation_accuracy is not None, "every run holds a fold out"
            return record.validation_accuracy
        value = _response(record, task)
        return value if task.higher_is_better else 100.0 - value

    def _no_percentage(self, run_id: str, record: RunRecord) -> str:
        """Why a race can say nothing of such a response."""
        task = self._study.task
        assert task is not None, "our accuracies are percentages"
        value = _response(record, task)
        said = f"{self.label(self.runs[run_id])} gave back {task.response}={value:g}"
        if 0.0 <= value <= 1.0:
            return (
                f"{said}, and no training more than 1, as fractions are: task.response is read in "
                f'percent (unit = "percent"), so give 100 * {task.response} back'
            )
        return (
            f'{said}, which is no percentage: with unit = "percent" task.response must be a number '
            "from 0 to 100; give it back in percent, or name another response"
        )

    def _without_test(self, event: RunEnded) -> RunEnded:
        if self._case.is_task:
            return event
        record = self._store.result(event.run_id)
        known = {} if record is None else {VALIDATION: record.validation_accuracy}
        return replace(event, test_accuracy=None, metrics=known)


def _response(record: RunRecord, task: TaskSpec) -> float:
    value = record.metrics[task.response][-1]
    assert value is not None, "no run ends without a finite response"
    return value
