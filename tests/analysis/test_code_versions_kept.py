"""Runs of two versions of code in exports, imports, older stores and other formats."""

import json
import re
import sqlite3
from pathlib import Path

import pytest

import actwise as aw
from actwise.analysis.reading import Selection, runs_of
from actwise.cli.main import run_command
from actwise.errors import UnknownNameError
from actwise.report import render
from actwise.store import RunStore, mixtures
from actwise.store.exchange import export_all, export_table, import_folders, render_table
from made.code_versions import Write, start, study_of, table


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_pieces_that_were_trained_with_two_versions_are_told_apart_when_imported(
    tmp_path: Path, write: Write, order: tuple[int, int]
) -> None:
    what = "mytrain:train"
    start(tmp_path / "0", study_of(what, "0..1"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(tmp_path / "1", study_of(what, "2..3"), 2.0)
    start(tmp_path / "1", study_of(what, "0"), 2.0)
    for name in "01":
        with RunStore.open(tmp_path / name) as store:
            export_all(store, tmp_path / f"piece{name}")
    with RunStore.open(tmp_path / "store", create=True) as store:
        import_folders([tmp_path / f"piece{place}" for place in order], store)
    values, num_missing, (said,) = table(tmp_path / "store")
    assert (values, num_missing) == ((2.0,) * 3, 1)
    assert said.startswith("2 runs of older code of myhelper.py")
    with RunStore.open(tmp_path / "store") as store:
        export_all(store, tmp_path / "whole")
    with RunStore.open(tmp_path / "again", create=True) as store:
        import_folders([tmp_path / "whole"], store)
    assert table(tmp_path / "again") == (values, num_missing, [said])


def test_a_store_that_noted_no_starts_leaves_out_nothing_and_tells_of_the_mixture(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "2"), 2.0)
    with sqlite3.connect(folder / "store.sqlite") as database:
        database.execute("UPDATE study_runs SET asked_at = NULL, asked_cell = NULL")
    assert table(folder) == ((1.0, 1.0, 2.0), 0, [])
    with RunStore.open(folder) as store:
        (said,) = store.snapshot().mixtures
        assert store.snapshot(where=["seed=0"]).mixtures == ()
        for study in (None, "mine"):
            assert mixtures(store, study, store.planned(study)) == (said,)
        assert not any(line.is_outdated for line in store.planned())
        found = runs_of(store.snapshot(), Selection()).table
    assert json.loads(render(found, "json"))["mixtures"] == [said]
    assert said.startswith(
        "runs of more than one version of the code: 2 runs of older code of myhelper.py count "
    )
    (digest,) = re.findall(r"--accept-code-digest ([0-9a-f]{8})", said)
    for command in ("table", "analyze"):
        assert run_command([command, "--store", str(folder)]) == 0
        assert f"R{said[1:]}." in " ".join(capsys.readouterr().out.split())
    assert run_command(["status", "--store", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"  mixed     {said}"
    # A start says what is meant.
    start(folder, study_of(what, "2"), 2.0)
    assert table(folder)[:2] == ((2.0,), 2)
    start(folder, study_of(what, "0..2"), 9.0, accept=[digest])
    assert table(folder) == ((1.0, 1.0, 2.0), 0, [])


def test_an_export_marks_what_is_outdated_and_a_file_of_it_is_read_without(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", {"activation": ["relu", "myact:act"]}
    start(folder, study_of(what, "0..2"), 10.0)
    with RunStore.open(folder) as store:
        assert "outdated" not in export_table(store, "runs").column_names
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "0"), 90.0)
    with RunStore.open(folder) as store:
        found = export_table(store, "runs")
        only = export_table(store, "epochs", where=["outdated=false"])
        rows = found.to_pylist()
        assert len(only) == 4 * 3
        with pytest.raises(UnknownNameError, match="no field is named 'outdated'"):
            store.snapshot(where=["outdated=true"])
    marked = {(row["activation"], row["seed"]) for row in rows if row["outdated"]}
    assert marked == {("myact:act", 1), ("myact:act", 2)}
    (tmp_path / "runs.csv").write_bytes(render_table(found, "csv"))
    for source in (tmp_path / "runs.csv", rows):
        analysis = aw.analyze(source)
        assert analysis.observed is not None
        assert sorted(analysis.observed.response_R) == [10.0, 10.0, 10.0, 90.0]
        assert "2 runs of older code or data (outdated)" in analysis.results.excluded


def test_formats_of_a_table_say_what_is_left_out(tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "store"
    start(folder, study_of("mytrain:train", "0..1"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of("mytrain:train", "0"), 2.0)
    with RunStore.open(folder) as store:
        found = runs_of(store.snapshot(), Selection()).table
    (said,) = map(str, found.outdated)
    assert json.loads(render(found, "json"))["left_out"] == [said]
    for format in ("markdown", "latex", "text"):
        assert "1 run of older code of" in " ".join(render(found, format).split())


def test_a_run_that_no_study_asks_for_any_more_can_be_shown(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "store"
    start(folder, study_of("mytrain:train", "0..1"), 1.0)
    with RunStore.open(folder) as store:
        before = {run.spec.seed: run.run_id for run in store.planned()}
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of("mytrain:train", "0"), 2.0)
    for seed, said in ((0, "no study asks for it any more"), (1, "since it was planned")):
        assert run_command(["show", "run", before[seed], "--store", str(folder)]) == 0
        assert said in " ".join(capsys.readouterr().out.split())
