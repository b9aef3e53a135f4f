"""What a driver does about the slots of a cluster, whatever they do: without a cluster."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actwise.errors import SpecError, StoreError
from actwise.store.records import RunRecord
from actwise.sweep.executors.cluster import fleet as fleets
from actwise.sweep.executors.cluster.fleet import Fleet
from actwise.sweep.executors.cluster.slot import NodeReport
from actwise.sweep.worker import Advanced, Done, PutBack, encode
from made.planned_ray import (
    HOME,
    ActorDiedError,
    ActorUnavailableError,
    PlannedRay,
    PlannedSlot,
    RayError,
    RayTaskError,
    slots_on,
    stand_in,
)
from made.played import Clock
from made.workers import assignment, made_setup

AWAY = NodeReport("away", "host-away")
HERE = NodeReport(HOME, "host-home")


def done(run_id: str) -> bytes:
    return encode(Done(record=RunRecord(run_id=run_id, status="diverged", epochs=())))


class Ground:
    """A fleet of planned slots, runs to train, and whether nodes live."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, logs: Path) -> None:
        self.clock, self.alive = Clock(), {"home", "away", "other"}
        self.ray = PlannedRay(logs, [])
        stand_in(monkeypatch, self.ray)
        monkeypatch.setattr(fleets, "time", self.clock)
        monkeypatch.setattr("actwise.datasets.hand_over", lambda *_, **__: ())
        self._logs = logs
        self.work: Iterator[Any] = iter(())

    def fleet(self, *slots: PlannedSlot, runs: str = "", num_slots: int = 1) -> Fleet:
        self.ray.slots = [*slots]
        self.work = iter([(assignment(run_id),) for run_id in runs])
        setup = made_setup(self._logs)
        cluster: Any = SimpleNamespace(is_alive=lambda node: node in self.alive)
        needs: Any = SimpleNamespace(for_ray=dict)
        return Fleet(setup, cluster, needs, num_slots=num_slots)

    def steps(self, fleet: Fleet, number: int = 3) -> list[Any]:
        """What it says while it is led on."""
        said = []
        for _ in range(number):
            fleet.fill(self.work)
            said += fleet.events()
        return said


