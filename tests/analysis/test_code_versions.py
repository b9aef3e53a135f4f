"""Cells whose runs were trained by code of two versions: never one mean, and told in a sentence."""

import json
import re
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.analysis.reading import Selection, runs_of
from actwise.cli.main import run_command
from actwise.errors import SpecError, UnknownNameError
from actwise.models import make_describe
from actwise.report import render
from actwise.spec import Description, RunSpec, StudySpec, parse_study
from actwise.store import RunStore
from actwise.store.exchange import export_all, export_table, import_folders, render_table
from actwise.sweep import RunOptions, make_plan
from actwise.sweep.plan import find_todo
from actwise.tasks import describe_task
from made.runs import leased, made_record
from made.tasks import task_record

NET = """
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.hidden = nn.Linear(1024, 8)
        self.head = nn.Linear(8, num_classes)

    def forward(self, x):
        return self.head(F.relu(self.hidden(x.flatten(1))))
"""
CODE = {
    "mynet": NET,
    "myact": "from myhelper import slope\n\ndef act(x):\n    return x.relu() + slope * x\n",
    "myhelper": "slope = 0.1\n",
    "mytrain": "from myhelper import slope\n\ndef train(activation, seed):\n    return slope\n",
}
CHANGES = {
    "a network": (
        "mynet",
        NET.replace("F.relu(self.hidden", "F.relu(2 * self.hidden"),
        {"model": ["mynet:Net"]},
    ),
    "an activation": ("myact", CODE["myact"].replace("+", "-"), {"activation": ["myact:act"]}),
    "a helper module": ("myhelper", "slope = 0.3\n", {"activation": ["myact:act"]}),
    "a task's function": (
        "mytrain",
        CODE["mytrain"] + "    pass\n",
        "mytrain:train",
    ),
    "a task's helper": ("myhelper", "slope = 0.4\n", "mytrain:train"),
}
Write = Callable[[Mapping[str, str]], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes modules of a project, and forgets those of it that were imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)

    def write(modules: Mapping[str, str]) -> None:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(text)
        for name in CODE:
            monkeypatch.delitem(sys.modules, name, raising=False)

    write(CODE)
    return write


def study_of(what: Any, seeds: str, **settings: Any) -> StudySpec:
    values: dict[str, Any] = {"name": "mine", "seeds": seeds, **settings}
    if isinstance(what, str):
        values |= {"task": {"train": what, "unit": "none"}, "factors": {"activation": ["relu"]}}
    else:
        usual = {"dataset": ["digits"], "model": ["mlp"], "regularization": ["none"]}
        if "mynet:Net" in what.get("model", ()):
            usual["regularization"] = ["own"]
        values["factors"] = {**usual, "activation": ["relu"], **what}
    return parse_study(values, source="test")


def start(
    folder: Path, study: StudySpec, value: float, *, accept: Sequence[str] = (), data: str = ""
) -> None:
    """What ``run`` does but for the training: what is left has the result ``value``."""
    described = describe_task if study.task else make_describe(None)

    def describe(spec: RunSpec) -> Description:
        return replace(described(spec), **({"data_digest": data * 64} if data else {}))

    plan = make_plan(study, describe)
    with RunStore.open(folder, create=True) as store:
        todo = find_todo(plan, store, RunOptions(accept_code_digests=tuple(accept)))
        store.add_study(study, todo.planned)
        for run in todo.runs:
            record = (
                task_record(run.run_id, {"accuracy": (value,)})
                if study.task
                else made_record(run.run_id, test_accuracy=value)
            )
            store.record(leased(store, run.run_id), record)


def table(folder: Path, study: str | None = None) -> tuple[tuple[float, ...], int, list[str]]:
    """Of the one cell its values and its missing runs, and what is left out."""
    with RunStore.open(folder) as store:
        found = runs_of(store.snapshot(study=study), Selection(study=study)).table
    (cell,) = found.cells
    return cell.values, cell.num_missing, [*map(str, found.outdated)]


