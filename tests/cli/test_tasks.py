"""What commands say of users' own trainings, on a store that was made without training any."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.store import Owner, RunStore
from actwise.store.records import RunRecord
from made.runs import ENVIRONMENT, leased
from made.tasks import fill_task_store, task_plan, task_record, task_study

PAGE = (Path(__file__).parents[2] / "docs" / "json.md").read_text(encoding="utf-8")
STUDY = """
name = "own"
seeds = "0..2"
[task]
train = "made.own_training:gives"
unit = "percent"
[task.settings]
what = "number"
[factors]
activation = ["relu", "elu"]
"""
Say = Callable[[str], str]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command in a folder with a study file; what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    Path("own.toml").write_text(STUDY)

    def said(command: str) -> str:
        capsys.readouterr()
        code = run_command(command.split())
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return said


@pytest.fixture
def run_ids() -> list[str]:
    """Ids of a finished, a failed, a running and pending runs, in ``store``."""
    study = task_study(task={"settings": {"what": "number"}})
    planned = task_plan(study)
    ids = [run.run_id for run in planned]
    with RunStore.open("store", create=True) as store:
        store.add_study(study, planned)
        record = task_record(ids[0], {"accuracy": (1.0, 2.0), "loss": (None, 0.5)}, num_epochs=2)
        store.record(leased(store, ids[0]), record)
        sentence = "made.own_training:gives returned nothing"
        failed = RunRecord(
            run_id=ids[1], status="failed", traceback=sentence, environment=ENVIRONMENT
        )
        store.record(leased(store, ids[1]), failed)
        store.lease(ids[2], Owner.here())
    return ids


def test_a_plan_says_what_is_called_and_what_is_not_known(say: Say) -> None:
    out = say("plan own.toml")
    assert [line.split() for line in out.splitlines()[:3]] == [["activation"], ["relu"], ["elu"]]
    text = " ".join(out.split())
    assert "2 cells x 3 seeds = 6 runs" in text
    assert "training made.own_training:gives with" in text
    assert "what=number" in text
    assert "time not known, nor is memory" in text
    assert "MACs" not in text and "power" not in text


def test_a_status_names_runs_by_their_settings(say: Say, run_ids: list[str]) -> None:
    out = say("status --store store")
    assert "own: 6 runs: 1 finished, 1 failed, 1 running, 3 pending" in out
    assert "made.own_training:gives relu what=number seed 1" in out


def test_a_run_is_shown_with_all_that_it_gave_back(say: Say, run_ids: list[str]) -> None:
    text = " ".join(say(f"show run {run_ids[0]} --store store").split())
    assert "gave back accuracy 2, loss 0.5" in text
    assert "epoch accuracy loss 1 1 - 2 2 0.5" in text
    assert "parameters" not in text and "width" not in text
    assert "returned nothing" in say(f"show run {run_ids[1]} --store store")


@pytest.mark.parametrize(
    ("command", "section"),
    [
        ("show run ID --store store", "show run ID"),
        ("table --store store", "table"),
        ("plan own.toml", "plan STUDY"),
        ("export --store store --what runs", "export"),
        ("export --store store --what epochs", "export"),
    ],
)
def test_every_key_is_documented(command: str, section: str, say: Say, run_ids: list[str]) -> None:
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    (text,) = (text for name, text in sections.items() if name.strip("`") == section)
    value = json.loads(say(f"{command.replace('ID', run_ids[0])} --json"))
    if command.startswith("plan"):
        assert (value["power"], value["estimate"]["seconds"]) == ([], None)
        assert value["cells"][0]["task"]["settings"] == {"what": "number"}
    known = set(re.findall(r"`([a-z_0-9.]+)`", text))
    own = {"accuracy", "loss", "task.what"}
    assert keys_of(value) - known - own == set()


def keys_of(value: Any) -> set[str]:
    """Keys of an object and of those right in it, but for settings and machines."""
    if isinstance(value, list):
        return {key for item in value for key in keys_of(item)}
    if not isinstance(value, dict):
        return set()
    opened = ("labels", "result", "cells", "task", "metrics")
    inner = (item for key, item in value.items() if key in opened and key != "metrics")
    return (set(value) - {"what"}).union(*(keys_of(item) for item in inner))


def test_an_export_comes_back(say: Say, tmp_path: Path) -> None:
    values = {"accuracy": (1.0, 2.0), "val/loss": (None, -3e9)}
    study = task_study(factors={"model": ["my net", "other"], "depth": [1, 2.5]})
    fill_task_store(tmp_path / "made", study, lambda run: values, num_epochs=2)
    with RunStore.open("made") as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE runs SET attempts = 1")
    say("export --store made --what all -o exported")
    assert "24 results added" in say("import exported --store back")
    for what in ("runs", "epochs"):
        found = [
            say(f"export --store {name} --what {what} --format json") for name in ("made", "back")
        ]
        assert found[0] == found[1]
        assert len(json.loads(found[0])) >= 24


def test_a_number_of_a_task_is_a_column_and_a_condition(say: Say, run_ids: list[str]) -> None:
    header, row, *more = say("export --store store --what runs --where accuracy=2.0").splitlines()
    assert "task.what" not in header  # nothing that differs
    assert header.split(",").index("accuracy") == row.split(",").index("2.0")
    assert more == []