@pytest.fixture
def ground(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ground:
    return Ground(monkeypatch, tmp_path)


def test_runs_go_to_slots_that_have_begun_and_their_words_come_back(ground: Ground) -> None:
    advanced = Advanced(
        run_id="a", epoch=1, epochs=2, batch=1, batches=1, loss=0.5, images_per_second=1.0
    )
    first = PlannedSlot(HERE, [[[encode(advanced)], [done("a")]]])
    second = PlannedSlot(AWAY, [[[done("b")]], [[done("c")]]])
    fleet = ground.fleet(first, second, runs="abc", num_slots=2)
    first_said, *said = ground.steps(fleet, 8)
    assert first_said == advanced
    assert [event.record.run_id for event in said] == ["b", "a", "c"]
    assert not fleet.is_busy and not fleet.fill(ground.work)
    # The driver's own node has the data; another is given them once.
    assert ground.ray.filled == [("digits", "d")]
    fleet.close()
    assert first.done == second.done == ["ended", "killed"]


def test_a_slot_that_has_not_begun_is_not_asked_to_end(ground: Ground) -> None:
    slot = PlannedSlot(AWAY)
    fleet = ground.fleet(slot, runs="a")
    assert fleet.fill(ground.work)
    fleet.close()
    assert slot.done == ["killed"]


def test_a_run_of_a_node_that_is_lost_was_no_attempt_and_the_node_is_avoided(
    ground: Ground,
) -> None:
    lost = PlannedSlot(AWAY, [[ActorDiedError("gone")]])
    fleet = ground.fleet(lost, *slots_on("away", "other"), runs="ab")
    ground.alive.remove("away")
    assert ground.steps(fleet) == [
        PutBack(run_id="a", reason="node host-away was lost", is_accident=True, was_tried=False)
    ]
    assert lost.done == ["killed"]
    ground.steps(fleet)  # begun there again, and dropped
    assert [slot.done for slot in ground.ray.begun] == [["killed"], ["killed"]]
    ground.clock.now += 1.0
    ground.steps(fleet)
    assert [slot.begins for slot in ground.ray.begun[2:]] == [NodeReport("other", "host-other")]
    assert fleet.is_busy


def test_a_node_is_avoided_for_a_minute(ground: Ground) -> None:
    lost = PlannedSlot(AWAY, [[ActorDiedError("gone")]])
    fleet = ground.fleet(lost, *slots_on("away", "away"), runs="ab")
    ground.alive.remove("away")
    ground.steps(fleet, 2)
    ground.clock.now += 59.0
    ground.steps(fleet, 2)
    assert ground.ray.begun[1].done == ["killed"]
    ground.clock.now += 1.1
    ground.steps(fleet, 2)
    assert ground.ray.begun[2].done == []
    assert fleet.is_busy


def test_a_slot_that_dies_on_a_living_node_was_an_attempt(ground: Ground) -> None:
    fleet = ground.fleet(PlannedSlot(AWAY, [[ActorDiedError("traces\nits end")]]), runs="a")
    reason = "its slot on node host-away was lost: Ray: its end"
    ground.ray.slots += slots_on("away")
    assert ground.steps(fleet, 2) == [PutBack(run_id="a", reason=reason, is_accident=True)]


def test_a_connection_that_is_cut_is_no_attempt_three_times(ground: Ground) -> None:
    cut = [PlannedSlot(AWAY, [[ActorUnavailableError("cut")]]) for _ in range(30)]
    fleet = ground.fleet(*cut, runs="aaaaa")
    found: list[Any] = []
    while len(found) < 5:
        found += ground.steps(fleet)
        ground.clock.now += 61.0
    assert [event.was_tried for event in found] == [False, False, False, True, True]


def test_slots_that_cannot_begin_are_begun_again_until_a_minute_is_over(ground: Ground) -> None:
    plan = [PlannedSlot(RayError("traces\nno room")) for _ in range(80)]
    fleet, started = ground.fleet(*plan, runs="a"), ground.clock.now
    assert ground.steps(fleet) == []
    assert len(ground.ray.begun) == 1  # a second of rest
    sentence = "no worker can be started on the Ray cluster: Ray: no room"
    with pytest.raises(StoreError, match=sentence):
        for _ in range(200):
            ground.clock.now += 1.0
            ground.steps(fleet, 1)
    assert 60 < ground.clock.now - started < 61
    assert not fleet.is_busy


def test_while_another_slot_works_those_that_cannot_begin_end_nothing(ground: Ground) -> None:
    plan = [PlannedSlot(RayError("no room")) for _ in range(200)]
    fleet = ground.fleet(next(slots_on("away")), *plan, runs="ab", num_slots=2)
    for _ in range(150):
        ground.clock.now += 1.0
        ground.steps(fleet, 1)
    assert fleet.is_busy


def test_a_node_that_can_start_no_worker_is_avoided_and_the_run_goes_on(ground: Ground) -> None:
    barren = [RayTaskError(StoreError("no worker process can be started: why"))]
    fleet = ground.fleet(PlannedSlot(AWAY, [barren]), *slots_on("away", "other"), runs="ab")
    (put_back,) = ground.steps(fleet)
    assert put_back == PutBack(
        run_id="a",
        reason="node host-away: no worker process can be started: why",
        is_accident=True,
        was_tried=False,
    )
    ground.clock.now += 1.0
    ground.steps(fleet, 2)
    ground.clock.now += 1.0
    ground.steps(fleet, 2)
    assert [slot.done for slot in ground.ray.begun] == [["killed"], ["killed"], []]


def test_where_no_node_can_start_a_worker_for_a_minute_the_sweep_ends(ground: Ground) -> None:
    barren = [RayTaskError(StoreError("no process"))]
    plan = [PlannedSlot(AWAY, [barren]) for _ in range(200)]
    fleet = ground.fleet(*plan, runs="a" * 200)
    with pytest.raises(StoreError, match="cluster: node host-away: no process"):
        for _ in range(300):
            ground.clock.now += 1.0
            ground.steps(fleet, 1)


@pytest.mark.parametrize(
    ("cause", "raised"), [(SpecError("a sentence"), SpecError), (ValueError("x"), RayTaskError)]
)
def test_what_is_raised_in_a_slot_ends_the_sweep(
    cause: Exception, raised: type[Exception], ground: Ground
) -> None:
    beginning = ground.fleet(PlannedSlot(RayTaskError(cause)), runs="a")
    with pytest.raises(raised):
        ground.steps(beginning)
    training = ground.fleet(PlannedSlot(AWAY, [[RayTaskError(cause)]]), runs="a")
    with pytest.raises(raised):
        ground.steps(training)


def test_a_node_with_a_problem_is_never_used(ground: Ground) -> None:
    problem = replace(AWAY, problem="has actwise 0, this machine 1")
    later = list(slots_on("away", "other"))
    fleet = ground.fleet(PlannedSlot(problem), *later, runs="a")
    ground.steps(fleet)
    ground.clock.now += 1000.0
    ground.steps(fleet, 2)
    ground.clock.now += 2.0
    ground.steps(fleet, 2)
    assert [slot.done for slot in ground.ray.begun] == [["killed"], ["killed"], []]


def test_what_a_slot_had_not_begun_when_it_was_stopped_was_no_accident(ground: Ground) -> None:
    fleet = ground.fleet(PlannedSlot(AWAY, [[]]), runs="a")
    ground.steps(fleet, 1)
    fleet.fill(ground.work)
    assert list(fleet.stop()) == []
    assert list(fleet.events()) == [PutBack(run_id="a", reason="stopped", is_accident=False)]
    assert ground.ray.begun[0].done == ["stopped"]


def test_only_what_still_trains_is_killed(ground: Ground) -> None:
    fleet = ground.fleet(*slots_on("away", "other"), runs="a", num_slots=2)
    ground.steps(fleet)
    fleet.kill()
    assert list(fleet.events()) == [
        PutBack(
            run_id="a", reason="its slot did not stop in time, and was killed", is_accident=True
        )
    ]
    assert sorted(slot.done for slot in ground.ray.begun) == [[], ["killed"]]
    assert not fleet.is_busy


def test_data_are_given_to_a_node_once_and_again_when_its_slot_was_lost(ground: Ground) -> None:
    two = PlannedSlot(AWAY, [[[done("a")]], [[done("b")]], [ActorDiedError("gone")]])
    fleet = ground.fleet(two, *slots_on("away"), runs="abcd")
    ground.steps(fleet, 9)
    ground.clock.now += 1.0
    ground.steps(fleet, 3)
    assert ground.ray.filled == [("digits", "d")] * 2
