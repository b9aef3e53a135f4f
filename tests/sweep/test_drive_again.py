"""A driver that has finished runs observed again, beside others that may do the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import StoreUnavailableError
from actwise.sweep import Outcome
from actwise.sweep.watch import Note, RunEndedElsewhere, RunPutBack, RunStarted, Waiting
from actwise.sweep.worker import Assignment, Done
from made.played import AWAY, Stage, fails, name_of
from made.runs import made_record
from made.sweeps import small_study

FIRST, SECOND = "relu seed 0", "elu seed 0"
TWICE = ("finished", 2, None)
CURVE = {"observed": ("test_curve",), "best_test_accuracy": 60.0}


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """Two finished runs, of which a test curve is asked for since."""
    with Stage(monkeypatch, tmp_path / "store", small_study(seeds=(0,))) as stage:
        stage.sweep()
        stage.listener.events.clear()
        stage.executor.taken.clear()
        stage.add(small_study(seeds=(0,), observe={"test_curve": True}))
        yield stage


def observes(assignment: Assignment) -> Done:
    return Done(record=made_record(assignment.run_id, **CURVE))


def observe(stage: Stage, label: str) -> None:
    """As another driver."""
    (lease,) = stage.holds(AWAY, label, again=True)
    stage.store.record(lease, made_record(lease.run_id, **CURVE))


def observed(stage: Stage) -> list[tuple[str, ...]]:
    states = stage.store.states()
    return [states[stage.ids[label]].observed for label in (FIRST, SECOND)]


def test_what_lacks_is_named_and_nothing_is_trained_unless_asked(stage: Stage) -> None:
    stage.sweep()
    shown = f"{stage.ids[FIRST]}, {stage.ids[SECOND]}"
    assert stage.events == [
        Note(
            f"2 finished runs lack an observation that the study asks for ({shown}); "
            "--observe-again repeats them"
        )
    ]
    assert stage.executor.taken == []


def test_a_run_that_is_observed_again_must_come_to_its_recorded_weights(stage: Stage) -> None:
    stage.executor.plays = {FIRST: [[observes]], SECOND: [[observes]]}
    outcome = stage.sweep(observe_again=True)
    assert outcome == Outcome(finished=2, diverged=0, failed=0, left=0, exit_code=0)
    assert stage.events == [*stage.trained(FIRST), *stage.trained(SECOND)]
    asked = [(name_of(a), a.token, a.recorded_weights) for a in stage.executor.taken]
    weights = [made_record(stage.ids[label]).weights_sha256 for label in (FIRST, SECOND)]
    assert asked == [(FIRST, 3, weights[0]), (SECOND, 4, weights[1])]
    assert {a.observe.test_curve for a in stage.executor.taken} == {True}
    assert stage.states == {FIRST: TWICE, SECOND: TWICE}
    assert observed(stage) == [("test_curve",)] * 2


def test_a_new_run_beside_them_has_no_weights_to_come_to(stage: Stage) -> None:
    stage.add(small_study(activation=("relu", "tanh"), seeds=(0,), observe={"test_curve": True}))
    stage.executor.plays = {FIRST: [[observes]]}
    stage.sweep(observe_again=True)
    asked = {name_of(a): a.recorded_weights for a in stage.executor.taken}
    assert asked == {
        FIRST: made_record(stage.ids[FIRST]).weights_sha256,
        "tanh seed 0": None,
    }


def test_a_run_that_comes_out_otherwise_keeps_its_result_and_the_command_fails(
    stage: Stage,
) -> None:
    def otherwise(assignment: Assignment) -> Done:
        return Done(record=made_record(assignment.run_id, weights_sha256="ab" * 32))

    def fails_alone(assignment: Assignment) -> Done:
        assert stage.leases == [SECOND]
        return fails(assignment)

    stage.executor.plays = {FIRST: [[otherwise]], SECOND: [[fails_alone]]}
    outcome = stage.sweep(observe_again=True)
    assert outcome == Outcome(finished=2, diverged=0, failed=0, left=0, exit_code=1)
    first, second = (made_record(stage.ids[label]) for label in (FIRST, SECOND))
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        Note(
            f"run {first.run_id} came out otherwise when it was observed again (weights "
            f"{'ab' * 32}, recorded {first.weights_sha256}): its first result stays; was it "
            "trained on another machine?"
        ),
        RunStarted(**stage.of(SECOND), attempt=1),
        Note(
            f"run {second.run_id} failed when it was observed again, its result stays: "
            "ValueError: no"
        ),
    ]
    assert [stage.store.result(record.run_id) for record in (first, second)] == [first, second]
    assert stage.states == {FIRST: TWICE, SECOND: TWICE}
    assert stage.leases == []


def test_a_run_that_another_has_observed_meanwhile_is_given_back_untried(stage: Stage) -> None:
    def beside(assignment: Assignment) -> Done:
        observe(stage, SECOND)
        return observes(assignment)

    stage.executor.plays = {FIRST: [[beside]]}
    assert stage.sweep(observe_again=True).exit_code == 0
    assert stage.events == stage.trained(FIRST)
    assert stage.states == {FIRST: TWICE, SECOND: TWICE}
    assert stage.leases == []


def test_a_run_that_another_observes_is_waited_for(stage: Stage) -> None:
    (lease, other) = stage.holds(AWAY, FIRST, SECOND, again=True)
    stage.executor.plays = {SECOND: [[observes]]}
    stage.executor.meanwhile = [
        lambda: stage.store.record(lease, made_record(lease.run_id, **CURVE)),
        lambda: stage.store.release(other, "an accident"),
    ]
    assert stage.sweep(observe_again=True).exit_code == 0
    assert stage.events == [
        Waiting(num_runs=2, holders=("process 7 on away",)),
        RunEndedElsewhere(**stage.of(FIRST), status="finished"),
        *stage.trained(SECOND),
    ]
    assert stage.states == {FIRST: TWICE, SECOND: ("finished", 3, None)}
    assert observed(stage) == [("test_curve",)] * 2


def test_what_meets_an_accident_is_observed_once_more(stage: Stage) -> None:
    stage.fails("record", StoreUnavailableError("the disk is full"))
    stage.executor.plays = {FIRST: [[observes], [observes]], SECOND: [[observes]]}
    stage.sweep(observe_again=True)
    assert stage.events == [
        RunStarted(**stage.of(FIRST), attempt=1),
        RunPutBack(**stage.of(FIRST), reason="the disk is full", is_given_up=False),
        *stage.trained(SECOND),
        *stage.trained(FIRST, attempt=2),
    ]
    assert stage.states == {FIRST: ("finished", 3, None), SECOND: TWICE}


def test_a_lease_on_what_is_observed_already_that_cannot_be_given_back_goes_at_the_end(
    stage: Stage,
) -> None:
    def beside(assignment: Assignment) -> Done:
        observe(stage, SECOND)
        return observes(assignment)

    stage.fails("release", StoreUnavailableError("the disk is full"))
    stage.executor.plays = {FIRST: [[beside]]}
    assert stage.sweep(observe_again=True).exit_code == 0
    assert stage.events == stage.trained(FIRST)
    assert stage.leases == []


def test_a_store_that_fails_when_a_recorded_result_is_read_leaves_no_lease(stage: Stage) -> None:
    stage.fails("result", StoreError("it is damaged"))
    with pytest.raises(StoreError) as refusal:
        stage.sweep(observe_again=True)
    assert str(refusal.value) == "it is damaged"
    assert stage.listener.events[1:] == [] and stage.leases == []
