"""Commands print and write a store with texts and a name that UTF-8 has no bytes for."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from actwise.store import RunStore
from made.forks import run_forked
from made.runs import FINGERPRINT, answered_record, failed_record, leased, made_plan, made_study

TEXT = "bad \udcff\x00 file"
COMMANDS = [
    ["status"],
    ["status", "--json"],
    ["table", "--json"],
    ["show", "run", "FIRST"],
    ["show", "run", "FIRST", "--json"],
    ["show", "run", "SECOND", "--json"],
    ["export", "--what", "environments", "--format", "json"],
    ["analyze", "--json"],
    ["report", "-o", "report.html"],
    ["store", "gc", "--json"],
    ["store", "copy", os.fsdecode(b"copy \xe9")],
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of results and one failure, under a name that is no UTF-8."""
    folder = tmp_path_factory.mktemp("any") / os.fsdecode(b"caf\xe9")
    environment = {"host": TEXT, TEXT: TEXT, "fingerprint": {**FINGERPRINT, "gpu": TEXT}}
    study = made_study(seeds="0..2")
    with RunStore.open(folder, create=True) as store:
        store.add_study(study, made_plan(study))
        for number, run in enumerate(store.planned()):
            made = (
                answered_record(run.run_id)
                if number
                else replace(failed_record(run.run_id), traceback=TEXT)
            )
            store.record(leased(store, run.run_id), replace(made, environment=environment))
    return folder


def run_ids(folder: Path) -> dict[str, str]:
    with RunStore.open(folder) as store:
        first, second, *_ = store.planned()
    return {"FIRST": first.run_id, "SECOND": second.run_id}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(map(ascii, command)))
def test_any_text_is_printed(folder: Path, command: list[str], tmp_path: Path) -> None:
    named = run_ids(folder)
    arguments = [named.get(word, word) for word in command]
    script = "from actwise.cli import main; main()"
    done = run_forked(script, *arguments, "--store", str(folder), folder=tmp_path)
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    if "--json" in command:
        json.loads(shown)
    if "FIRST" in command:
        assert "bad" in shown
    for written in tmp_path.glob("*.html"):
        written.read_text(encoding="utf-8")
