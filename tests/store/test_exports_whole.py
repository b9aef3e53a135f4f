"""What an export says of itself, what a choice of runs leaves in it, and how cells are written."""

import base64
import csv
import hashlib
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import actwise as aw
from actwise.errors import OutputError, SpecError
from actwise.store import RunStore
from actwise.store.database import SCHEMA_VERSION
from actwise.store.exchange import (
    TABLES,
    export_all,
    export_table,
    render_table,
    write_file,
    write_files,
    write_table,
)
from made.runs import ENVIRONMENT, answered_record, leased, look_at, made_plan, made_study

THERE = {"host": "there", "fingerprint": {}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """Two studies of two seeds, each trained elsewhere, and a look at the first."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        for name, activation, environment in (("one", "relu", ENVIRONMENT), ("two", "elu", THERE)):
            study = made_study(name, activation=[activation])
            store.add_study(study, made_plan(study))
            for run in made_plan(study):
                record = answered_record(run.run_id, environment=environment)
                store.record(leased(store, run.run_id), record)
        look_at(store, study="one", num_seeds=2)
        yield store


def test_the_manifest_names_the_versions_and_the_hash_of_every_file(
    store: RunStore, tmp_path: Path
) -> None:
    files = export_all(store, tmp_path / "deep" / "e")
    assert [path.name for path in files] == [
        *(f"{name}.parquet" for name in TABLES[:5]),
        *(f"{name}.parquet" for name in TABLES[5:]),
        "manifest.json",
    ]
    manifest = json.loads(files[-1].read_text())
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files[:-1]}
    assert manifest == {
        "format": "actwise export",
        "actwise": aw.__version__,
        "schema_version": SCHEMA_VERSION,
        "sha256": digests,
    }
    assert files[-1].read_text().endswith("}\n")


def test_of_chosen_runs_all_is_exported_and_plans_machines_and_looks_stay_whole(
    store: RunStore, tmp_path: Path
) -> None:
    export_all(store, tmp_path / "e", where=["study=two", "seed=1"])
    found = {name: pq.read_table(tmp_path / "e" / f"{name}.parquet") for name in TABLES}
    assert {name: table.num_rows for name, table in found.items()} == {
        "runs": 1,
        "epochs": 3,
        "predictions": 1,
        "answers": 1,
        "probes": 0,
        "environments": 2,
        "looks": 1,
        "studies": 2,
        "study_runs": 4,
    }
    assert found["runs"].select(["study", "seed"]).to_pylist() == [{"study": "two", "seed": 1}]
    restored = ["environment_id", "observed", "traceback", "recorded_at"]
    assert found["runs"].column_names[-4:] == restored
    assert found["study_runs"]["position"].to_pylist() == [0, 1, 0, 1]
    with pytest.raises(SpecError, match="no seed of these runs is named '7'; known are 0, 1"):
        export_all(store, tmp_path / "f", where=["seed=7"])
    assert not (tmp_path / "f").exists()


def test_an_export_may_fill_an_empty_folder(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "e").mkdir()
    export_all(store, tmp_path / "e")
    sentence = f"output {str(tmp_path / 'e')!r} exists already; give a new folder"
    with pytest.raises(SpecError) as refusal:
        export_all(store, tmp_path / "e")
    assert str(refusal.value) == sentence
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SpecError) as refusal:
        export_all(store, tmp_path / "file")
    assert str(refusal.value) == (f"output {str(tmp_path / 'file')!r} is no folder; give a new one")


@pytest.mark.parametrize("text", ["a\rb", "\ra", "a\nb", "a\r\nb", "a\r\n", 'a"b', "a,b"])
def test_any_text_is_one_cell_of_csv(text: str) -> None:
    content = render_table(pa.table({"first": [text, "x"], "second": ["b", text]}), "csv").decode()
    _, *rows = csv.reader(io.StringIO(content, newline=""))
    guarded = f"'{text}" if text.startswith("\r") else text
    assert rows == [[guarded, "b"], ["x", guarded]]
    assert content.count("\n") == 3 + 2 * text.count("\n")  # one ends a row


def test_cells_of_csv_hold_every_kind_of_value() -> None:
    columns: dict[str, list[Any]] = {
        "=text": ["\tx", "a,b", 'say "x"', ""],
        "number": [1, -2, None, 10**15],
        "real": [1.0, math.nan, -math.inf, None],
        "bytes": [b"\x00\xff", b"", None, b"a"],
        "truth": [True, None, False, True],
    }
    text = render_table(pa.table(columns), "csv").decode()
    head, *rows = csv.reader(io.StringIO(text, newline=""))
    assert head == ["'=text", "number", "real", "bytes", "truth"]
    encoded = base64.b64encode(b"\x00\xff").decode()
    assert rows == [
        ["'\tx", "1", "1.0", encoded, "true"],
        ["a,b", "-2", "nan", "", ""],
        ['say "x"', "", "-inf", "", "false"],
        ["", str(10**15), "", base64.b64encode(b"a").decode(), "true"],
    ]
    assert text.count("\n") == 5 and text.endswith("\n")


def test_what_goes_to_a_terminal_has_no_control_characters() -> None:
    table = pa.table({"text": ["a\x1b[31mb", "ä"]})
    for format in ("csv", "json"):
        stream = io.BytesIO()
        write_table(table, stream, format)
        assert b"\x1b" not in stream.getvalue()
        assert "ä" in stream.getvalue().decode()
    stream = io.BytesIO()
    write_table(table, stream, "parquet")
    assert pq.read_table(io.BytesIO(stream.getvalue())).equals(table)


def test_rows_of_runs_are_told_with_their_store(store: RunStore, tmp_path: Path) -> None:
    found = aw.runs(store, study="two")
    assert found.to_dict() == {"store": str(tmp_path / "store"), "runs": found.to_rows()}
    assert [row["seed"] for row in found.to_rows()] == [0, 1]
    assert found.to_rows() == list(found.rows) == list(found) == [found[0], found[1]]
    assert found[-1:] == found.rows[1:]
    url = f"sqlite:///{tmp_path / 'store' / 'store.sqlite'}"
    assert aw.runs(url, study="one", where=["seed=1"]).to_rows() == [
        *aw.runs(store, study="one", where="seed=1")
    ]
    assert export_table(store, "runs").num_rows == len(aw.runs(tmp_path / "store")) == 4


def test_a_file_that_was_there_stays_when_another_cannot_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    with pytest.raises(OutputError, match="cannot be written"):
        write_files(folder, {"new": b"1", "old": b"2", "missing/file": b"3"})
    assert [path.name for path in folder.iterdir()] == ["old"]
    assert write_files(folder, {"new": b"1", "old": b"2"}) == [folder / "new", folder / "old"]
    assert (folder / "old").read_bytes() == b"2"
    write_file(folder / "new", b"")
    assert (folder / "new").read_bytes() == b""
    assert sorted(path.name for path in folder.iterdir()) == ["new", "old"]
