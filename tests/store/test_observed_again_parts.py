"""What is kept of a run's two results when it is observed again, and what is refused whole."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import StoreError
from actwise.spec import ProbesSpec
from actwise.store import OtherResultError, RunStore
from actwise.store.records import LAST_ONLY, RunRecord, observed_probes, pack_probes
from made.runs import (
    failed_record,
    leased,
    made_epoch,
    made_plan,
    made_probe,
    made_record,
    made_study,
)

STUDY = made_study(activation=["relu"], seeds="0..1")
RUN, OTHER = (run.run_id for run in made_plan(STUDY))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        yield store


def observed_again(store: RunStore, old: RunRecord, new: RunRecord) -> RunRecord:
    """What is stored of both; another run keeps its own."""
    store.record(leased(store, OTHER), made_record(OTHER, probes=b"theirs", observed=("theirs",)))
    for record in (old, new):
        store.record(leased(store, RUN, again=record is new), record)
    assert store.result(OTHER) == made_record(OTHER, probes=b"theirs", observed=("theirs",))
    found = store.result(RUN)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ((LAST_ONLY,), (LAST_ONLY, "test_curve"), {LAST_ONLY, "test_curve"}),
        ((LAST_ONLY,), ("keep_weights",), {"keep_weights"}),
        (("keep_weights",), (LAST_ONLY,), {"keep_weights"}),
        (("a", "c"), ("b", "c"), {"a", "b", "c"}),
    ],
)
def test_the_last_point_alone_is_a_curve_no_more_once_there_is_a_whole_one(
    store: RunStore, old: tuple[str, ...], new: tuple[str, ...], kept: set[str]
) -> None:
    found = observed_again(store, made_record(RUN, observed=old), made_record(RUN, observed=new))
    assert found.observed == tuple(sorted(kept))


def test_epochs_have_what_either_training_measured(store: RunStore) -> None:
    old = [made_epoch(n, test_accuracy=50.0 + n, validation_loss=0.5) for n in (1, 2, 3)]
    new = [made_epoch(n, seconds=1.0, validation_loss=0.25, test_loss=2.0) for n in (1, 2, 3)]
    found = observed_again(
        store, made_record(RUN, epochs=tuple(old)), made_record(RUN, epochs=tuple(new))
    )
    assert found.epochs == tuple(replace(epoch, test_accuracy=50.0 + epoch.epoch) for epoch in new)


def test_epochs_of_another_number_are_the_new_ones(store: RunStore) -> None:
    old = (made_epoch(1, test_accuracy=51.0), made_epoch(2, test_accuracy=52.0))
    found = observed_again(store, made_record(RUN, epochs=old), made_record(RUN))
    assert found.epochs == made_record(RUN).epochs


@pytest.mark.parametrize("name", ["best_test_accuracy", "reestimated_accuracy"])
def test_what_only_one_of_them_measured_is_kept_and_the_newer_counts(
    store: RunStore, name: str
) -> None:
    def record(**values: Any) -> RunRecord:
        return made_record(RUN, **values)

    assert getattr(observed_again(store, record(**{name: 60.0}), record()), name) == 60.0
    for new, kept in (({name: 61.0}, 61.0), ({}, 61.0), ({"train_seconds": 99.0}, 61.0)):
        store.record(leased(store, RUN, again=True), record(**new))
        found = store.result(RUN)
        assert found is not None and getattr(found, name) == kept
    assert found.train_seconds == 99.0


def test_equal_probes_are_noted_once(store: RunStore) -> None:
    note = observed_probes(ProbesSpec())
    record = made_record(RUN, probes=pack_probes([made_probe(0)]), observed=(note, "test_curve"))
    assert observed_again(store, record, record).observed == (note, "test_curve")


def test_a_training_that_came_out_otherwise_is_told_with_both_weights(store: RunStore) -> None:
    store.record(leased(store, RUN), made_record(RUN))
    lease = leased(store, RUN, again=True)
    sha = made_record(RUN).weights_sha256
    with pytest.raises(OtherResultError) as refusal:
        store.record(lease, made_record(RUN, weights_sha256="other"))
    assert str(refusal.value) == (
        f"run {RUN} came out otherwise when it was observed again (weights other, recorded "
        f"{sha}): its first result stays; was it trained on another machine?"
    )
    with pytest.raises(OtherResultError) as refusal:
        store.record(lease, failed_record(RUN))
    assert str(refusal.value) == (
        f"run {RUN} failed when it was observed again, its result stays: ValueError: no"
    )


def test_only_the_failed_runs_asked_for_are_reopened_and_nothing_of_them_stays(
    store: RunStore,
) -> None:
    partly = {"epochs": (made_epoch(1),), "probes": b"packed", "observed": ("x",)}
    for run in (RUN, OTHER):
        store.record(leased(store, run), replace(failed_record(run), **partly))
    assert store.reopen([RUN, RUN[::-1]]) == 1
    states = store.states()
    assert (states[RUN].status, states[RUN].observed, states[RUN].has_result) == (
        "pending",
        (),
        False,
    )
    assert states[OTHER].status == "failed"
    assert store.result(RUN) is None
    store.record(leased(store, RUN), made_record(RUN))
    assert store.result(RUN) == made_record(RUN)
    found = store.result(OTHER)
    assert found is not None and (len(found.epochs), found.probes) == (1, b"packed")
    assert store.reopen([OTHER, RUN]) == 1
    assert store.reopen([]) == 0


@pytest.mark.parametrize("upper", [False, True])
def test_a_run_is_found_however_its_beginning_is_written(store: RunStore, upper: bool) -> None:
    beginning = RUN[:12].upper() if upper else RUN[:12]
    assert store.find_run(beginning) == RUN
    with pytest.raises(StoreError, match=r"^no run of this store has an id that begins with 'x'$"):
        store.find_run("x")


def test_of_many_runs_that_begin_alike_the_first_four_are_named(store: RunStore) -> None:
    more = made_study("more", activation=["elu"], seeds="0..5")
    store.add_study(more, made_plan(more))
    named = ", ".join(sorted(store.states())[:4])
    with pytest.raises(StoreError, match=re.escape(f"several runs begin with '': {named}") + "$"):
        store.find_run("")


def test_of_results_of_several_engines_the_newest_counts(store: RunStore) -> None:
    study = made_study("engines", activation=["tanh"], seeds="0..1")
    for version in (7, 9, 8):
        plan = made_plan(study, engine_version=version)
        store.add_study(study, plan)
        with store.database.writing() as connection:
            for run in plan:
                connection.exec_driver_sql(
                    f"UPDATE runs SET engine_version = {version} WHERE run_id = '{run.run_id}'"
                )
        for run in plan:
            is_diverged = version == 9
            store.record(
                leased(store, run.run_id),
                made_record(run.run_id, status="diverged" if is_diverged else "finished"),
            )
    hashes = [run.spec_hash for run in made_plan(study)]
    for versions, newest in (([7, 8], 8), ([8, 7, 9], 9), ([7], 7)):
        expected = {r.spec_hash: r.run_id for r in made_plan(study, engine_version=newest)}
        assert store.find_finished(hashes, versions) == expected
    assert list(store.find_finished(hashes[:1], [7])) == hashes[:1]
    failed = made_study("failed", activation=["selu"], seeds="0")
    (run,) = made_plan(failed)
    store.add_study(failed, [run])
    store.record(leased(store, run.run_id), failed_record(run.run_id))
    (line,) = store.planned("failed")
    assert store.find_finished([run.spec_hash], [line.engine_version]) == {}
