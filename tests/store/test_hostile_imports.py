"""Folders that are no exports, bombs, pipes, contradictions: refused whole, nothing is left."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.exchange import WHAT, export_all, export_table, import_folders
from actwise.store.records import hash_predictions, pack_predictions
from made.exports import (
    Forge,
    Refused,
    Row,
    cells,
    finished,
    replace_table,
    reshaped,
    settled,
    sign,
    typed,
)
from made.runs import answered_record, finish, leased, made_plan, made_record, made_study


def rows_of_one(num_rows: int) -> Forge:
    def forge(folder: Path) -> None:
        schema = pq.read_schema(folder / "epochs.parquet")
        nulls = {f.name: pa.nulls(num_rows, f.type) for f in schema}
        replace_table(folder, "epochs", pa.table(nulls, schema))

    return forge


def all_zero(num_rows: int) -> pa.Array:
    """More images for each run than there are test images anywhere: 5 million."""
    zeros = pa.array(np.zeros(5_000_000, np.uint8))
    parts = [pa.LargeListArray.from_arrays([0, len(zeros)], zeros)] * num_rows
    return pa.chunked_array(parts)


BOMBS: Mapping[str, Forge] = {
    "millions of rows": rows_of_one(3_000_000),
    "a text of 17 MB": cells("runs", traceback="x" * 17 * 10**6),
    "a text in every row, 1 MB": lambda folder: replace_table(
        folder,
        "looks",
        pa.table(
            {
                "looked_at": pa.DictionaryArray.from_arrays(
                    pa.array(np.zeros(2_000_000, np.int32)), ["x" * 2**20]
                )
            }
        ),
    ),
    "millions of classes": typed("predictions", "classes", all_zero),
    "a study of too many seeds": cells(
        "studies", spec=settled("spec", lambda spec: spec | {"seeds": "0..9999999999"})
    ),
    "a number of 5000 digits": cells("environments", details='{"memory_bytes":' + "9" * 5000 + "}"),
}


@pytest.mark.parametrize("forge", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_before_it_is_unpacked(
    exported: Path, forge: Forge, refused: Refused
) -> None:
    forge(exported)
    refused("e")


MANIFESTS: Mapping[str, Forge] = {
    "of another format": lambda f: sign(f, format="table"),
    "of version 0": lambda f: sign(f, schema_version=0),
    "of version true": lambda f: sign(f, schema_version=True),
    "of a version in words": lambda f: sign(f, schema_version="3"),
    "without hashes": lambda f: sign(f, sha256=[]),
    "of other hashes": lambda f: sign(f, sha256={}),
    "of hashes that are numbers": lambda f: sign(f, sha256={"runs.parquet": 5}),
    "nested without end": lambda f: (f / "manifest.json").write_text("[" * 200_000),
    "too long": lambda f: (f / "manifest.json").write_text(" " * 2**21),
    "no UTF-8": lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe{"),
}


@pytest.mark.parametrize("forge", MANIFESTS.values(), ids=MANIFESTS)
def test_a_manifest_that_is_none_is_refused(exported: Path, forge: Forge, refused: Refused) -> None:
    forge(exported)
    refused("e")


def as_pipe(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)


def as_device(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to("/dev/zero")


@pytest.mark.parametrize("name", ["manifest.json", "runs.parquet", "answers.parquet"])
@pytest.mark.parametrize("kind", [as_pipe, as_device])
def test_a_pipe_or_a_device_in_place_of_a_file_is_not_read(
    exported: Path, kind: Callable[[Path, str], None], name: str, refused: Refused
) -> None:
    kind(exported, name)
    assert f"{name} cannot be read: a " in refused("e")


def test_what_is_no_folder_of_an_export_is_named(exported: Path, refused: Refused) -> None:
    Path("empty").mkdir()
    Path("file").write_text("text")
    assert "'missing': there is no such folder" in refused("missing")
    assert "'file': there is no such folder" in refused("file")
    assert "xxx': there is no such folder" in refused("x" * 300)
    assert "'empty': it is no complete export" in refused("empty")
    (exported / "runs.parquet").write_bytes(b"PAR1 and no more PAR1")
    sign(exported)
    assert "runs.parquet is no Parquet file" in refused("e")


def test_every_folder_is_checked_before_the_first_is_written(
    exported: Path, template: Path, refused: Refused
) -> None:
    cells("runs", attempts=-1)(exported)
    assert "attempts is -1" in refused(str(template), "e")
    with RunStore.open("there", create=True) as store:
        with pytest.raises(StoreError, match="attempts is -1"):
            import_folders([template, exported], store)
        assert store.studies() == [] and store.states() == {}


def test_two_folders_that_contradict_each_other_leave_nothing(
    exported: Path, template: Path, refused: Refused
) -> None:
    cells("runs", weights_sha256=finished("weights_sha256", "c" * 64))(exported)
    sentence = refused(str(template), "e")
    assert "has another result in the store (weights_sha256 differ)" in sentence


@pytest.mark.parametrize("is_answered", [True, False], ids=["answers come", "answers were there"])
def test_predictions_must_fit_answers_that_come_before_or_after_them(
    tmp_path: Path, is_answered: bool
) -> None:
    """Each export is sound in itself: one has answers, the other predictions of fewer images."""
    study = made_study(activation=["relu"])
    first, second = (run.run_id for run in made_plan(study))
    classes = np.array([1, 2, 3])
    fewer: Row = {
        "predictions": pack_predictions(classes),
        "predictions_sha256": hash_predictions(classes),
    }
    records = [answered_record(second), made_record(first, **fewer)]
    for name, record in zip("ab", records if is_answered else records[::-1], strict=True):
        with RunStore.open(tmp_path / name, create=True) as store:
            store.add_study(study, made_plan(study))
            store.record(leased(store, record.run_id), record)
    with RunStore.open(tmp_path / "a") as origin, RunStore.open(tmp_path / "b") as store:
        export_all(origin, tmp_path / "e")
        before = {what: export_table(store, what) for what in WHAT}
        with pytest.raises(StoreError, match="has predictions of 3 images, and the answers"):
            import_folders([tmp_path / "e"], store)
        assert all(export_table(store, what).equals(before[what]) for what in WHAT)


def test_runs_on_the_same_data_predict_the_same_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused: Refused
) -> None:
    """Also where nobody knows the answers, which may be added later."""
    monkeypatch.chdir(tmp_path)
    study = made_study(activation=["relu"])
    classes = np.array([1, 2, 3])
    fewer: Row = {
        "predictions": pack_predictions(classes),
        "predictions_sha256": hash_predictions(classes),
    }
    with RunStore.open("origin", create=True) as store:
        store.add_study(study, made_plan(study))
        for run, changes in zip(made_plan(study), [{}, fewer], strict=True):
            store.record(leased(store, run.run_id), made_record(run.run_id, **changes))
        export_all(store, Path("e"))
    assert "predictions of 3 images, and another run on its data of 10" in refused("e")


HARMLESS: Mapping[str, Forge] = {
    "narrower numbers": typed("looks", "num_seeds", lambda n: pa.array([2] * n, pa.int8())),
    "a dictionary of texts": reshaped(
        "runs",
        lambda t: (
            t.set_column(10, "activation", t["activation"].dictionary_encode())
            if t.column_names[10] == "activation"
            else t
        ),
    ),
    "large texts": reshaped(
        "runs",
        lambda t: t.set_column(
            t.schema.get_field_index("status"), "status", t["status"].cast(pa.large_string())
        ),
    ),
    "a column of nothing": typed("runs", "validation_accuracy", pa.nulls),
    "further columns": reshaped("runs", lambda t: t.append_column("mine", pa.nulls(t.num_rows))),
    "several row groups": lambda f: (
        pq.write_table(pq.read_table(f / "epochs.parquet"), f / "epochs.parquet", row_group_size=1),
        sign(f),
    ),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_another_writer_of_the_same_values_is_read(
    exported: Path, template: Path, change: Forge
) -> None:
    change(exported)
    with RunStore.open("new", create=True) as store, RunStore.open(template.parent / "origin") as o:
        import_folders([exported], store)
        for what in WHAT:
            assert export_table(store, what).equals(export_table(o, what)), what


def test_a_training_on_all_images_comes_back(tmp_path: Path) -> None:
    """``train_size`` that is all that remains stands in no id, so its size is not in the export."""
    study = made_study(train={"train_size": 900, "validation_fraction": 0.1}, seeds="0")
    planned = made_plan(study)
    assert "train_size" not in planned[0].settings["train"]
    with RunStore.open(tmp_path / "a", create=True) as store:
        store.add_study(study, planned)
        finish(store, planned)
        export_all(store, tmp_path / "e")
    with RunStore.open(tmp_path / "b", create=True) as store:
        assert import_folders([tmp_path / "e"], store).num_added == len(planned)
