"""What a driver does with a result that its store does not take, and with beats that it misses."""

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import StoreError
from actwise.store import Lease, Owner, RunStore, StoreUnavailableError
from actwise.store.records import RunRecord
from actwise.sweep import make_plan
from actwise.sweep.drive import Driver, ProgressNotes, TimeLeft
from actwise.sweep.drive.heartbeat import heartbeat
from actwise.sweep.executors import WorkSource
from actwise.sweep.plan import Durations, PendingRuns
from actwise.sweep.watch import Event, Note, RunEnded, RunEndedElsewhere, RunPutBack, RunStarted
from actwise.sweep.worker import Advanced, Done, Result
from made.plans import describe, study
from made.runs import ME, leased, made_record
from made.sweeps import Listener

ELSEWHERE = replace(ME, host="another host")
MOST = 4
"""Attempts beyond which a driver would go on for ever."""


class MakingExecutor:
    """Comes to a made result of every run."""

    def map(
        self,
        work: WorkSource,
        *,
        should_stop: Callable[[], bool],
        on_progress: Callable[[Advanced], None],
    ) -> Generator[Result, None, None]:
        number = 0
        for assignments in work:
            for assignment in assignments or ():
                number += 1
                assert number < MOST
                yield Done(record=made_record(assignment.run_id))


class Ground:
    """A store with a study of one run, and its driver."""

    def __init__(self, store: RunStore) -> None:
        factors = {
            "dataset": ["m"],
            "model": ["s"],
            "regularization": ["bn"],
            "activation": ["elu"],
        }
        self.store, self.study = store, study(factors=factors, seeds=[0])
        self.plan = make_plan(self.study, describe)
        (run,) = self.plan.runs
        self.run_id, self.label = run.run_id, "s elu seed 0"
        store.add_study(self.study, self.plan.runs)

    def drive(self, on_event: Callable[[Event], None] = lambda event: None) -> list[Any]:
        listener = Listener(on_event)
        driver = Driver(
            self.store,
            {run.run_id: run for run in self.plan.runs},
            pending=PendingRuns(self.plan.runs, Durations(self.plan, self.plan.runs)),
            again=frozenset(),
            study=self.study,
            max_attempts=2,
            time_left=TimeLeft({self.run_id: 1.0}),
            sink=listener,
        )
        driver.drive(MakingExecutor(), should_stop=lambda: False)
        assert driver.refused == set()
        return listener.events

    def started(self, attempt: int) -> RunStarted:
        return RunStarted(run_id=self.run_id, label=self.label, attempt=attempt)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with RunStore.open(tmp_path / "store", create=True) as store:
        yield Ground(store)


def before_the_first(
    do: Callable[[Lease], None], store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Do something just before the first result is recorded."""
    record, todo = store.record, [do]

    def recorded(lease: Lease, result: RunRecord) -> None:
        if todo:
            todo.pop()(lease)
        record(lease, result)

    monkeypatch.setattr(store, "record", recorded)


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_run_that_another_driver_has_taken_over_is_its_own(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, *, is_finished: bool
) -> None:
    def take_over(lease: Lease) -> None:
        ground.store.release(lease)
        theirs = leased(ground.store, ground.run_id, ELSEWHERE)
        if is_finished:
            ground.store.record(theirs, made_record(ground.run_id, test_accuracy=12.5))
        else:
            ground.store.release(theirs)

    before_the_first(take_over, ground.store, monkeypatch)
    started, note, *others = ground.drive()
    assert started == ground.started(1)
    assert isinstance(note, Note)
    assert ground.run_id in note.text and "was lost" in note.text
    result = ground.store.result(ground.run_id)
    assert result is not None
    if is_finished:
        elsewhere = RunEndedElsewhere(run_id=ground.run_id, label=ground.label, status="finished")
        assert others == [elsewhere]
        assert result.test_accuracy == 12.5
    else:
        again, ended = others
        assert again == ground.started(2)
        assert isinstance(ended, RunEnded)
        assert result == made_record(ground.run_id)


def test_a_result_that_the_store_cannot_take_just_now_was_an_accident(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(lease: Lease) -> None:
        raise StoreUnavailableError("the disk is full")

    accidents: list[str | None] = []

    def look(event: Event) -> None:
        if isinstance(event, RunPutBack):
            accidents.append(ground.store.states()[ground.run_id].accident)

    before_the_first(refuse, ground.store, monkeypatch)
    *first, ended = ground.drive(look)
    assert first == [
        ground.started(1),
        RunPutBack(
            run_id=ground.run_id,
            label=ground.label,
            reason="the disk is full",
            is_given_up=False,
            attempts=1,
        ),
        ground.started(2),
    ]
    assert isinstance(ended, RunEnded)
    assert accidents == ["the disk is full"]
    assert ground.store.states()[ground.run_id].accident is None


class FailingStore:
    """Which cannot be written at the first beat."""

    def __init__(self) -> None:
        self.beats: list[Owner] = []
        self.goes_on = threading.Event()

    def heartbeat(self, owner: Owner, points: object) -> None:
        self.beats.append(owner)
        if len(self.beats) == 1:
            raise StoreError("locked")
        self.goes_on.set()


def test_a_beat_that_is_missed_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actwise.sweep.drive.heartbeat._TURN_SECONDS", 0.001)
    monkeypatch.setattr("actwise.sweep.drive.heartbeat._BEAT_SECONDS", 0.001)
    store: Any = FailingStore()
    with heartbeat(store, ME, ProgressNotes()):
        assert store.goes_on.wait(timeout=60)
    assert set(store.beats) == {ME}
