"""Files that commands write: their ending says what they hold."""

import json
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study


@pytest.fixture(autouse=True)
def in_a_folder_with_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = made_study()
    with RunStore.open("store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)


def written(command: str, name: str) -> bytes:
    assert run_command([*command.split(), "--store", "store", "-o", name]) == 0
    return Path(name).read_bytes()


def test_an_export_is_what_its_file_is_called() -> None:
    assert written("export", "runs.parquet").startswith(b"PAR1")
    assert written("export", "runs.csv").startswith(b"run_id,")
    assert json.loads(written("export", "RUNS.JSON"))
    assert written("export", "runs").startswith(b"run_id,")


def test_a_table_is_what_its_file_is_called() -> None:
    assert b"\\begin{tabular}" in written("table", "table.tex")
    assert b"| activation |" in written("table", "table.md")
    assert written("table", "table.parquet").startswith(b"PAR1")
    assert b"test accuracy in percent" in written("table", "table.txt")


def test_a_format_that_is_asked_for_comes_before_the_ending() -> None:
    assert written("export --format parquet", "runs.data").startswith(b"PAR1")
    assert written("export --format csv", "runs.json").startswith(b"run_id,")
