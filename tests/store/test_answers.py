"""Answers to the test images: kept with results, exported, imported only if all fits together."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actwise.errors import StoreError
from actwise.spec import PlannedRun
from actwise.store import RunStore, remove
from actwise.store.exchange import (
    add_answers,
    export_all,
    export_table,
    import_folders,
    missing_answers,
)
from actwise.store.records import Answers, RunRecord, hash_predictions, pack_predictions
from made.exports import rewrite
from made.runs import ANSWERS, answered_record, leased, made_plan, made_record, made_study

DIGEST = "0" * 64
STUDY = made_study(activation=["relu"])
FIRST, SECOND = (run.run_id for run in made_plan(STUDY))


def made_store(folder: Path, *records: RunRecord) -> RunStore:
    store = RunStore.open(folder, create=True)
    plan: list[PlannedRun] = made_plan(STUDY)
    store.add_study(STUDY, plan)
    for record in records:
        store.record(leased(store, record.run_id), record)
    return store


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    with made_store(tmp_path / "origin", answered_record(FIRST)) as store:
        export_all(store, tmp_path / "exported")
    return tmp_path / "exported"


def without_answers(folder: Path) -> Path:
    """The export as version 2 would have written it."""
    (folder / "answers.parquet").unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sha256"]["answers.parquet"]
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema_version": 2}))
    return folder


def test_a_result_brings_the_answers_of_its_data_once(tmp_path: Path) -> None:
    with made_store(tmp_path, answered_record(FIRST), answered_record(SECOND)) as store:
        assert store.result(FIRST) == answered_record(FIRST)
        (row,) = export_table(store, "answers", where=["seed=1"]).to_pylist()
        seen = store.snapshot(most_predictions=2)
    assert row == {"data_digest": DIGEST, "num_classes": 10, "labels": list(range(10))}
    assert seen.answers[DIGEST].says_the_same(ANSWERS)
    assert {predicted.data_digest for predicted in seen.predictions.values()} == {DIGEST}


def test_a_record_with_answers_crosses_a_pipe_unchanged() -> None:
    record = answered_record(FIRST)
    assert RunRecord.from_json(json.loads(json.dumps(record.to_json()))) == record


def test_other_answers_of_the_same_data_are_refused(tmp_path: Path) -> None:
    other = Answers.of(np.zeros(10), 10)
    with made_store(tmp_path, answered_record(FIRST)) as store:
        lease = leased(store, SECOND)
        with pytest.raises(StoreError, match="has other answers to the test images of data 0"):
            store.record(lease, made_record(SECOND, answers=other))
        assert store.result(SECOND) is None
        with pytest.raises(StoreError, match="other answers"):
            add_answers(store, {DIGEST: Answers.of(np.arange(10), 11)})


def test_answers_go_with_the_last_run_on_their_data(tmp_path: Path) -> None:
    with made_store(tmp_path, answered_record(FIRST), answered_record(SECOND)) as store:
        remove(store, "made", [FIRST])
        assert store.result(SECOND) == answered_record(SECOND)
        remove(store, "made")
        with store.database.reading() as connection:
            left = connection.exec_driver_sql("SELECT count(*) FROM answers").scalar_one()
    assert left == 0


def test_an_import_brings_answers_also_for_results_that_are_there(
    exported: Path, tmp_path: Path
) -> None:
    with made_store(tmp_path / "target", answered_record(FIRST, answers=None)) as store:
        known = store.result(FIRST)
        assert known is not None and known.answers is None
        assert missing_answers(store) == {DIGEST: "digits"}
        imported = import_folders([exported], store)
        assert (imported.num_added, imported.num_present) == (0, 1)
        assert store.result(FIRST) == answered_record(FIRST)
        assert missing_answers(store) == {}


def test_an_older_export_has_none_and_still_comes_back(exported: Path, tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "target", create=True) as store:
        import_folders([without_answers(exported)], store)
        assert missing_answers(store) == {DIGEST: "digits"}
        add_answers(store, {DIGEST: ANSWERS})
        assert store.result(FIRST) == answered_record(FIRST)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data_digest": "../cifar10"}, r"data_digest is '../cifar10'"),
        ({"num_classes": 9}, "are not among 9 classes"),
        ({"num_classes": 0}, "num_classes is 0; a number of classes"),
        ({"num_classes": 10**9}, "from 1 to 65536 is expected"),
        ({"labels": []}, "are not among 10 classes"),
        ({"labels": list(range(9))}, "has predictions of 10 images, and the answers .* are 9"),
        ({"labels": [9] * 10}, "come to a test accuracy of .*, and 0.0 is recorded"),
    ],
)
def test_answers_that_do_not_fit_are_refused(
    exported: Path, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    rewrite(exported, "answers", lambda row: row.update(change))
    with RunStore.open(tmp_path / "target", create=True) as store:
        with pytest.raises(StoreError, match=message):
            import_folders([exported], store)
        assert store.planned() == []


def test_a_predicted_class_that_the_data_do_not_have_is_refused(
    exported: Path, tmp_path: Path
) -> None:
    classes = [10, *range(1, 10)]
    rewrite(exported, "predictions", lambda row: row.update(classes=classes))
    digest = hash_predictions(np.array(classes))
    rewrite(exported, "runs", lambda row: row.update(predictions_sha256=digest))
    with (
        RunStore.open(tmp_path / "target", create=True) as store,
        pytest.raises(StoreError, match="predicts class 10 of 10"),
    ):
        import_folders([exported], store)


def test_an_import_with_other_answers_than_the_store_has_changes_nothing(
    exported: Path, tmp_path: Path
) -> None:
    predictions = np.zeros(10, dtype=np.int64)
    record = made_record(
        SECOND,
        test_accuracy=100.0,
        predictions=pack_predictions(predictions),
        predictions_sha256=hash_predictions(predictions),
        answers=Answers.of(predictions, 10),
    )
    with made_store(tmp_path / "target", record) as store:
        with pytest.raises(StoreError, match=r"other answers.*nothing was imported"):
            import_folders([exported], store)
        assert store.result(FIRST) is None
