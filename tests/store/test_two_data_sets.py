"""Answers and predictions of two data sets in one store: neither is held against the other."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.errors import StoreError
from actwise.spec import PlannedRun
from actwise.store import RunStore, remove
from actwise.store.exchange import add_answers, export_table, missing_answers
from actwise.store.records import Answers, RunRecord, hash_predictions, pack_predictions
from made.runs import failed_record, leased, made_plan, made_record, made_study

DIGITS, MINE = "0" * 64, "1" * 64
OF_DIGITS, OF_MINE = Answers.of(np.array([0, 1, 2, 3]), 4), Answers.of(np.array([0, 1]), 2)


def plan_of(name: str, activation: str) -> list[PlannedRun]:
    """One run; of the study ``mine`` on data of that name."""
    plan = made_plan(made_study(name, activation=[activation], seeds="0"))
    if name != "mine":
        return plan
    return [
        replace(
            run,
            spec=run.spec.model_copy(update={"dataset": "mine"}),
            settings={**run.settings, "data": MINE},
        )
        for run in plan
    ]


def predicting(run: str, classes: list[int], accuracy: float | None, **values: Any) -> RunRecord:
    """A result with these predictions, without answers unless they are given."""
    classes_N = np.array(classes)
    return made_record(
        run,
        predictions=pack_predictions(classes_N),
        predictions_sha256=hash_predictions(classes_N),
        test_accuracy=accuracy,
        **values,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Studies ``digits`` and ``mine``, each with a finished run, without answers."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for name, activation in (("digits", "relu"), ("mine", "elu")):
            store.add_study(made_study(name), plan_of(name, activation))
        digits, mine = run_of(store, "digits"), run_of(store, "mine")
        store.record(leased(store, digits), predicting(digits, [0, 1, 2, 0], 75.0))
        store.record(leased(store, mine), predicting(mine, [0, 0], 50.0))
        yield store


def run_of(store: RunStore, study: str) -> str:
    return store.planned(study)[0].run_id


def stored(store: RunStore) -> dict[str, int]:
    """How many classes the answers of each data set have."""
    return {
        row["data_digest"]: row["num_classes"] for row in export_table(store, "answers").to_pylist()
    }


def test_each_is_missing_until_it_is_added(store: RunStore) -> None:
    assert missing_answers(store) == {DIGITS: "digits", MINE: "mine"}
    add_answers(store, {MINE: OF_MINE})
    assert missing_answers(store) == {DIGITS: "digits"}
    assert stored(store) == {MINE: 2}
    add_answers(store, {DIGITS: OF_DIGITS, MINE: OF_MINE})
    assert missing_answers(store) == {}
    assert stored(store) == {DIGITS: 4, MINE: 2}
    assert export_table(store, "answers")["labels"].to_pylist() == [[0, 1, 2, 3], [0, 1]]
    assert export_table(store, "answers", study="mine")["num_classes"].to_pylist() == [2]
    for study, answers in (("digits", OF_DIGITS), ("mine", OF_MINE)):
        found = store.result(run_of(store, study))
        assert found is not None and found.answers == answers


def test_data_of_runs_that_predicted_nothing_are_not_missing(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "other", create=True) as store:
        store.add_study(made_study("digits"), plan_of("digits", "relu"))
        run = run_of(store, "digits")
        assert missing_answers(store) == {}
        store.record(leased(store, run), failed_record(run))
        assert missing_answers(store) == {}


def test_answers_of_removed_data_go_and_the_others_stay(store: RunStore) -> None:
    add_answers(store, {DIGITS: OF_DIGITS, MINE: OF_MINE})
    remove(store, "digits")
    assert stored(store) == {MINE: 2}
    found = store.result(run_of(store, "mine"))
    assert found is not None and found.answers == OF_MINE


@pytest.mark.parametrize(
    ("labels", "num_classes", "sentence"),
    [
        ([0, 1, 2], 4, "run {run} has predictions of 4 images, and the answers of its data are 3"),
        ([0, 1, 1, 1], 2, "run {run} predicts class 2 of 2"),
        (
            [0, 0, 0, 0],
            3,
            "the predictions of run {run} come to a test accuracy of 50, and 75.0 is recorded",
        ),
    ],
)
def test_answers_that_do_not_fit_what_was_predicted_are_refused_whole(
    store: RunStore, labels: list[int], num_classes: int, sentence: str
) -> None:
    new = {MINE: OF_MINE, DIGITS: Answers.of(np.array(labels), num_classes)}
    with pytest.raises(StoreError) as refusal:
        add_answers(store, new)
    assert str(refusal.value) == sentence.format(run=run_of(store, "digits"))
    assert stored(store) == {}


def test_other_answers_than_the_store_has_are_refused_with_their_data(store: RunStore) -> None:
    add_answers(store, {DIGITS: OF_DIGITS, MINE: OF_MINE})
    sentence = f"the store has other answers to the test images of data {DIGITS}"
    with pytest.raises(StoreError, match=f"^{re.escape(sentence)}$"):
        add_answers(store, {MINE: OF_MINE, DIGITS: Answers.of(np.array([0, 1, 2, 2]), 4)})
    study = made_study("more", activation=["tanh"], seeds="0")
    store.add_study(study, made_plan(study))
    run = run_of(store, "more")
    wrong = predicting(run, [0], 100.0, answers=Answers.of(np.array([0]), 4))
    with pytest.raises(StoreError, match=f"^{re.escape(sentence)}$"):
        store.record(leased(store, run), wrong)
    assert store.result(run) is None


@pytest.mark.parametrize(("off", "fits"), [(1e-12, True), (-1e-12, True), (1e-6, False)])
def test_an_accuracy_may_be_off_by_its_rounding_only(
    store: RunStore, off: float, fits: bool
) -> None:
    study = made_study("thirds", activation=["tanh"], seeds="0")
    digest = "2" * 64
    plan = [replace(run, settings={**run.settings, "data": digest}) for run in made_plan(study)]
    store.add_study(study, plan)
    run = plan[0].run_id
    store.record(leased(store, run), predicting(run, [0, 1, 1], 100 * (2 / 3) + off))
    answers = Answers.of(np.array([0, 1, 0]), 2)
    if fits:
        add_answers(store, {digest: answers})
    else:
        with pytest.raises(StoreError, match="come to a test accuracy of 66"):
            add_answers(store, {digest: answers})
    assert (digest in stored(store)) is fits
