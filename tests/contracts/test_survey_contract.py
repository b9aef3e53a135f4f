"""What a store tells whoever looks on, held against every kind of storage."""

import math
from dataclasses import replace
from typing import Any

import pytest

from actwise.errors import UnknownNameError
from actwise.store import LEASE_SECONDS, Lease, ProgressPoint, RunStore, read_curves, remove, survey
from made.runs import (
    ME,
    failed_record,
    finish,
    leased,
    let_pass,
    look_at,
    made_plan,
    made_record,
    made_study,
)
from made.tasks import task_record

GONE = replace(ME, process_start="0")
ELSEWHERE = replace(ME, host="another host")


def point(lease: Lease, epoch: int = 1, **changes: Any) -> ProgressPoint:
    values: dict[str, Any] = {
        "token": lease.token,
        "epoch": epoch,
        "num_epochs": 3,
        "done_fraction": 0.5,
        "loss": 1.25,
        "images_per_second": 100.5,
        "seconds_left": 30.0,
        **changes,
    }
    return ProgressPoint(**values)


class TestProgressContract:
    def test_the_last_word_on_every_epoch_is_kept(self, store: RunStore, run: str) -> None:
        lease = leased(store, run)
        told = [point(lease), point(lease, done_fraction=1.0), point(lease, 2, metrics={"a": 1.5})]
        for each in told:
            assert store.heartbeat(ME, [each]) == (run,)
        assert survey(store).progress == {run: (told[1], told[2])}

    def test_what_is_not_finite_is_not_known(self, store: RunStore, run: str) -> None:
        lease = leased(store, run)
        store.heartbeat(ME, [point(lease, loss=math.nan, metrics={"a": math.inf, "b": 2.0})])
        (kept,) = survey(store).progress[run]
        assert (kept.loss, kept.metrics) == (None, {"a": None, "b": 2.0})

    @pytest.mark.parametrize("end", ["record", "release", "take over"])
    def test_progress_goes_with_its_lease(self, store: RunStore, run: str, end: str) -> None:
        owner = GONE if end == "take over" else ME
        lease = leased(store, run, owner)
        store.heartbeat(owner, [point(lease)])
        if end == "record":
            store.record(lease, made_record(run))
        elif end == "release":
            store.release(lease)
        else:
            let_pass(store, LEASE_SECONDS + 1)  # where only the time can tell
            assert survey(store).progress == {}, "nobody holds the run"
            leased(store, run)
        assert survey(store).progress == {}
        # A late word of the one before is about nothing any more.
        store.heartbeat(owner, [point(lease, 2)])
        assert survey(store).progress == {}

    def test_nobody_tells_of_the_leases_of_others(self, store: RunStore, run: str) -> None:
        lease = leased(store, run, ELSEWHERE)
        store.heartbeat(ME, [point(lease)])
        assert survey(store).progress == {}


class TestSurveyContract:
    def test_it_tells_how_runs_stand_and_ended(self, store: RunStore, run: str) -> None:
        others = [line.run_id for line in store.planned() if line.run_id != run]
        store.record(leased(store, run), made_record(run, num_epochs=2))
        store.record(leased(store, others[0]), failed_record(others[0]))
        leased(store, others[1])
        seen = survey(store)
        assert [line.run_id for line in seen.planned] == [run, *others]
        assert seen.states == store.states()
        assert set(seen.ends) == {run, others[0]}
        assert (seen.ends[run].num_epochs, seen.ends[run].train_seconds) == (2, 12.5)
        assert seen.ends[others[0]].reason == "ValueError: no"
        assert {machine.num_runs for machine in seen.machines} == {1}
        assert seen.num_looks == {}

    def test_one_that_finds_nothing_new_is_the_one_before(self, store: RunStore, run: str) -> None:
        before = survey(store)
        assert survey(store, before=before) is before
        changes = [
            lambda: leased(store, run),
            lambda: store.heartbeat(ME, [point(Lease(run, 1, ME, 1))]),
            lambda: store.record(Lease(run, 1, ME, 1), made_record(run)),
            lambda: look_at(store, study="made", num_seeds=1),
            lambda: store.add_study(made_study("more"), made_plan(made_study("more"))),
            lambda: remove(store, "more"),
        ]
        for change in changes:
            change()
            seen = survey(store, before=before)
            assert seen is not before
            assert seen == survey(store)
            before = seen

    def test_of_one_study_it_has_that_studys_runs(self, store: RunStore, run: str) -> None:
        other = made_study("other", activation=["selu"])
        store.add_study(other, made_plan(other))
        finish(store, made_plan(other))
        seen = survey(store, "other")
        assert {line.study for line in seen.planned} == {stored.study for stored in seen.studies}
        assert set(seen.states) == {planned.run_id for planned in made_plan(other)}
        with pytest.raises(UnknownNameError, match="did you mean other"):
            survey(store, "othre")

    def test_curves_are_those_of_our_trainings_and_of_users(
        self, store: RunStore, run: str
    ) -> None:
        own = store.planned()[1].run_id
        store.record(leased(store, run), made_record(run, num_epochs=2))
        store.record(leased(store, own), task_record(own, {"score": (0.5, None)}, num_epochs=2))
        assert read_curves(store, [run]) == {run: ((1, 1.0), (2, 0.5))}
        assert read_curves(store, [run, own], measure="score") == {
            run: (),
            own: ((1, 0.5), (2, None)),
        }
