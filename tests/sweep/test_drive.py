"""A driver from its first lease to its last: all that it says, and how the store stands then."""

import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.spec import ObserveSpec
from actwise.store import Lease
from actwise.sweep import Outcome
from actwise.sweep.watch import (
    RunEndedElsewhere,
    RunPutBack,
    RunStarted,
    SweepEnded,
    SweepStarted,
    Waiting,
)
from actwise.sweep.worker import Assignment, Done, PutBack
from made.played import (
    AWAY,
    ELSEWHERE,
    Stage,
    diverges,
    fails,
    finishes,
    meets,
    name_of,
    stopped,
)
from made.runs import failed_record, let_pass, made_record

FIRST, SECOND, THIRD, FOURTH = ALL = ["relu seed 0", "elu seed 0", "relu seed 1", "elu seed 1"]
DONE = ("finished", 1, None)


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    with Stage(monkeypatch, tmp_path / "store") as stage:
        yield stage


def nothing() -> None:
    """Time passes."""


def test_a_sweep_alone_trains_run_after_run(stage: Stage) -> None:
    outcome = stage.sweep()
    assert outcome == Outcome(finished=4, diverged=0, failed=0, left=0, exit_code=0)
    logs = str(stage.store.logs)
    assert stage.listener.events == [
        SweepStarted(study="small", num_runs=4, num_done=0, workers=1, logs=logs),
        *(event for label in ALL for event in stage.trained(label)),
        SweepEnded(finished=4, diverged=0, failed=0, left=0, exit_code=0),
    ]
    assert stage.states == dict.fromkeys(ALL, DONE)
    assert stage.leases == []
    assert stage.store.result(stage.ids[FIRST]) == made_record(stage.ids[FIRST])


def test_a_worker_is_given_the_run_as_planned_under_its_lease(stage: Stage) -> None:
    stage.sweep()
    tokens = {name_of(assignment): assignment.token for assignment in stage.executor.taken}
    assert tokens == {FIRST: 1, SECOND: 2, THIRD: 3, FOURTH: 4}
    spec = next(iter(stage.study.cells())).model_copy(update={"seed": 0})
    assert stage.executor.taken[0] == Assignment(
        run_id=stage.ids[FIRST], token=1, spec=spec, observe=ObserveSpec(), data_digest="d" * 64
    )


def test_the_store_is_asked_for_all_that_are_next_in_one_go(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    lease_next = stage.store.lease_next

    def ask(run_ids: Any, *others: Any, **options: Any) -> Lease | None:
        asked.append([*run_ids])
        return lease_next(run_ids, *others, **options)

    monkeypatch.setattr(stage.store, "lease_next", ask)
    stage.sweep()
    run_ids = [stage.ids[label] for label in ALL]
    assert asked == [run_ids, run_ids[1:], run_ids[2:], run_ids[3:]]


def test_results_of_every_kind_are_told_and_kept(stage: Stage) -> None:
    stage.executor.plays = {FIRST: [[diverges]], SECOND: [[fails]]}
    outcome = stage.sweep()
    assert outcome == Outcome(finished=2, diverged=1, failed=1, left=0, exit_code=1)
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        stage.ended(FIRST, "diverged"),
        RunStarted(**stage.of(SECOND), attempt=1),
        stage.ended(SECOND, "failed"),
        *stage.trained(THIRD),
        *stage.trained(FOURTH),
    ]
    assert stage.states == dict.fromkeys(ALL, DONE) | {
        FIRST: ("diverged", 1, None),
        SECOND: ("failed", 1, None),
    }


