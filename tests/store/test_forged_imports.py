"""An import is checked before anything is written: a forged table is refused in one sentence.

The sentences stand in tests/data/pages/forged.txt. After a change that is meant write them anew by
``PYTHONPATH=src:tests python tests/store/test_forged_imports.py``, and read the difference.
"""

import contextlib
import io
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from actwise.cli.main import run_command
from made.exports import (
    Forge,
    Refused,
    cells,
    failed,
    finished,
    made_export,
    relabelled,
    reshaped,
    settled,
    typed,
    without_rows,
)


def twice(table: pa.Table) -> pa.Table:
    return pa.concat_tables([table, table])


def lines_twice(table: pa.Table) -> pa.Table:
    """Every line again, at places of its own."""
    found = twice(table)
    place = found.schema.get_field_index("position")
    positions = pa.array(range(found.num_rows), found.schema.field("position").type)
    return found.set_column(place, "position", positions)


def with_a_stranger(table: pa.Table) -> pa.Table:
    """A last row of a run that is nowhere else."""
    row = table.slice(table.num_rows - 1).to_pylist()[0] | {"run_id": "f" * 20}
    return pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)])


TYPES: Mapping[str, Forge] = {
    "text for a number": typed("runs", "attempts", lambda n: pa.array(["many"] * n)),
    "text that reads as a number": typed("runs", "test_accuracy", lambda n: pa.array(["50"] * n)),
    "a number for text": typed("runs", "run_id", lambda n: pa.array(range(n))),
    "floats for whole numbers": typed("runs", "seed", lambda n: pa.array([0.5] * n)),
    "numbers for truth": typed("study_runs", "aliased", lambda n: pa.array([1] * n)),
    "a list for a number": typed("epochs", "train_loss", lambda n: pa.array([[0.5]] * n)),
    "a record": typed("looks", "what", lambda n: pa.array([{"a": 1}] * n)),
    "bytes for text": typed("studies", "spec", lambda n: pa.array([b"{}"] * n)),
    "a time": typed("runs", "recorded_at", lambda n: pa.array([0] * n, pa.timestamp("us"))),
    "nested lists": typed("predictions", "classes", lambda n: pa.array([[[1]]] * n)),
    "lists of numbers below 0": typed("predictions", "classes", lambda n: pa.array([[-1]] * n)),
    "lists of large classes": typed("answers", "labels", lambda n: pa.array([[70_000]] * n)),
    "lists with gaps": typed("predictions", "classes", lambda n: pa.array([[1, None]] * n)),
    "no lists": typed(
        "predictions", "classes", lambda n: pa.array([None] * n, pa.list_(pa.int8()))
    ),
    "beyond 63 bits": typed("runs", "seed", lambda n: pa.array([2**63] * n, pa.uint64())),
    "nothing where something must be": typed("runs", "status", pa.nulls),
    "broken UTF-8": typed(
        "runs", "traceback", lambda n: pa.array([b"\xff\xfe"] * n).view(pa.string())
    ),
}
SHAPES: Mapping[str, Forge] = {
    "a column less": reshaped("runs", lambda t: t.drop_columns("observed")),
    "a column twice": reshaped("runs", lambda t: t.append_column("status", t["status"])),
    "a column of another name": reshaped("looks", lambda t: t.rename_columns({"what": "why"})),
    "rows of runs twice": reshaped("runs", twice),
    "rows of plans twice": reshaped("study_runs", twice),
    "rows of predictions twice": reshaped("predictions", twice),
    "rows of answers twice": reshaped("answers", twice),
    "rows of studies twice": reshaped("studies", twice),
    "epochs twice": reshaped("epochs", twice),
    "an epoch less": reshaped("epochs", lambda t: t.slice(1)),
    "epochs in another order": reshaped("epochs", lambda t: t.sort_by([("epoch", "descending")])),
    "no predictions": lambda f: without_rows(f, "predictions"),
    "no plans": lambda f: without_rows(f, "study_runs"),
    "no studies": lambda f: without_rows(f, "studies"),
    "no machines": lambda f: without_rows(f, "environments"),
    "predictions of nobody": cells("predictions", run_id="a" * 20),
    "probes of nobody": cells("probes", run_id="a" * 20),
    "lines of plans twice": reshaped("study_runs", lines_twice),
    "a stranger among the epochs": reshaped("epochs", with_a_stranger),
    "a stranger among the predictions": reshaped("predictions", with_a_stranger),
    "a stranger among the probes": reshaped("probes", with_a_stranger),
    "a stranger among the runs": reshaped("runs", with_a_stranger),
}
VALUES: Mapping[str, Forge] = {
    "an accuracy above 100": cells("runs", test_accuracy=finished("test_accuracy", 100.5)),
    "an accuracy below 0": cells("runs", best_test_accuracy=-1.0),
    "NaN": cells("runs", train_seconds=float("nan")),
    "infinity": cells("epochs", train_loss=float("inf")),
    "a sum that would overflow": cells("runs", train_seconds=1.7e308),
    "negative time": cells("epochs", seconds=-1.0),
    "no attempt": cells("runs", attempts=0),
    "attempts below 0": cells("runs", attempts=-3),
    "an unknown status": cells("runs", status="stopped"),
    "pending among the results": cells("runs", status="pending"),
    "diverged with an accuracy": cells("runs", status="diverged", traceback=None),
    "failed without a traceback": cells("runs", traceback=None),
    "finished with a traceback": cells("runs", traceback="Error"),
    "finished without an accuracy": cells("runs", test_accuracy=None),
    "finished without weights": cells("runs", weights_sha256=None),
    "weights that are no hash": cells("runs", weights_sha256="beef"),
    "a best epoch below the last": cells("runs", best_test_accuracy=0.0, test_accuracy=10.0),
    "a best epoch without a test curve": cells(
        "runs", best_test_accuracy=finished("best_test_accuracy", 99.0)
    ),
    "a best epoch that is not in the curve": lambda folder: (
        cells("epochs", test_accuracy=lambda row: 10.0 * row["epoch"])(folder),
        cells(
            "runs",
            test_accuracy=finished("best_test_accuracy", 30.0),
            best_test_accuracy=finished("best_test_accuracy", 40.0),
        )(folder),
    ),
    "a last epoch of another accuracy": cells(
        "runs", train_accuracy=finished("best_test_accuracy", 99.0)
    ),
    "a last epoch of another validation": lambda folder: (
        cells("epochs", validation_accuracy=50.0)(folder),
        cells("runs", validation_accuracy=finished("best_test_accuracy", 60.0))(folder),
    ),
    "a last epoch of another test loss": cells("epochs", test_loss=9.0),
    "failed with weights": cells("runs", weights_sha256=failed("weights_sha256", "a" * 64)),
    "failed with a training": cells("runs", train_accuracy=failed("train_accuracy", 0.0)),
    "failed with a best epoch": cells(
        "runs", best_test_accuracy=failed("best_test_accuracy", 90.0)
    ),
    "failed and observed": cells("runs", observed=failed("observed", '["test_curve"]')),
    "probes that nobody observed": cells("runs", observed="[]"),
    "observed without probes": lambda folder: without_rows(folder, "probes"),
    "answers of other data": cells("answers", data_digest="f" * 64),
    "too few epochs": cells("runs", epochs=0),
    "too many epochs": cells("runs", epochs=10**9),
    "epochs from 0": cells("epochs", epoch=lambda row: row["epoch"] - 1),
    "an epoch twice": cells("epochs", epoch=1),
    "a month 13": cells("runs", recorded_at="2026-13-01T00:00:00+00:00"),
    "no time at all": cells("studies", started_at="yesterday"),
    "a time of elsewhere": cells("looks", looked_at="2026-01-01T00:00:00+01:00"),
    "unknown observations": cells("runs", observed='["everything"]'),
    "observations that are none": cells("runs", observed='{"probes": 1}'),
    "no JSON": cells("runs", observed="["),
    "JSON without an end": cells("environments", details="[" * 100_000),
    "NaN in JSON": cells("environments", details='{"memory_bytes":NaN}'),
    "a machine of another id": cells("environments", details='{"host":"there"}'),
    "another machine": cells("runs", environment_id="0" * 16),
    "another fingerprint": cells("runs", environment="0" * 12),
    "another device": cells("runs", device="cuda"),
    "an accuracy that predictions do not give": cells(
        "runs", test_accuracy=finished("test_accuracy", 90.0)
    ),
    "predictions of another hash": cells("predictions", classes=[1, 2, 3]),
    "answers of fewer images": cells("answers", labels=[1, 2, 3]),
    "other parameters than the plan": cells("runs", parameters=7),
    "another level than the plan": cells("runs", activation="gelu"),
    "another width than the plan": cells("runs", width=2.0),
    "another spec than the plan": cells("runs", spec=settled("spec", lambda s: s | {"seed": 9})),
    "a spec that is none": cells("runs", spec="{}"),
    "another study": cells("runs", study="old"),
    "a study that is not there": cells("study_runs", study="nowhere"),
    "another label": cells("study_runs", label="0" * 16),
    "another seed": cells("study_runs", seed=5),
    "another engine": cells("study_runs", engine_version=1),
    "positions that fall": cells("study_runs", position=3),
    "parameters that differ": cells(
        "study_runs", parameters=lambda row: 1 if row["study"] == "one" else 2
    ),
    "a level that is none": relabelled(activation="elu(((("),
    "a width of 0": relabelled(width=0),
    "a setting that is none": relabelled(colour="red"),
    "settings of another run": relabelled(train={"epochs": 5}),
    "an id that follows from nothing": cells("study_runs", run_id="b" * 20),
    "a study of another name": cells("studies", study="three"),
    "a study of another hash": cells("studies", study_hash="0" * 16),
    "a study that is none": cells("studies", spec='{"name":"one"}'),
    "registrations that are none": cells("studies", registered='[{"recorded_at":5}]'),
    "registrations without a time": cells(
        "studies",
        registered='[{"recorded_at":"soon","plan_sha256":"","claims":{}}]',
    ),
    "a look by nobody": cells("looks", what="\x1b[31mred"),
    "a level above 1": cells("looks", nominal_level=5.0),
    "seeds below 0": cells("looks", num_seeds=-1),
    "numbers beyond all": cells("environments", details='{"memory_bytes":1e999}'),
    "code modules that are none": cells(
        "study_runs", settings=settled("settings", lambda s: s | {"code_modules": 3})
    ),
    "code modules of nothing": cells(
        "study_runs", settings=settled("settings", lambda s: s | {"code_modules": {"a": {}}})
    ),
    "code that is none": cells(
        "study_runs", settings=settled("settings", lambda s: s | {"code": [["a"]]})
    ),
    "settings that are none": cells("study_runs", settings="[]"),
    "started as a table": cells("studies", started_as='{"a":1}'),
    "started with an option": cells("studies", started_as='["demo","--store"]'),
    "another result in another row": cells(
        "runs", train_seconds=lambda row: 1.0 if row["study"] == "one" else 2.0
    ),
    "predictions of no images": cells("predictions", classes=[]),
    "answers of no images": cells("answers", labels=[]),
    "answers of one class": cells("answers", num_classes=1),
    "a test curve with gaps": cells("runs", observed=finished("observed", '["test_curve"]')),
    "nothing estimated anew": cells("runs", reestimated_accuracy=None),
    "estimated anew by nobody": cells("runs", reestimated_accuracy=40.0),
    "probes twice": cells("runs", observed='["reestimated","reestimated"]'),
    "failed with epochs": cells("runs", epochs=failed("epochs", 2)),
    "a rate below 0": cells("epochs", learning_rate=-0.1),
    "more than 100 percent": cells("epochs", train_accuracy=100.01),
    "runs below 0": cells("looks", num_runs=-1),
    "no classes": cells("answers", num_classes=0),
    "too many classes": cells("answers", num_classes=65_537),
    "a width of 17": relabelled(width=17),
}
PAGE = Path(__file__).parents[1] / "data" / "pages" / "forged.txt"


