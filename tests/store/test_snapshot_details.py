"""What a snapshot says of one study beside others: first result, data sets, machines, curves."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actwise.spec import PlannedRun
from actwise.store import RunStore, survey
from actwise.store.records import Answers, RunRecord, hash_predictions, pack_predictions
from made.runs import (
    ANSWERS,
    ENVIRONMENT,
    answered_record,
    failed_record,
    leased,
    made_epoch,
    made_plan,
    made_record,
    made_study,
)

OTHER_DATA = "1" * 64
FEW = Answers.of(np.array([0, 1, 2, 0]), 3)
ONE, TWO = made_study("one", seeds="0..1"), made_study("two", activation=["tanh"], seeds="0")


def on_other_data(plan: list[PlannedRun]) -> list[PlannedRun]:
    """The same runs on a data set of another name and digest."""
    return [
        replace(
            run,
            run_id=run.run_id[::-1],
            spec_hash=run.spec_hash[::-1],
            cell_hash=run.cell_hash[::-1],
            spec=run.spec.model_copy(update={"dataset": "mine"}),
            settings={**run.settings, "data": OTHER_DATA},
        )
        for run in plan
    ]


def few_record(run: str) -> RunRecord:
    """A result on the other data, three of four images right."""
    classes = np.array([0, 1, 2, 1])
    return made_record(
        run,
        predictions=pack_predictions(classes),
        predictions_sha256=hash_predictions(classes),
        test_accuracy=75.0,
        answers=FEW,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Study ``one`` of four runs and then ``two`` of one on other data, all finished."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for study, plan in ((ONE, made_plan(ONE)), (TWO, on_other_data(made_plan(TWO)))):
            store.add_study(study, plan)
            for run in plan:
                is_one = study is ONE
                record = answered_record(run.run_id) if is_one else few_record(run.run_id)
                store.record(leased(store, run.run_id), record)
        yield store


def test_the_first_result_and_the_number_of_results_are_those_of_the_study(
    store: RunStore,
) -> None:
    ends = {run: end.recorded_at for run, end in survey(store).ends.items()}
    first = min(ends.values())
    (last,) = (ends[run.run_id] for run in store.planned("two"))
    seen = [store.snapshot(study=study) for study in (None, "one", "two")]
    assert [each.first_result for each in seen] == [first, first, last]
    assert [each.num_results for each in seen] == [5, 4, 1]
    assert [len(each.studies) for each in seen] == [2, 1, 1]
    # Whatever part of it is chosen.
    part = store.snapshot(study="one", where=["seed=1"])
    assert (part.first_result, part.num_results, len(part.rows)) == (first, 4, 2)


def test_failed_runs_are_no_results_and_diverged_ones_are(store: RunStore) -> None:
    more = made_study("more", activation=["selu", "mish", "gelu"], seeds="0")
    plan = [run.run_id for run in made_plan(more)]
    store.add_study(more, made_plan(more))
    assert store.snapshot(study="more").first_result is None
    store.record(leased(store, plan[0]), failed_record(plan[0]))
    store.record(leased(store, plan[1]), made_record(plan[1], status="diverged"))
    seen = store.snapshot(study="more")
    assert (seen.num_results, len(seen.rows), len(seen.states)) == (1, 2, 3)


def test_images_and_classes_are_told_of_each_data_set(store: RunStore) -> None:
    seen = store.snapshot(most_predictions=5)
    assert seen.num_test_images == {"digits": 10, "mine": 4}
    assert seen.num_classes == {"digits": 10, "mine": 3}
    assert set(seen.answers) == {"0" * 64, OTHER_DATA}
    assert seen.answers[OTHER_DATA].says_the_same(FEW)
    digests = {run.run_id: seen.predictions[run.run_id].data_digest for run in store.planned()}
    assert [digests[run.run_id] for run in store.planned("two")] == [OTHER_DATA]
    assert {digests[run.run_id] for run in store.planned("one")} == {"0" * 64}
    alone = store.snapshot(study="two")
    assert (alone.num_test_images, alone.num_classes) == ({"mine": 4}, {"mine": 3})
    assert set(alone.answers) == {OTHER_DATA}
    assert alone.predictions == {}


def test_without_answers_the_number_of_classes_is_not_known(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "bare", create=True) as store:
        store.add_study(ONE, made_plan(ONE))
        run = store.planned()[0].run_id
        store.record(leased(store, run), made_record(run))
        seen = store.snapshot()
    assert (seen.num_test_images, seen.num_classes, seen.answers) == ({"digits": 10}, {}, {})
    assert not ANSWERS.says_the_same(FEW)


@pytest.mark.parametrize(("most", "number"), [(5, 5), (4, 0), (0, 0)])
def test_predictions_are_read_of_as_many_runs_as_asked_for(
    store: RunStore, most: int, number: int
) -> None:
    assert len(store.snapshot(most_predictions=most).predictions) == number


def test_machines_are_told_with_the_runs_that_each_trained(store: RunStore) -> None:
    there = {"host": "there", "fingerprint": {"device": "cuda"}}
    more = made_study("more", activation=["selu", "mish"], seeds="0")
    store.add_study(more, made_plan(more))
    for run, environment in zip(store.planned("more"), (ENVIRONMENT, there), strict=True):
        record = made_record(run.run_id, environment=environment)
        store.record(leased(store, run.run_id), record)
    here, elsewhere = (run.run_id for run in store.planned("more"))
    machines = {m.details["host"]: m for m in store.snapshot(study="more").machines}
    assert {host: m.run_ids for host, m in machines.items()} == {
        "here": (here,),
        "there": (elsewhere,),
    }
    assert machines["there"].fingerprint_id != machines["here"].fingerprint_id
    (alone,) = store.snapshot(study="more", where=["activation=mish"]).machines
    assert alone.details == there
    everyone = {m.details["host"]: len(m.run_ids) for m in store.snapshot().machines}
    assert everyone == {"here": 6, "there": 1}


@pytest.mark.parametrize(
    ("further", "measure"),
    [
        ({"validation_accuracy": 40.0}, "validation_accuracy"),
        ({"validation_accuracy": 40.0, "test_accuracy": 30.0}, "test_accuracy"),
        ({}, "train_accuracy"),
    ],
)
def test_curves_are_of_the_first_measure_that_a_run_has(
    tmp_path: Path, further: dict[str, float], measure: str
) -> None:
    study = made_study(seeds="0")
    with RunStore.open(tmp_path / "curves", create=True) as store:
        store.add_study(study, made_plan(study))
        first, second = (run.run_id for run in store.planned())
        curve = (made_epoch(1, **further), made_epoch(2))
        store.record(leased(store, first), made_record(first, epochs=curve))
        diverged = made_record(second, epochs=curve, status="diverged")
        store.record(leased(store, second), diverged)
        curves = store.snapshot().curves
    known = [(1, further.get(measure, 10.0))]
    known += [] if further else [(2, 20.0)]
    assert [tuple(point) for point in curves] == [
        (first, measure, epoch, 1, value) for epoch, value in known
    ]


def test_curves_of_labels_stand_one_after_the_other_by_epoch(store: RunStore) -> None:
    curves = store.snapshot(study="one").curves
    by_label = {run.run_id: run.label for run in store.planned("one")}
    labels = sorted({*by_label.values()})
    assert [(by_label[p.run_id], p.epoch, p.num_runs, p.total) for p in curves] == [
        (label, epoch, 2, 20.0 * epoch) for label in labels for epoch in (1, 2, 3)
    ]
    both = store.snapshot().curves
    assert [(p.epoch, p.num_runs) for p in both].count((3, 1)) == 1
    assert len(both) == 9