def test_what_is_done_is_counted_and_not_told_again(stage: Stage) -> None:
    stage.executor.plays = {FIRST: [[fails]], SECOND: [[diverges]]}
    stage.sweep()
    stage.listener.events.clear()
    stage.sweep(retry_failed=True)
    logs = str(stage.store.logs)
    assert stage.listener.events == [
        SweepStarted(study="small", num_runs=4, num_done=3, workers=1, logs=logs),
        *stage.trained(FIRST),
        SweepEnded(finished=3, diverged=1, failed=0, left=0, exit_code=0),
    ]


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_runs_that_others_hold_are_waited_for_ended_elsewhere_and_taken_over(
    at_once: int, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.sweep.drive.driver.LEASE_AT_ONCE", at_once)
    stage.holds(ELSEWHERE, FIRST)
    (mine,) = stage.holds(AWAY, SECOND)
    (other,) = stage.holds(AWAY, THIRD)
    stage.executor.meanwhile = [
        nothing,
        lambda: stage.store.record(mine, made_record(mine.run_id)),
        nothing,
        lambda: stage.store.record(other, failed_record(other.run_id)),
        lambda: let_pass(stage.store, 61.0),
    ]
    assert stage.sweep() == Outcome(finished=3, diverged=0, failed=1, left=0, exit_code=1)
    elsewhere = "process 8 on elsewhere"
    assert stage.events == [
        *stage.trained(FOURTH),
        Waiting(num_runs=3, holders=("process 7 on away", elsewhere)),
        RunEndedElsewhere(**stage.of(SECOND), status="finished"),
        RunEndedElsewhere(**stage.of(THIRD), status="failed"),
        Waiting(num_runs=1, holders=(elsewhere,)),
        *stage.trained(FIRST),
    ]
    failed = ("failed", 1, None)
    assert stage.states == dict.fromkeys(ALL, DONE) | {FIRST: ("finished", 2, None), THIRD: failed}
    assert stage.leases == [] and stage.executor.meanwhile == []


def test_who_is_waited_for_is_not_said_while_anything_can_be_done(stage: Stage) -> None:
    stage.executor.num_slots = 2
    (first, second) = stage.holds(AWAY, FIRST, SECOND)
    (third,) = stage.holds(ELSEWHERE, THIRD)
    stage.executor.meanwhile = [
        nothing,
        lambda: stage.store.release(first),
        lambda: stage.store.release(third),
        nothing,
        lambda: stage.store.release(second, "an accident"),
    ]
    stage.sweep()
    assert stage.events == [
        *stage.trained(FOURTH),
        Waiting(num_runs=3, holders=("process 7 on away", "process 8 on elsewhere")),
        *stage.trained(FIRST),
        *stage.trained(THIRD),
        Waiting(num_runs=1, holders=("process 7 on away",)),
        *stage.trained(SECOND),
    ]
    twice = ("finished", 2, None)
    assert stage.states == {FIRST: twice, SECOND: twice, THIRD: twice, FOURTH: DONE}


def test_all_who_are_waited_for_are_named_in_order(stage: Stage) -> None:
    owners = [replace(AWAY, pid=pid) for pid in (4, 1, 3, 2)]
    held = [stage.holds(*one)[0] for one in zip(owners, ALL, strict=True)]

    def end() -> None:
        for lease in held:
            stage.store.record(lease, made_record(lease.run_id))

    stage.executor.meanwhile = [end]
    stage.sweep()
    (waiting,) = stage.listener.of(Waiting)
    assert waiting.holders == tuple(f"process {pid} on away" for pid in (1, 2, 3, 4))


def test_others_are_looked_at_only_when_nothing_is_left_to_do(stage: Stage) -> None:
    (second,) = stage.holds(AWAY, SECOND)

    def beside(assignment: Assignment) -> Done:
        stage.store.record(second, made_record(second.run_id))
        stage.clock.now += 10.0
        return finishes(assignment)

    stage.executor.plays = {FIRST: [[beside]]}
    stage.sweep()
    assert stage.events == [
        *(event for label in (FIRST, THIRD, FOURTH) for event in stage.trained(label)),
        RunEndedElsewhere(**stage.of(SECOND), status="finished"),
    ]


def test_others_are_looked_at_twice_a_second(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    leases = stage.holds(AWAY, *ALL)
    looks: list[float] = []
    states = stage.store.states

    def seen(run_ids: Any = None) -> Any:
        looks.append(round(stage.clock.now - 1000.0, 6))
        return states(run_ids)

    monkeypatch.setattr(stage.store, "states", seen)
    stage.executor.idle_seconds = 0.2

    def finish() -> None:
        for lease in leases:
            stage.store.record(lease, made_record(lease.run_id))

    stage.executor.meanwhile = [*[nothing] * 3, finish, nothing]
    stage.sweep()
    *before, _ = looks  # the last is to say how all ended, the first two what there is to do
    assert before == [0.0, 0.0, 0.0, 0.6, 1.2, 1.8]
    assert {event.label for event in stage.listener.of(RunEndedElsewhere)} == {*ALL}


def test_a_run_of_a_dead_driver_is_taken_over_at_once(stage: Stage) -> None:
    stage.holds(AWAY, FIRST)
    let_pass(stage.store, 61.0)
    seen = []

    def look(assignment: Assignment) -> Done:
        seen.append(stage.states[FIRST])
        return finishes(assignment)

    stage.executor.plays = {FIRST: [[look]]}
    stage.sweep()
    assert seen == [("running", 2, "process 7 on away ended without a result")]
    assert stage.events == [event for label in ALL for event in stage.trained(label)]
    assert stage.states == dict.fromkeys(ALL, DONE) | {FIRST: ("finished", 2, None)}


def test_an_accident_is_tried_again_after_all_others_until_it_is_given_up(stage: Stage) -> None:
    stage.executor.plays = {FIRST: [[meets("one")], [meets("two")]], SECOND: [[meets("a fall")]]}
    outcome = stage.sweep(max_attempts=2)
    assert outcome == Outcome(finished=3, diverged=0, failed=0, left=1, exit_code=1, put_back=1)
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        RunPutBack(**stage.of(FIRST), reason="one", is_given_up=False, attempts=1),
        RunStarted(**stage.of(SECOND), attempt=1),
        RunPutBack(**stage.of(SECOND), reason="a fall", is_given_up=False, attempts=1),
        *stage.trained(THIRD),
        *stage.trained(FOURTH),
        RunStarted(**stage.of(FIRST), attempt=2),
        RunPutBack(**stage.of(FIRST), reason="two", is_given_up=True, attempts=2),
        *stage.trained(SECOND, attempt=2),
    ]
    assert stage.states == dict.fromkeys(ALL, DONE) | {
        FIRST: ("pending", 2, "two"),
        SECOND: ("finished", 2, None),
    }
    assert stage.leases == []


def test_what_was_no_attempt_is_tried_again_in_its_place(stage: Stage) -> None:
    stage.executor.plays = {FIRST: [[meets("a lost node", was_tried=False)]] * 3}
    stage.sweep(max_attempts=1)
    put_back = RunPutBack(**stage.of(FIRST), reason="a lost node", is_given_up=False, attempts=0)
    begun = RunStarted(**stage.of(FIRST), attempt=1)
    assert stage.events[:8] == [*[begun, put_back] * 3, *stage.trained(FIRST)]
    assert stage.states == dict.fromkeys(ALL, DONE)


def test_a_stop_puts_back_what_is_in_flight_and_gives_nothing_up(stage: Stage) -> None:
    def stop(assignment: Assignment) -> PutBack:
        signal.raise_signal(signal.SIGTERM)
        return stopped(assignment)

    stage.executor.num_slots = 2
    stage.executor.plays = {FIRST: [[stop]]}
    outcome = stage.sweep(max_attempts=1)
    assert outcome == Outcome(finished=0, diverged=0, failed=0, left=4, exit_code=143)
    begun = [RunStarted(**stage.of(label), attempt=1) for label in (FIRST, SECOND)]
    reasons = {FIRST: "stopped with a checkpoint", SECOND: "stopped"}
    assert stage.events == begun + [
        RunPutBack(**stage.of(label), reason=reason, is_given_up=False, attempts=1)
        for label, reason in reasons.items()
    ]
    tried, new = ("pending", 1, None), ("pending", 0, None)
    assert stage.states == {FIRST: tried, SECOND: tried, THIRD: new, FOURTH: new}
    assert stage.leases == []