ALL = {**TYPES, **SHAPES, **VALUES}


@pytest.mark.parametrize("name", TYPES)
def test_a_column_of_another_type_is_refused(name: str, exported: Path, refused: Refused) -> None:
    ALL[name](exported)
    sentence = refused("e")
    assert ".parquet" in sentence
    assert steady(sentence) == stored()[name]


@pytest.mark.parametrize("name", SHAPES)
def test_rows_and_columns_that_do_not_belong_together_are_refused(
    name: str, exported: Path, refused: Refused
) -> None:
    ALL[name](exported)
    assert steady(refused("e")) == stored()[name]


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_no_store_has_is_refused(name: str, exported: Path, refused: Refused) -> None:
    ALL[name](exported)
    assert steady(refused("e")) == stored()[name]


def stored() -> dict[str, str]:
    """Sentences, by the name of what is forged."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return {name: f"{said}\n" for name, _, said in (line.partition(": ") for line in lines)}


def steady(sentence: str) -> str:
    """Without the time at which the export was made."""
    return re.sub(r"20\d\d-\d\d-\d\dT[\d:.+]+", "THEN", sentence)


def written() -> str:
    """The page."""
    text = ""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        made = made_export(Path(folder))
        for name, forge in ALL.items():
            shutil.rmtree("e", ignore_errors=True)
            forge(Path(shutil.copytree(made, "e")))
            with contextlib.redirect_stderr(io.StringIO()) as err:
                run_command(["import", "e", "--store", "new"])
            assert not Path("new").exists(), name
            text += f"{name}: {steady(err.getvalue())}"
    return text


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
