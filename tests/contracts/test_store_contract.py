"""What RunStore promises, held against every kind of storage."""

import math
from dataclasses import replace
from typing import Any

import pytest

from actwise.errors import StoreError, UnknownNameError
from actwise.spec import ENGINE_VERSION
from actwise.store import RunStore
from made.runs import (
    ENVIRONMENT,
    ME,
    failed_record,
    finish,
    leased,
    look_at,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)


class TestStoreContract:
    def test_a_plan_comes_back_as_it_was_asked(self, store: RunStore) -> None:
        study = made_study(factors={"train.learning_rate": [0.1, 0.3]}, train={"epochs": 2})
        plan = made_plan(study)
        store.add_study(study, plan)
        stored = store.planned("made")
        assert [run.spec for run in stored] == [run.spec for run in plan]
        assert [run.run_id for run in stored] == [run.run_id for run in plan]
        assert [run.position for run in stored] == list(range(len(plan)))
        assert store.studies()[0].spec == study

    def test_what_was_fixed_is_noted_with_the_first_time_that_it_was_known(
        self, store: RunStore
    ) -> None:
        study = made_study(activation=["relu"], seeds="0..1")
        plan = made_plan(study)
        for claims in ({"shipped": "ab"}, {"shipped": "ab"}, {"shipped": "ab", "mine": "cd"}):
            store.add_study(study, plan, claims=claims)
        (stored,) = store.studies()
        first, second = stored.registrations
        assert (first.claims, second.claims) == (
            {"shipped": "ab"},
            {"shipped": "ab", "mine": "cd"},
        )
        assert first.plan_sha256 == second.plan_sha256
        assert first.recorded_at < second.recorded_at
        store.add_study(study, plan[:1], claims={"shipped": "ab"})
        assert store.studies()[0].registrations[2].plan_sha256 != first.plan_sha256

    def test_a_label_stands_for_the_run_of_the_newest_code(self, store: RunStore) -> None:
        study = made_study(activation=["relu"], seeds="0..1")
        before = made_plan(study)
        store.add_study(study, before)
        after = [replace(run, run_id=run.run_id[::-1], spec_hash="new") for run in before]
        store.add_study(study, after)
        assert [run.run_id for run in store.planned("made")] == [run.run_id for run in after]

    @pytest.mark.parametrize("seeds", ["0", "2", "1..2", "0..2"])
    def test_code_that_changed_takes_the_place_of_its_own_seeds_only(
        self, store: RunStore, seeds: str
    ) -> None:
        before = made_plan(made_study(activation=["relu", "elu"], seeds="0..2"))
        store.add_study(made_study(activation=["relu", "elu"], seeds="0..2"), before)
        finish(store, before)
        # Started again with these seeds alone, and with changed code of one activation.
        again = made_study(activation=["relu"], seeds=seeds)
        after = [
            replace(run, run_id=run.run_id[::-1], spec_hash=f"new {run.spec.seed}")
            for run in made_plan(again)
        ]
        store.add_study(again, after)
        planned = {(run.activation, run.seed): run.run_id for run in store.planned("made")}
        expected = {(run.spec.activation, run.spec.seed): run.run_id for run in before + after}
        assert planned == expected
        assert len(store.planned("made")) == 6
        statuses = store.states(expected.values())
        assert sum(state.status == "pending" for state in statuses.values()) == len(after)

    def test_a_plan_is_the_union_of_the_specs_started_under_its_name(self, store: RunStore) -> None:
        first, second = made_study(seeds="0"), made_study(activation=["elu", "selu"], seeds="0..1")
        for study in (first, second, first):
            store.add_study(study, made_plan(study))
        assert [(run.activation, run.seed) for run in store.planned("made")] == [
            ("relu", 0),
            ("elu", 0),
            ("elu", 1),
            ("selu", 0),
            ("selu", 1),
        ]
        assert [stored.spec for stored in store.studies()] == [first, second]

    def test_aliased_cells_share_a_run_and_are_marked_in_the_whole_study(
        self, store: RunStore
    ) -> None:
        for regularization in ("bn", "bn+dropout", "none"):
            study = made_study(regularization=[regularization], activation=["relu"], seeds="0")
            store.add_study(study, made_plan(study))
        marks = {run.regularization: run.is_aliased for run in store.planned()}
        assert marks == {"bn": True, "bn+dropout": True, "none": False}
        assert len(store.states()) == 2

    def test_studies_share_runs(self, store: RunStore) -> None:
        for name in ("one", "two"):
            study = made_study(name)
            store.add_study(study, made_plan(study))
        assert len(store.planned()) == 8
        assert len(store.states()) == 4
        assert not any(run.is_aliased for run in store.planned())

    def test_an_unknown_study_is_refused_with_the_nearest_name(
        self, store: RunStore, run: str
    ) -> None:
        with pytest.raises(UnknownNameError, match="did you mean made"):
            store.planned("mode")

    def test_a_run_goes_from_pending_over_running_to_finished(
        self, store: RunStore, run: str
    ) -> None:
        assert store.states([run])[run].status == "pending"
        claim = leased(store, run)
        state = store.states([run])[run]
        assert (state.status, state.owner, state.attempts) == ("running", ME, 1)
        store.record(claim, made_record(run))
        state = store.states([run])[run]
        assert (state.status, state.owner, state.attempts) == ("finished", None, 1)
        assert state.has_result

    def test_states_leave_out_what_the_store_does_not_know(self, store: RunStore, run: str) -> None:
        assert list(store.states([run, "unknown"])) == [run]
        assert len(store.states()) == 4

    def test_a_result_is_read_as_it_was_written(self, store: RunStore, run: str) -> None:
        record = made_record(
            run,
            observed=("probes", "test_curve"),
            probes=b"\x00packed",
            best_test_accuracy=99.0,
            validation_accuracy=55.5,
        )
        assert store.result(run) is None
        store.record(leased(store, run), record)
        assert store.result(run) == record

    def test_a_diverged_run_is_a_result_with_losses_that_are_not_finite(
        self, store: RunStore, run: str
    ) -> None:
        epochs = (made_epoch(1, train_loss=math.inf), made_epoch(2, train_loss=math.nan))
        record = made_record(
            run, status="diverged", test_accuracy=None, predictions=None, predictions_sha256=None
        )
        store.record(leased(store, run), replace(record, epochs=epochs))
        stored = store.result(run)
        assert stored is not None
        assert stored.status == "diverged"
        assert stored.epochs[0].train_loss == math.inf
        assert math.isnan(stored.epochs[1].train_loss)
        assert store.lease(run, ME) is None

    def test_a_failed_run_waits_until_it_is_reopened(self, store: RunStore, run: str) -> None:
        store.record(leased(store, run), failed_record(run))
        stored = store.result(run)
        assert stored is not None
        assert stored.traceback == "ValueError: no"
        assert store.lease(run, ME) is None
        assert store.lease(run, ME, again=True) is None
        assert store.reopen([run]) == 1
        assert store.result(run) is None
        assert leased(store, run).attempt == 2

    def test_only_failed_runs_are_reopened(self, store: RunStore, run: str) -> None:
        finish(store, made_plan(made_study()))
        assert store.reopen([run, "unknown"]) == 0
        assert store.result(run) == made_record(run)

    def test_observing_again_keeps_the_result_until_the_new_one_is_recorded(
        self, store: RunStore, run: str
    ) -> None:
        store.record(leased(store, run), made_record(run))
        claim = leased(store, run, again=True)
        state = store.states([run])[run]
        assert (state.status, state.owner) == ("finished", ME)
        assert store.result(run) == made_record(run)
        observed = made_record(run, observed=("probes",), probes=b"packed")
        store.record(claim, observed)
        assert store.result(run) == observed

    def test_observing_again_keeps_what_was_observed_before(
        self, store: RunStore, run: str
    ) -> None:
        curve = tuple(made_epoch(n, test_accuracy=40.0 + n) for n in (1, 2, 3))
        first = made_record(
            run,
            observed=("test_curve", "probes"),
            epochs=curve,
            probes=b"old",
            best_test_accuracy=43.0,
        )
        store.record(leased(store, run), first)
        store.record(leased(store, run, again=True), made_record(run, observed=("keep_weights",)))
        stored = store.result(run)
        assert stored is not None
        assert set(stored.observed) == {"test_curve", "probes", "keep_weights"}
        assert stored.epochs == curve
        assert (stored.probes, stored.best_test_accuracy) == (b"old", 43.0)

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"weights_sha256": "other"}, "came out otherwise"),
            ({"status": "diverged"}, "came out otherwise"),
            (
                {
                    "status": "failed",
                    "traceback": "Traceback (most recent call last):\nOSError: no disk",
                },
                "OSError: no disk",
            ),
        ],
    )
    def test_observing_again_must_give_the_same_weights(
        self, store: RunStore, run: str, changes: dict[str, Any], sentence: str
    ) -> None:
        store.record(leased(store, run), made_record(run))
        claim = leased(store, run, again=True)
        with pytest.raises(StoreError, match=sentence):
            store.record(claim, made_record(run, **changes))
        assert store.result(run) == made_record(run)
        store.release(claim)
        assert store.states([run])[run].status == "finished"

    def test_results_of_an_older_engine_are_found_by_what_was_trained(
        self, store: RunStore
    ) -> None:
        study = made_study(activation=["relu"], seeds="0")
        later = ENGINE_VERSION + 1
        old, new = made_plan(study), made_plan(study, engine_version=later)
        store.add_study(study, old)
        finish(store, old)
        hashes = [run.spec_hash for run in new]
        assert store.find_finished(hashes, [ENGINE_VERSION]) == {hashes[0]: old[0].run_id}
        assert store.find_finished(hashes, [later]) == {}
        assert store.find_finished(["unknown"], [ENGINE_VERSION]) == {}

    def test_a_run_is_found_by_the_beginning_of_its_id(self, store: RunStore, run: str) -> None:
        assert store.find_run(run[:12]) == run
        with pytest.raises(StoreError, match="several runs begin with ''"):
            store.find_run("")
        with pytest.raises(StoreError, match="begins with '%'"):
            store.find_run("%")

    def test_looks_are_listed_by_study(self, store: RunStore) -> None:
        for study in (made_study(), made_study("other")):
            store.add_study(study, made_plan(study))
        for name, num_seeds in (("made", 3), (None, 5), ("other", 1)):
            look_at(store, study=name, num_seeds=num_seeds)
        assert [look.num_seeds for look in store.looks("made")] == [3, 5]
        assert [look.study for look in store.looks()] == ["made", None, "other"]

    def test_equal_environments_are_stored_once(self, store: RunStore, run: str) -> None:
        finish(store, made_plan(made_study()))
        stored = store.result(run)
        assert stored is not None
        assert stored.environment == ENVIRONMENT