@pytest.mark.parametrize("kind", CHANGES)
def test_runs_of_older_code_are_in_no_mean_and_are_named(
    tmp_path: Path, write: Write, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    module, text, what = CHANGES[kind]
    folder = tmp_path / "store"
    start(folder, study_of(what, "0..2"), 10.0)
    assert table(folder) == ((10.0,) * 3, 0, [])
    write({module: text})
    start(folder, study_of(what, "0"), 90.0)
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((90.0,), 2)
    assert said.startswith(f"2 runs of older code of {module}.py (the same `actwise run` trains")
    (option,) = re.findall(r"--accept-code-digest [0-9a-f]{8}", said)
    analysis = aw.analyze(folder)
    assert analysis.observed is not None
    assert analysis.observed.response_R.tolist() == [90.0]
    assert said in analysis.results.excluded
    assert {name: analysis.results.flow[name] for name in ("planned", "finished", "missing")} == {
        "planned": 3,
        "finished": 1,
        "missing": 2,
    }
    shown = {}
    for command in ("table", "analyze", "status"):
        assert run_command([command, "--store", str(folder)]) == 0
        shown[command] = " ".join(capsys.readouterr().out.split())
    assert f"Left out: {said}." in shown["analyze"]
    assert f"Left out: {said}." in shown["table"]
    assert "90.00" in shown["table"] and "n=1" in shown["table"]
    assert "3 runs: 3 finished" in shown["status"]
    assert "outdated 2 runs were planned before code or data changed" in shown["status"]
    # The remedy is one: what is accepted counts.
    start(folder, study_of(what, "0..2"), 50.0, accept=option.split()[1:])
    assert table(folder) == ((90.0, 10.0, 10.0), 0, [])


def test_what_was_accepted_stays_current_as_long_as_the_code_does(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..1"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "5"), 2.0)
    (digest,) = re.findall(r"digest (\w+)", str(table(folder)[2]))
    start(folder, study_of(what, "0..2"), 2.0, accept=[digest])
    assert table(folder) == ((1.0, 1.0, 2.0, 2.0), 0, [])
    start(folder, study_of(what, "7"), 2.0)
    assert table(folder) == ((1.0, 1.0, 2.0, 2.0, 2.0), 0, [])
    write({"myhelper": "slope = 3\n"})
    start(folder, study_of(what, "7"), 3.0)
    values, num_missing, said = table(folder)
    assert (values, num_missing) == ((3.0,), 4)
    assert sorted(text.partition(" (")[0] for text in said) == [
        "2 runs of older code of myhelper.py",
        "2 runs of older code of myhelper.py",
    ]
    with pytest.raises(SpecError, match="no result in store"):
        start(folder, study_of(what, "0"), 3.0, accept=["0" * 8])


def test_the_code_of_the_newest_start_counts_also_where_it_is_the_first_once_more(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "0"), 2.0)
    write({"myhelper": CODE["myhelper"]})
    start(folder, study_of(what, "1"), 9.0)
    assert table(folder)[:2] == ((1.0, 1.0), 1)


def test_studies_of_one_store_may_have_been_run_with_other_code(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2", name="first"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "0..1", name="second"), 2.0)
    assert table(folder, "first") == ((1.0,) * 3, 0, [])
    assert table(folder, "second") == ((2.0,) * 2, 0, [])
    values, num_missing, (said,) = table(folder)
    assert (values, num_missing) == ((2.0, 2.0), 1)
    assert said.startswith("3 runs of older code of myhelper.py")
    write({"myhelper": CODE["myhelper"]})
    start(folder, study_of(what, "0..2", name="first"), 9.0)
    assert table(folder)[:2] == ((1.0,) * 3, 0)


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


def test_a_store_that_noted_no_starts_goes_by_its_newest_result(
    tmp_path: Path, write: Write
) -> None:
    folder, what = tmp_path / "store", "mytrain:train"
    start(folder, study_of(what, "0..2"), 1.0)
    write({"myhelper": "slope = 2\n"})
    start(folder, study_of(what, "2"), 2.0)
    with sqlite3.connect(folder / "store.sqlite") as database:
        database.execute("UPDATE study_runs SET asked_at = NULL, asked_cell = NULL")
    assert table(folder)[:2] == ((2.0,), 2)


def test_runs_on_data_that_changed_are_left_out(tmp_path: Path, write: Write) -> None:
    folder, what = tmp_path / "store", {"activation": ["relu"]}
    start(folder, study_of(what, "0..2"), 1.0, data="a")
    start(folder, study_of(what, "0"), 2.0, data="b")
    said = "2 runs on other data (the same `actwise run` trains them again)"
    assert table(folder) == ((2.0,), 2, [said])


def test_a_restarted_study_loses_only_what_changed(tmp_path: Path, write: Write) -> None:
    folder = tmp_path / "store"
    what = {"activation": ["relu", "myact:act"]}
    start(folder, study_of(what, "0..1"), 10.0)
    write({"myact": "def act(x):\n    return x.relu() / 2\n"})
    start(folder, study_of(what, "0"), 20.0)
    with RunStore.open(folder) as store:
        cells = runs_of(store.snapshot(), Selection()).table.cells
    assert [cell.values for cell in cells] == [(10.0, 10.0), (20.0,)]


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
