"""Exports: which columns and rows, in which order, in which form."""

import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actwise.errors import ActwiseError, OutputError, SpecError, UnknownNameError
from actwise.spec import RunSpec
from actwise.store import RunStore
from actwise.store.exchange import WHAT, export_all, export_table, render_table, write_table
from actwise.store.records import fingerprint_id, pack_probes, unpack_predictions
from made.runs import (
    ANSWERS,
    ENVIRONMENT,
    FINGERPRINT,
    failed_record,
    finish,
    leased,
    look_at,
    made_epoch,
    made_plan,
    made_probe,
    made_record,
    made_study,
)

PROBED = pack_probes([made_probe(0)])
RUN_COLUMNS = [
    "run_id",
    "aliased",
    "spec_hash",
    "engine_version",
    "study",
    "dataset",
    "model",
    "width",
    "regularization",
    "activation",
    "seed",
    "status",
    "test_accuracy",
    "best_test_accuracy",
    "reestimated_accuracy",
    "validation_accuracy",
    "train_accuracy",
    "test_loss",
    "epochs",
    "train_seconds",
    "images_per_second",
    "parameters",
    "device",
    "attempts",
    "weights_sha256",
    "predictions_sha256",
    "environment",
    "spec",
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """The study ``made``: relu, elu and selu under bn and bn+dropout, which are aliased."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study(
            regularization=["bn", "bn+dropout"], activation=["relu", "elu", "selu"], seeds="0"
        )
        store.add_study(study, made_plan(study))
        yield store


def rows(table: pa.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def test_runs_have_the_columns_of_the_contract_also_without_rows(store: RunStore) -> None:
    assert export_table(store, "runs").column_names == RUN_COLUMNS
    assert export_table(store, "runs").num_rows == 0
    finish(store, made_plan(made_study(activation=["relu"], seeds="0")))
    assert export_table(store, "runs").column_names == RUN_COLUMNS


def test_runs_have_one_row_per_label_in_the_order_of_the_plan(store: RunStore) -> None:
    finish(store, made_plan(made_study(activation=["relu", "elu"], seeds="0")))
    table = rows(export_table(store, "runs"))
    labels = [(row["regularization"], row["activation"], row["aliased"]) for row in table]
    assert labels == [
        ("bn", "relu", True),
        ("bn", "elu", True),
        ("bn+dropout", "relu", True),
        ("bn+dropout", "elu", True),
    ]
    assert table[0]["run_id"] == table[2]["run_id"]


def test_a_row_holds_what_was_recorded(store: RunStore) -> None:
    planned = store.planned()[0]
    store.record(leased(store, planned.run_id), made_record(planned.run_id))
    row = rows(export_table(store, "runs"))[0]
    record = made_record(planned.run_id)
    for name in ("status", "test_accuracy", "test_loss", "weights_sha256", "images_per_second"):
        assert row[name] == getattr(record, name)
    assert (row["epochs"], row["attempts"], row["device"], row["parameters"]) == (3, 1, "cpu", 1000)
    assert row["environment"] == fingerprint_id(FINGERPRINT)
    assert RunSpec.model_validate_json(row["spec"]) == planned.spec
    assert json.loads(row["spec"])["train"]["batch_size"] == 128


def test_failed_and_diverged_runs_are_exported_and_pending_ones_are_not(store: RunStore) -> None:
    first, second = (run.run_id for run in store.planned()[:2])
    store.record(leased(store, first), failed_record(first))
    diverged = made_record(second, status="diverged", test_accuracy=None)
    store.record(leased(store, second), diverged)
    table = rows(export_table(store, "runs", where=["regularization=bn"]))
    assert [(row["status"], row["test_accuracy"]) for row in table] == [
        ("failed", None),
        ("diverged", None),
    ]


def test_further_factors_and_settings_that_differ_become_columns(store: RunStore) -> None:
    tuned = made_study("tuned", seeds="0", factors={"train.learning_rate": [0.1, 0.3]})
    longer = made_study("tuned", seeds="0", train={"epochs": 7})
    for study in (tuned, longer):
        store.add_study(study, made_plan(study))
        finish(store, made_plan(study))
    table = export_table(store, "runs", study="tuned")
    assert table.column_names == [
        *RUN_COLUMNS[:11],
        "train.epochs",
        "train.learning_rate",
        *RUN_COLUMNS[11:],
    ]
    asked = {(row["train.epochs"], row["train.learning_rate"]) for row in rows(table)}
    assert asked == {(200, 0.1), (200, 0.3), (7, 0.1)}


def test_a_factor_whose_levels_are_lists_is_written_as_json(store: RunStore) -> None:
    study = made_study(
        "steps",
        seeds="0",
        activation=["relu"],
        train={"schedule": "step"},
        factors={"train.step_milestones": [[0.5], [0.5, 0.75]]},
    )
    store.add_study(study, made_plan(study))
    finish(store, made_plan(study))
    column = export_table(store, "runs", study="steps")["train.step_milestones"]
    assert column.to_pylist() == ["[0.5]", "[0.5,0.75]"]


def test_epochs_carry_their_labels(store: RunStore) -> None:
    run = store.planned()[1].run_id
    epochs = (made_epoch(1), made_epoch(2, train_loss=math.nan, test_accuracy=44.0))
    store.record(leased(store, run), made_record(run, epochs=epochs))
    table = rows(export_table(store, "epochs"))
    assert [(row["regularization"], row["activation"], row["epoch"]) for row in table] == [
        ("bn", "elu", 1),
        ("bn", "elu", 2),
        ("bn+dropout", "elu", 1),
        ("bn+dropout", "elu", 2),
    ]
    assert (table[0]["train_loss"], table[1]["train_loss"]) == (1.0, None)
    assert (table[1]["test_accuracy"], table[1]["study"], table[1]["seed"]) == (44.0, "made", 0)


def test_predictions_come_once_per_run(store: RunStore) -> None:
    run, other = (planned.run_id for planned in store.planned()[:2])
    record = made_record(run)
    store.record(leased(store, run), record)
    store.record(leased(store, other), failed_record(other))
    assert record.predictions is not None
    predictions = rows(export_table(store, "predictions"))
    classes = unpack_predictions(record.predictions)
    assert predictions == [{"run_id": run, "classes": classes.tolist()}]


def test_environments_and_looks_are_exported_by_study(store: RunStore) -> None:
    finish(store, made_plan(made_study(seeds="0")))
    look_at(store, study="made", num_seeds=1)
    (environment,) = rows(export_table(store, "environments", study="made"))
    assert json.loads(environment["details"]) == ENVIRONMENT
    (look,) = rows(export_table(store, "looks", study="made"))
    assert (look["study"], look["what"], look["num_seeds"]) == ("made", "analyze", 1)


@pytest.mark.parametrize(
    ("where", "activations"),
    [
        (["activation=elu"], ["elu", "elu"]),
        (["activation=elu", "activation=relu", "regularization=bn"], ["relu", "elu"]),
        (["width=1", "aliased=on", "regularization=bn"], ["relu", "elu", "selu"]),
        (["best_test_accuracy=", "regularization=bn"], ["relu", "elu", "selu"]),
        (["best_test_accuracy=none", "regularization=bn"], ["relu", "elu", "selu"]),
        (["status=diverged"], []),
    ],
)
def test_conditions_choose_rows(store: RunStore, where: list[str], activations: list[str]) -> None:
    finish(store, made_plan(made_study(activation=["relu", "elu", "selu"], seeds="0")))
    assert export_table(store, "runs", where=where)["activation"].to_pylist() == activations
    curves = export_table(store, "epochs", where=where)["activation"].to_pylist()
    assert curves == list(np.repeat(activations, 3))


@pytest.mark.parametrize(
    ("what", "arguments", "error", "sentence"),
    [
        ("run", {}, UnknownNameError, "did you mean runs"),
        ("runs", {"study": "mode"}, UnknownNameError, "did you mean made"),
        ("runs", {"where": ["activaton=elu"]}, UnknownNameError, "did you mean activation"),
        ("runs", {"where": ["activation=el"]}, UnknownNameError, "did you mean elu"),
        ("looks", {"where": ["activation=elu"]}, UnknownNameError, "no field is named"),
        ("runs", {"where": ["activation"]}, SpecError, "is not FIELD=VALUE"),
    ],
)
def test_what_cannot_be_exported_is_named(
    store: RunStore, what: str, arguments: dict[str, Any], error: type[ActwiseError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        export_table(store, what, **arguments)


def test_csv_neutralises_formulas_and_keeps_every_digit() -> None:
    table = pa.table(
        {
            "text": ["=HYPERLINK()", "+1", "-1", "@a", "\tb", "relu", None],
            "number": [0.1 + 0.2, -1.0, None, 1e-300, 2.0, math.inf, 3.0],
            "flag": [True, False, None, True, True, True, True],
            "list": [[1, 2], [], None, [3], [4], [5], [6]],
        }
    )
    read = list(csv.reader(io.StringIO(render_table(table, "csv").decode(), newline="")))
    assert [row[0] for row in read[1:]] == [
        "'=HYPERLINK()",
        "'+1",
        "'-1",
        "'@a",
        "'\tb",
        "relu",
        "",
    ]
    assert [row[1] for row in read[1:4]] == ["0.30000000000000004", "-1.0", ""]
    assert [row[2] for row in read[1:4]] == ["true", "false", ""]
    assert [row[3] for row in read[1:4]] == ["[1,2]", "[]", ""]


def test_json_is_an_array_of_objects_without_numbers_that_json_lacks() -> None:
    table = pa.table({"loss": [math.nan, 0.5], "packed": [b"\x00", None]})
    assert json.loads(render_table(table, "json")) == [
        {"loss": None, "packed": "AA=="},
        {"loss": 0.5, "packed": None},
    ]
    assert json.loads(render_table(table.slice(0, 0), "json")) == []


@pytest.mark.parametrize("what", WHAT)
def test_every_table_is_written_in_every_format(store: RunStore, tmp_path: Path, what: str) -> None:
    finish(store, made_plan(made_study(seeds="0")), probes=PROBED, answers=ANSWERS)
    look_at(store, num_seeds=1)
    table = export_table(store, what)
    for format in ("csv", "json", "parquet"):
        write_table(table, tmp_path / f"table.{format}", format)
    assert pq.read_table(tmp_path / "table.parquet").equals(table)
    assert len(json.loads((tmp_path / "table.json").read_bytes())) == table.num_rows > 0
    assert len((tmp_path / "table.csv").read_text().splitlines()) == table.num_rows + 1
    assert {path.name for path in tmp_path.iterdir()} >= {"table.csv", "table.json"}
    assert not list(tmp_path.glob(".*"))


def test_a_table_goes_to_a_stream_or_is_refused(store: RunStore, tmp_path: Path) -> None:
    table = export_table(store, "runs")
    stream = io.BytesIO()
    write_table(table, stream, "csv")
    assert stream.getvalue().startswith(b"run_id,aliased,")
    with pytest.raises(UnknownNameError, match="did you mean csv"):
        write_table(table, stream, "csvs")
    with pytest.raises(OutputError, match="cannot be written"):
        write_table(table, tmp_path / "missing" / "table.csv", "csv")


def test_two_exports_of_one_store_are_equal(store: RunStore, tmp_path: Path) -> None:
    finish(store, made_plan(made_study(seeds="0")), probes=PROBED)
    first, second = export_all(store, tmp_path / "a"), export_all(store, tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    with pytest.raises(SpecError, match="exists already"):
        export_all(store, tmp_path / "a")
