"""What a driver does when a result cannot be written, is refused, or is lost with its lease."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from actwise.errors import StoreError
from actwise.store import StoreUnavailableError, remove
from actwise.store.database.schema import leases
from actwise.sweep import Outcome
from actwise.sweep.watch import (
    Note,
    RunEndedElsewhere,
    RunPutBack,
    RunStarted,
    SweepEnded,
    Waiting,
)
from actwise.sweep.worker import Assignment, Done
from made.played import AWAY, Stage, finishes, name_of
from made.runs import made_record
from made.sweeps import small_study

FIRST, SECOND = "relu seed 0", "elu seed 0"
FULL = StoreUnavailableError("the disk is full")
DONE = ("finished", 1, None)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """Two runs."""
    with Stage(monkeypatch, tmp_path / "store", small_study(seeds=(0,))) as stage:
        yield stage


def taken(stage: Stage) -> list[tuple[str, int]]:
    """Which run under which token."""
    return [(name_of(assignment), assignment.token) for assignment in stage.executor.taken]


def test_a_result_that_cannot_be_written_is_trained_again_after_all_others(stage: Stage) -> None:
    stage.fails("record", FULL)
    assert stage.sweep() == Outcome(finished=2, diverged=0, failed=0, left=0, exit_code=0)
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        RunPutBack(**stage.of(FIRST), reason="the disk is full", is_given_up=False, attempts=1),
        *stage.trained(SECOND),
        *stage.trained(FIRST, attempt=2),
    ]
    assert stage.states == {FIRST: ("finished", 2, None), SECOND: DONE}
    assert taken(stage) == [(FIRST, 1), (SECOND, 2), (FIRST, 3)]


def test_a_lease_that_cannot_be_given_back_is_used_again(stage: Stage) -> None:
    stage.fails("record", FULL)
    stage.fails("release", FULL)
    stage.sweep()
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        RunPutBack(**stage.of(FIRST), reason="the disk is full", is_given_up=False, attempts=1),
        *stage.trained(SECOND),
        *stage.trained(FIRST, attempt=2),
    ]
    assert taken(stage) == [(FIRST, 1), (SECOND, 2), (FIRST, 1)]
    assert stage.states == {FIRST: DONE, SECOND: DONE}


def test_nothing_is_given_back_of_a_run_that_has_its_result(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    released: list[object] = []
    monkeypatch.setattr(stage.store, "release", lambda *given, **_: released.append(given))
    stage.sweep()
    assert released == []


def test_a_run_that_is_given_up_keeps_why_no_result_could_be_written(stage: Stage) -> None:
    stage.fails("record", FULL)
    outcome = stage.sweep(max_attempts=1)
    assert outcome == Outcome(finished=1, diverged=0, failed=0, left=1, exit_code=1, put_back=1)
    put_back = RunPutBack(**stage.of(FIRST), reason="the disk is full", is_given_up=True)
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        put_back,
        *stage.trained(SECOND),
    ]
    assert stage.states == {FIRST: ("pending", 1, "the disk is full"), SECOND: DONE}


def test_a_lease_that_was_kept_to_the_end_is_given_back_then(stage: Stage) -> None:
    stage.fails("record", FULL)
    stage.fails("release", FULL)
    assert stage.sweep(max_attempts=1).left == 1
    assert stage.states == {FIRST: ("pending", 1, None), SECOND: DONE}
    assert stage.leases == []


def test_a_lease_that_cannot_be_given_back_at_the_end_is_an_error(stage: Stage) -> None:
    stage.fails("record", FULL)
    stage.fails("release", FULL, StoreUnavailableError("still full"))
    with pytest.raises(StoreUnavailableError) as refusal:
        stage.sweep(max_attempts=1)
    assert str(refusal.value) == "still full"
    assert stage.leases == [FIRST]
    assert not stage.listener.of(SweepEnded)


def drop_lease(stage: Stage, label: str) -> None:
    """As if its owner were dead and it had been taken from it."""
    with stage.store.database.writing() as connection:
        connection.execute(delete(leases).where(leases.c.run_id == stage.ids[label]))


def lost(stage: Stage, label: str) -> Note:
    """What is said of the first lease on a run."""
    return Note(
        f"the lease 1 on run {stage.ids[label]} was lost to another process or with the run; its "
        "result is not recorded"
    )


@pytest.mark.parametrize("is_let_go", [False, True])
def test_a_result_under_a_lost_lease_is_not_recorded_and_who_has_the_run_is_waited_for(
    is_let_go: bool, stage: Stage
) -> None:
    held = []

    def loses(assignment: Assignment) -> Done:
        drop_lease(stage, FIRST)
        held.extend(stage.holds(AWAY, FIRST))
        return finishes(assignment)

    def end() -> None:
        record = made_record(stage.ids[FIRST], status="diverged")
        stage.store.release(held[0]) if is_let_go else stage.store.record(held[0], record)

    stage.executor.plays = {FIRST: [[loses]]}
    stage.executor.meanwhile = [end]
    stage.sweep()
    elsewhere = RunEndedElsewhere(**stage.of(FIRST), status="diverged")
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        lost(stage, FIRST),
        *stage.trained(SECOND),
        Waiting(num_runs=1, holders=("process 7 on away",)),
        *(stage.trained(FIRST, attempt=2) if is_let_go else [elsewhere]),
    ]
    first = ("finished", 3, None) if is_let_go else ("diverged", 2, None)
    assert stage.states == {FIRST: first, SECOND: DONE}
    assert taken(stage) == [(FIRST, 1), (SECOND, 3), (FIRST, 4)][: 2 + is_let_go]


def test_a_run_that_was_removed_while_it_trained_is_waited_for_by_nobody(stage: Stage) -> None:
    def is_removed(assignment: Assignment) -> Done:
        drop_lease(stage, FIRST)
        remove(stage.store, "small", [assignment.run_id])
        return finishes(assignment)

    stage.executor.plays = {FIRST: [[is_removed]]}
    assert stage.sweep() == Outcome(finished=1, diverged=0, failed=0, left=0, exit_code=0)
    begun = RunStarted(**stage.of(FIRST), attempt=1)
    assert stage.events == [begun, lost(stage, FIRST), *stage.trained(SECOND)]
    assert stage.states == {SECOND: DONE}


def test_a_run_that_was_removed_before_its_turn_ends_the_sweep(stage: Stage) -> None:
    def removes(assignment: Assignment) -> Done:
        remove(stage.store, "small", [stage.ids[SECOND]])
        return finishes(assignment)

    stage.executor.plays = {FIRST: [[removes]]}
    with pytest.raises(StoreError) as refusal:
        stage.sweep()
    assert str(refusal.value) == f"run {stage.ids[SECOND]} is in no study of this store"
    assert stage.listener.events[1:] == stage.trained(FIRST)


@pytest.mark.parametrize(("name", "num_before"), [("lease_next", 1), ("states", 2)])
def test_a_store_that_fails_ends_the_sweep_and_what_is_in_flight_is_put_back(
    name: str, num_before: int, stage: Stage
) -> None:
    stage.executor.num_slots = 2
    stage.holds(AWAY, SECOND)
    stage.fails(name, *[None] * num_before, StoreError("it is damaged"))
    with pytest.raises(StoreError) as refusal:
        stage.sweep(max_attempts=1)
    assert str(refusal.value) == "it is damaged"
    assert stage.listener.events[1:] == [
        RunStarted(**stage.of(FIRST), attempt=1),
        RunPutBack(**stage.of(FIRST), reason="stopped", is_given_up=False),
    ]
    assert stage.states == {FIRST: ("pending", 1, None), SECOND: ("running", 1, None)}
    assert stage.leases == [SECOND]


GONE = StoreError("it is gone")


@pytest.mark.parametrize("name", ["record", "require_in_place"])
@pytest.mark.parametrize(("releases", "left"), [([GONE], []), ([None, GONE], [FIRST])])
def test_a_store_that_takes_no_result_ends_the_sweep_and_what_was_first_is_told(
    name: str, releases: list[StoreError | None], left: list[str], stage: Stage
) -> None:
    stage.executor.num_slots = 2
    # It is looked for before any work is taken.
    stage.fails(name, *[None] * (name != "record"), StoreError("it was replaced"))
    stage.fails("release", *releases)
    with pytest.raises(StoreError) as refusal:
        stage.sweep()
    assert str(refusal.value) == "it was replaced"
    begun = [RunStarted(**stage.of(label), attempt=1) for label in (FIRST, SECOND)]
    put_back = RunPutBack(**stage.of(SECOND), reason="stopped", is_given_up=False)
    assert stage.listener.events[1:] == [*begun, *([put_back] if left else [])]
    assert stage.leases == left
    assert {state[1:] for state in stage.states.values()} == {(1, None)}


def test_a_store_that_goes_while_nothing_is_recorded_is_noticed(stage: Stage) -> None:
    stage.fails("require_in_place", StoreError("it was moved"))
    with pytest.raises(StoreError) as refusal:
        stage.sweep()
    assert str(refusal.value) == "it was moved"
    assert stage.listener.events[1:] == [] and stage.executor.taken == []


@pytest.mark.parametrize(("is_on_server", "seconds"), [(False, 0.5), (True, 5.0)])
def test_a_store_is_looked_for_now_and_then(
    is_on_server: bool, seconds: float, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage.store.database, "keeps_folder", is_on_server)
    looks: list[float] = []
    require = stage.store.require_in_place

    def look() -> None:
        looks.append(round(stage.clock.now - 1000.0, 6))
        require()

    monkeypatch.setattr(stage.store, "require_in_place", look)
    (lease, other) = stage.holds(AWAY, FIRST, SECOND)
    stage.executor.idle_seconds = 0.25

    def end() -> None:
        stage.store.release(lease)
        stage.store.release(other)

    stage.executor.meanwhile = [*[lambda: None] * 12, end, lambda: None]
    stage.sweep()
    *looks, _, _, _ = looks  # with both results, and at the end
    assert looks == [seconds * number for number in range(len(looks))]
    assert looks[-1] == (5.0 if is_on_server else 6.5)
