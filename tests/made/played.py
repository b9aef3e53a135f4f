"""A sweep in which nothing is trained: what comes of every attempt is what a test thought up."""

from collections.abc import Callable, Generator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from sqlalchemy import select

from actwise.spec import StudySpec
from actwise.store import Lease, Owner, RunStore
from actwise.store.database.schema import leases
from actwise.sweep import Outcome
from actwise.sweep.drive import TimeLeft
from actwise.sweep.executors import WorkSource
from actwise.sweep.plan import make_plan
from actwise.sweep.run import run
from actwise.sweep.watch import Event, RunEnded, RunStarted
from actwise.sweep.worker import Advanced, Assignment, Done, PutBack, Result
from made.plans import describe
from made.runs import failed_record, leased, made_record
from made.sweeps import Listener, small_study

Step = Callable[[Assignment], Advanced | Result]
AWAY, ELSEWHERE = Owner("away", "", 7, ""), Owner("elsewhere", "", 8, "")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """As ``time`` has it."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """The same."""
        self.now += seconds


class PlayedExecutor:
    """Takes what it has room for, and ends the oldest of it as was planned.

    Attributes:
        plays: By label, for each attempt what it says, of which the last is a result.
        otherwise: What comes of all other attempts.
        meanwhile: What happens when there is nothing to do, one after the other.
        idle_seconds: Time that passes in a turn in which there is nothing to do.
        taken: All that it was given.
    """

    def __init__(self, clock: Clock) -> None:
        self.plays: dict[str, list[list[Step]]] = {}
        self.otherwise: Step = finishes
        self.meanwhile: list[Callable[[], object]] = []
        self.num_slots, self.idle_seconds = 1, 0.5
        self.taken: list[Assignment] = []
        self._clock, self._num_waits = clock, 0

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        """See :meth:`actwise.sweep.executors.Executor.map`."""
        held: list[Assignment] = []
        is_over = False
        while not should_stop():
            assignments = None
            while len(held) < self.num_slots and (assignments := next(work, ())):
                held += assignments
                self.taken += assignments
            is_over |= assignments == ()
            if should_stop():
                break
            if held:
                yield self._play(held.pop(0), on_progress)
            elif is_over:
                return
            else:
                self._wait()
        for assignment in held:
            yield PutBack(run_id=assignment.run_id, reason="stopped", is_accident=False)

    def _wait(self) -> None:
        self._num_waits += 1
        self._clock.now += self.idle_seconds
        # What happened is heard of in a turn, and acted upon in the next.
        if self._num_waits % 2 == 0:
            assert self.meanwhile, "it waits for nothing"
            self.meanwhile.pop(0)()

    def _play(self, assignment: Assignment, on_progress: Callable[[Advanced], None]) -> Result:
        attempts = self.plays.get(name_of(assignment), [])
        for step in attempts.pop(0) if attempts else [self.otherwise]:
            said = step(assignment)
            if not isinstance(said, Advanced):
                return said
            on_progress(said)
        raise AssertionError("the last step is a result")


class Stage:
    """A store, a played executor and time; as a context manager it closes the store.

    Attributes:
        listener: Who watches the sweep.
        ids: Run ids of the study by label.
    """

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, study: StudySpec | None = None
    ) -> None:
        self.clock = Clock()
        self.executor = PlayedExecutor(self.clock)
        self.listener = Listener()
        self.study = study or small_study()
        self.store = RunStore.open(folder, create=True)
        self.ids: dict[str, str] = {}
        self._monkeypatch = monkeypatch
        for place in ("driver", "presence"):
            monkeypatch.setattr(f"actwise.sweep.drive.{place}.time", self.clock)
        time_left = partial(TimeLeft, clock=self.clock.monotonic)
        monkeypatch.setattr("actwise.sweep.run.TimeLeft", time_left)
        monkeypatch.setattr("actwise.sweep.run.Describer", lambda *_, **__: nullcontext(describe))
        monkeypatch.setattr("actwise.sweep.run.check_machine", lambda *_: "cpu")
        monkeypatch.setattr("actwise.sweep.run.make_executor", lambda *_, **__: self.executor)
        self.add(self.study)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.store.close()

    def add(self, study: StudySpec) -> None:
        """Plan a study that is then swept; nothing is trained."""
        plan = make_plan(study, describe)
        self.study = study
        self.store.add_study(study, plan.runs)
        self.ids |= {f"{run.spec.activation} seed {run.spec.seed}": run.run_id for run in plan.runs}

    def sweep(self, **options: Any) -> Outcome:
        """What comes of it, with ``listener`` listening."""
        chosen: dict[str, Any] = {"executor": "inline", "progress": self.listener, **options}
        return run(self.study, self.store, **chosen)

    def holds(self, owner: Owner, *labels: str, again: bool = False) -> list[Lease]:
        """Let another hold these runs."""
        return [leased(self.store, self.ids[label], owner, again=again) for label in labels]

    def fails(self, name: str, *errors: Exception | None) -> None:
        """Let the store raise these, in the next calls of one of its methods."""
        real, left = getattr(self.store, name), iter(errors)

        def call(*args: Any, **keywords: Any) -> Any:
            error = next(left, None)
            if error is not None:
                raise error
            return real(*args, **keywords)

        self._monkeypatch.setattr(self.store, name, call)

    def of(self, label: str) -> dict[str, str]:
        """Of which run an event speaks."""
        return {"run_id": self.ids[label], "label": label}

    def ended(self, label: str, status: str = "finished") -> RunEnded:
        """What is said of a run that :func:`finishes`, :func:`diverges` or :func:`fails`."""
        record = made_record(self.ids[label])
        values: dict[str, Any] = {
            "finished": {"test_accuracy": record.test_accuracy, "train_seconds": 12.5},
            "diverged": {"test_accuracy": None, "train_seconds": 12.5},
            "failed": {"test_accuracy": None, "train_seconds": 0.0, "reason": "ValueError: no"},
        }[status]
        return RunEnded(**self.of(label), status=status, **values)

    def trained(self, label: str, attempt: int = 1) -> list[Event]:
        """What is said of a run that is begun and comes out well."""
        return [RunStarted(**self.of(label), attempt=attempt), self.ended(label)]

    @property
    def events(self) -> list[Event]:
        """All but how the sweep began and ended, which have tests of their own."""
        return self.listener.events[1:-1]

    @property
    def leases(self) -> list[str]:
        """Labels of the runs that somebody holds."""
        labels = {run_id: label for label, run_id in self.ids.items()}
        held = self.store.database.read(lambda c: c.execute(select(leases.c.run_id)).scalars())
        return sorted(labels[run_id] for run_id in held)

    @property
    def states(self) -> dict[str, tuple[str, int, str | None]]:
        """Status, attempts and accident of every run, by label."""
        found = self.store.states()
        states = {label: found[run_id] for label, run_id in self.ids.items() if run_id in found}
        return {label: (s.status, s.attempts, s.accident) for label, s in states.items()}


def name_of(assignment: Assignment) -> str:
    """The label of its run."""
    return f"{assignment.spec.activation} seed {assignment.spec.seed}"


def finishes(assignment: Assignment) -> Done:
    """A training that comes out well."""
    return Done(record=made_record(assignment.run_id))


def diverges(assignment: Assignment) -> Done:
    """One whose loss is infinite at some point."""
    record = made_record(
        assignment.run_id,
        status="diverged",
        test_accuracy=None,
        predictions=None,
        predictions_sha256=None,
    )
    return Done(record=record)


def fails(assignment: Assignment) -> Done:
    """One that raises."""
    return Done(record=failed_record(assignment.run_id))


def meets(reason: str, *, was_tried: bool = True) -> Step:
    """An accident."""
    return lambda a: PutBack(run_id=a.run_id, reason=reason, is_accident=True, was_tried=was_tried)


def stopped(assignment: Assignment) -> PutBack:
    """A stop that it heard of."""
    reason = "stopped with a checkpoint"
    return PutBack(run_id=assignment.run_id, reason=reason, is_accident=False)


def advances(epoch: int, batch: int, **values: Any) -> Step:
    """Some way, of two epochs of four batches."""
    known = {"epochs": 2, "batches": 4, "loss": 0.5, "images_per_second": 100.0}
    return lambda a: Advanced(run_id=a.run_id, epoch=epoch, batch=batch, **known | values)
