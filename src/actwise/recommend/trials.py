"""The trainings of a race as a driver takes them, and their results as the race is told them."""

from collections import deque
from dataclasses import dataclass, field, replace

from ..spec import Describe, PlannedRun, StudySpec
from ..store import RunStore
from ..store.records import RunRecord
from ..sweep.drive import TimeLeft
from ..sweep.plan import make_label
from ..sweep.watch import Event, ProgressSink, RunEnded, RunEndedElsewhere, RunPutBack
from ..usercode import exception_line
from .case import Case
from .race import LEAST_PERCENT, Race, Trial

VALIDATION = "validation accuracy"
_LATER = ""
"""In the time left: what has not been asked for yet, at most."""


@dataclass
class Trials:
    """A race's trainings: a :class:`~actwise.sweep.plan.RunQueue` and a ProgressSink in one.

    Every training is filed in the store as a run of the race's study when it is asked for, and
    one that has a result there is not trained again.

    Attributes:
        study: Under which the runs are filed.
        sink: Hears what the driver says.
        runs: Every run that was asked for, by run id.
        problem: Why the race cannot go on: a run failed, or met too many accidents.
        time_left: Of the whole budget.
    """

    race: Race
    case: Case
    store: RunStore
    study: StudySpec
    describe: Describe
    sink: ProgressSink
    retry_failed: bool
    runs: dict[str, PlannedRun] = field(default_factory=dict)
    problem: str | None = None
    time_left: TimeLeft = field(default_factory=lambda: TimeLeft({}))
    _trials: dict[str, Trial] = field(default_factory=dict)
    _pending: deque[str] = field(default_factory=deque)
    _lowest: float = 100.0

    def __bool__(self) -> bool:
        """Whether there is something to train, or may be later."""
        return self.problem is None and (bool(self._pending) or not self.race.is_over)

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
        self.sink.emit(event)
        if isinstance(event, RunEnded | RunEndedElsewhere):
            self._end(event.run_id, event.status)
        elif isinstance(event, RunPutBack) and event.is_given_up:
            self.problem = f"{event.label} ended again and again: {event.reason}"

    def _label(self, run_id: str) -> str:
        return make_label(self.study)(self.runs[run_id])

    def close(self) -> None:
        """See :class:`~actwise.sweep.watch.ProgressSink`."""
        self.sink.close()

    def _ask(self) -> None:
        """Ask the race until there is something to train, or nothing more for now."""
        while self.problem is None and (trial := self.race.ask()) is not None:
            run = self.case.run_of(trial, self.describe)
            self.runs[run.run_id], self._trials[run.run_id] = run, trial
            self.store.add_study(self.study, [run])
            self.time_left.expect(_LATER, max(0.0, self.race.budget - self.race.spent))
            self.time_left.expect(run.run_id, trial.epochs / self.case.epochs)
            status = self.store.states([run.run_id])[run.run_id].status
            if status == "failed" and self.retry_failed:
                self.store.reopen([run.run_id])
            elif status in ("finished", "diverged", "failed"):
                self.time_left.expect(run.run_id, 0.0)
                self._end(run.run_id, status)
                continue
            self._pending.append(run.run_id)
            return

    def _end(self, run_id: str, status: str) -> None:
        record = self.store.result(run_id)
        assert record is not None, "it has just been recorded"
        if status == "failed":
            self.problem = (
                f"{self._label(run_id)} failed: {exception_line(record.traceback or '')}; "
                f"`actwise show run {run_id} {self.store.location.as_options}` has its traceback, "
                "and --retry-failed tries it again"
            )
            return
        if record.status == "diverged":
            self.race.tell(self._trials.pop(run_id), "diverged")
            return
        percent = self._percent(record)
        if percent is None:
            task = self.study.task
            assert task is not None, "each run of ours holds a fold out"
            self.problem = (
                f"{self._label(run_id)} has no number {task.response!r}: it was trained for "
                f"another study, and gave back {', '.join(record.metrics)}; name one of these as "
                "task.response, or race in another store"
            )
            return
        num_told = len(self.runs) - len(self._trials) + 1
        self._lowest = min(self._lowest, percent)
        are_all_short_told = num_told == len(self.case.candidates)
        if complaint := self._complaint(percent, are_all_short_told=are_all_short_told):
            self.problem = f"{self._label(run_id)} gave back {complaint}"
            return
        # Below it is what learned nothing; Race takes it for a fraction.
        self.race.tell(self._trials.pop(run_id), percent if percent >= LEAST_PERCENT else 0.0)

    def _percent(self, record: RunRecord) -> float | None:
        """Higher is better; None where a study with another response trained it."""
        task = self.study.task
        if task is None:
            return record.validation_accuracy
        value = record.metrics.get(task.response, (None,))[-1]
        return value if value is None or task.higher_is_better else 100.0 - value

    def _complaint(self, percent: float, *, are_all_short_told: bool) -> str | None:
        """Why a race can say nothing of what a training of the user's own gave back."""
        task = self.study.task
        if task is None:
            return None
        name = task.response
        said = f"{name}={percent if task.higher_is_better else 100.0 - percent:g}"
        if not 0.0 <= percent <= 100.0:
            return (
                f'{said}, which is no percentage: with unit = "percent" task.response must be a '
                "number from 0 to 100; give it back in percent, or name another response"
            )
        if task.higher_is_better and 0.0 < percent < LEAST_PERCENT:
            return (
                f'{said}, and task.response is read in percent (unit = "percent"): give '
                f"100 * {name} back if that is a fraction, 0 if the training learned nothing"
            )
        if not task.higher_is_better and are_all_short_told and self._lowest >= 99.0:
            return (
                f"{said}, and no training more than 1, as fractions are: task.response is read in "
                f'percent (unit = "percent"), so give 100 * {name} back, or the accuracy if these '
                "are percentages"
            )
        return None

    def _without_test(self, event: RunEnded) -> RunEnded:
        if self.case.is_task:
            return event
        record = self.store.result(event.run_id)
        known = {} if record is None else {VALIDATION: record.validation_accuracy}
        return replace(event, test_accuracy=None, metrics=known)
