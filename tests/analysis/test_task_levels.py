"""Levels of users' own settings that are equal in Python, or lists, are told apart everywhere."""

from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.analysis.reading import Selection, runs_of
from actwise.errors import SpecError
from actwise.report import render
from actwise.report.tables.data import to_arrow
from actwise.store import RunStore
from actwise.store.exchange import export_table
from made.tasks import fill_task_store, task_study


def made(folder: Path, **study: Any) -> Path:
    fill_task_store(folder, task_study(**study), lambda run: {"accuracy": (90.0,), "loss": (0.1,)})
    return folder


def test_mixed_levels_of_a_setting_are_levels(tmp_path: Path) -> None:
    folder = made(tmp_path / "store", factors={"how": [2, 2.5, "auto", True]})
    analysis = aw.analyze(folder)
    assert analysis.observed is not None
    assert analysis.observed.levels_of("task.how") == ("2", "2.5", "auto", "on")
    with RunStore.open(folder) as opened:
        found = runs_of(opened.snapshot(where=("how=on",)), Selection()).table
        with pytest.raises(SpecError) as refused:
            runs_of(opened.snapshot(), Selection(response="zzz"))
    assert str(refused.value) == "no response is named 'zzz'; known are accuracy, loss"
    assert [cell["task.how"] for cell in found.cells] == [True, True]


def test_levels_of_two_starts_that_are_equal_in_python_are_two_cells(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    for place, level in enumerate((1, 1.0, True)):
        study = task_study(seeds="0..1", factors={"depth": [level]})
        fill_task_store(folder, study, lambda run, place=place: {"accuracy": (10.0 + place,)})  # type: ignore[misc]
    with RunStore.open(folder) as opened:
        found = runs_of(opened.snapshot(), Selection()).table
        chosen = runs_of(opened.snapshot(where=("depth=on",)), Selection()).table
        rows = export_table(opened, "runs").to_pylist()
    means = {
        repr(cell["task.depth"]): cell.mean for cell in found.cells if cell["activation"] == "elu"
    }
    assert means == {"1": 10.0, "1.0": 11.0, "True": 12.0}
    assert {cell.num_finished for cell in found.cells} == {2}
    for format in ("text", "markdown", "latex", "csv"):
        said = render(found, format)
        assert all(mean in said for mean in ("10.0", "11.0", "12.0"))
    assert [cell["task.depth"] for cell in chosen.cells] == [True, True]
    for analysis in (aw.analyze(folder), aw.analyze(rows, response="accuracy")):
        assert analysis.observed is not None
        assert analysis.observed.levels_of("task.depth") == ("1", "1.0", "on")


def test_lists_of_a_setting_are_told_apart_and_asked_for_as_they_are_written(
    tmp_path: Path,
) -> None:
    for steps in ([1, 2], [1, True], [3]):
        made(tmp_path / "store", seeds="0", task={"settings": {"steps": steps}})
    with RunStore.open(tmp_path / "store") as opened:
        found = runs_of(opened.snapshot(), Selection()).table
        exported = {row["task.steps"] for row in export_table(opened, "runs").to_pylist()}
        assert exported == {*to_arrow(found)["task.steps"].to_pylist()}
        assert exported == {"[1,2]", "[1,true]", "[3]"}
        for text in exported:
            chosen = runs_of(opened.snapshot(where=(f"steps={text}",)), Selection()).table
            assert [cell.num_finished for cell in chosen.cells] == [1, 1]
