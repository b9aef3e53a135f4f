"""What ``--store`` and ``--artifacts`` may name, and that no password of a URL is shown."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from actwise.cli.main import run_command
from actwise.errors import StoreError
from actwise.store import RunStore
from actwise.store.exchange import copy_store, export_all
from actwise.sweep.run import run as run_study
from made.runs import finish, made_plan, made_study


@pytest.mark.parametrize(
    ("path", "artifacts", "sentence"),
    [
        ("postgresql://me:secret@db/runs", None, r"'postgresql://me:\*\*\*@db/runs' is a URL"),
        ("postgresql://me:se:cr@secret@db/runs", "files", "as %40"),
        ("postgresql://me:secret@db:port/runs", "files", r"//\*\*\*@db:port.*neither a folder"),
        ("postgresql://me@srv:secret@db/runs", None, r"'postgresql://me%40srv:\*\*\*@db/runs' is"),
        ("postgresql://a/b:secret@db/runs", "files", "and / as %2F"),
        ("postgresql://db/runs?%70assword=secret", None, r"runs\?password=\*\*\*' is a URL"),
        ("postgresql://db:x/runs?Password=secret", "files", "neither a folder"),
        ("sqlite://me:secret@/runs.db", "files", "does not name a file"),
        ("mysql://db/runs", "files", "mysql databases are not supported"),
        ("sqlite:///runs.db", None, "add --artifacts DIR"),
        ("sqlite://", "files", "does not name a file"),
        ("sqlite:///:memory:", "files", "does not name a file"),
        ("sqlite:///runs.db?mode=ro", "files", "does not name a file"),
        ("://runs", "files", "neither a folder nor a database URL"),
        ("store", "files", "--artifacts goes with a URL"),
        ("postgresql:/me@db/runs", None, "no URL: write postgresql://.*, or ./postgresql:"),
        ("postgres:me@db/runs", "files", "is no URL: write postgres://"),
        ("sqlite:/runs.db", "files", "is no URL: write sqlite://"),
    ],
)
def test_a_place_that_cannot_hold_a_store_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    artifacts: str | None,
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=sentence) as refusal:
        RunStore.open(path, create=True, artifacts=Path(artifacts) if artifacts else None)
    assert "secret" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


READING = (
    "status",
    "table",
    "analyze",
    "show run {run}",
    "plan demo",
    "recommend mlp --dataset digits --dry-run",
    "export -o new",
)
WRITING = (
    "run demo",
    "import exported",
    "recommend mlp --dataset digits",
    "store gc",
    "store gc --dry-run",
    "store rm --study made",
    "store copy b",
    "diagnose --run {run}",
)


def test_what_only_reads_a_database_needs_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    at = ["--store", "sqlite:///runs.db"]
    monkeypatch.setattr("sys.stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("typer.confirm", lambda *_, **__: pytest.fail("asked, then refused"))
    with RunStore.open(at[1], create=True, artifacts=tmp_path / "files") as store:
        study = made_study()
        store.add_study(study, planned := made_plan(study))
        finish(store, planned)
        export_all(store, tmp_path / "exported")
        states, run = store.states(), planned[0].run_id
    for command in READING:
        words = [*command.format(run=run).split(), *at]
        assert run_command(words) == 0, capsys.readouterr().err
    capsys.readouterr()
    for command in WRITING:
        assert run_command([*command.format(run=run).split(), *at]) in (2, 3)
        said = capsys.readouterr()
        assert said.out == "" and said.err.endswith("add --artifacts DIR\n"), command
    with RunStore.open(at[1]) as store:
        assert store.states() == states
        with pytest.raises(StoreError, match="add --artifacts DIR"):
            run_study("demo", store)
    made = {"runs.db", "files", "new", "exported"}
    assert {path.name for path in tmp_path.iterdir()} == made


@pytest.mark.postgresql
def test_no_copy_is_made_with_another_folder_or_none(
    store: RunStore, url: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="is not the one of its files; leave out --artifacts"):
        RunStore.open(url, artifacts=tmp_path / "nowhere")
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "store.json").write_text('{"token": "t", "database": ""}')
    with pytest.raises(StoreError, match="belongs to another store; leave out --artifacts"):
        RunStore.open(url, artifacts=tmp_path / "another")
    (tmp_path / "closed").mkdir()
    (tmp_path / "closed" / "store.json").symlink_to("/proc/self/mem")  # cannot be read, by root too
    RunStore.open(url, artifacts=tmp_path / "closed").close()
    assert not (tmp_path / "nowhere").exists()
    with (
        RunStore.open(url) as opened,
        pytest.raises(StoreError, match="needs a folder for checkpoints and weights; add --art"),
    ):
        copy_store(opened, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
