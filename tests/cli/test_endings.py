"""How a command ends where somebody stops it, or where users' files stand in its way."""

import importlib.util
import io
import sys
from pathlib import Path
from typing import Any

import pytest

from actwise.board import BoardServer
from actwise.cli.main import run_command
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.terminals import Terminal


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def store() -> None:
    """Of four runs that are finished, in the working directory."""
    with RunStore.open("store", create=True) as store:
        store.add_study(study := made_study(), planned := made_plan(study))
        finish(store, planned)


def num_runs() -> int:
    with RunStore.open("store") as store:
        return len(store.states())


@pytest.mark.parametrize(
    ("options", "asked"), [([], "4 runs"), (["--run", "{}"], "1 run")], ids=["all", "one"]
)
def test_what_is_final_is_asked_for_and_stopped_by_a_no(
    options: list[str],
    asked: str,
    store: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with RunStore.open("store") as opened:
        run_id = opened.planned()[0].run_id
    command = ["store", "rm", "--store", "store", "--study", "made"]
    command += [option.format(run_id) for option in options]
    answers = Terminal("n\ny\n")
    monkeypatch.setattr(sys, "stdin", answers)
    assert run_command(command) == 130
    out, err = capsys.readouterr()
    assert out == f"Remove {asked} of study made from store? [y/N]: "
    assert err == "actwise: stopped\n"
    assert num_runs() == 4
    assert run_command(command) == 0
    out, err = capsys.readouterr()
    question, _, answer = out.partition("? [y/N]: ")
    assert question == f"Remove {asked} of study made from store"
    assert answer == f"{asked} and 0 files removed, 0 runs of other studies kept\n"
    assert err == ""
    assert num_runs() == 4 - int(asked[0])


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_command_that_is_interrupted_as_it_begins_says_that_it_stopped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Path, "cwd", interrupt)
    assert run_command(["status", "--store", "store"]) == 130
    assert capsys.readouterr() == ("", "actwise: stopped\n")


def test_a_command_that_is_interrupted_as_it_works_ends_with_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(RunStore, "open", interrupt)
    assert run_command(["status", "--store", "store"]) == 130
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("error", ["AttributeError", "OSError"])
def test_a_fault_of_a_file_with_the_name_of_a_module_blames_it(
    error: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path.cwd() / "fractions.py"
    path.write_text(f"def opened(*_, **__):\n    raise {error}('no Fraction here')\n")
    spec = importlib.util.spec_from_file_location("fractions_of_a_user", path)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "path", [str(path.parent), *sys.path])
    monkeypatch.setattr(RunStore, "open", module.opened)
    assert run_command(["status", "--store", "store"]) == 2
    said = f"{error}: no Fraction here; {str(path)!r} stands before the module 'fractions'"
    assert capsys.readouterr().err == f"actwise: {said}; rename it\n"


def test_who_watches_is_told_where_before_anything_is_served(
    store: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    served: list[tuple[str, int, str]] = []

    def serve(server: BoardServer) -> None:
        told = out.buffer.getvalue().decode()  # type: ignore[attr-defined]
        served.append((server.url, server.server_port, told))

    monkeypatch.setattr(BoardServer, "serve_forever", serve)
    monkeypatch.setattr(sys, "stdout", out)
    assert run_command(["watch", "--store", "store"]) == 0
    ((url, port, told),) = served
    assert told.splitlines() == [
        f"watching store at {url}",
        f"from another machine: ssh -L {port}:127.0.0.1:{port} HOST, and the same address",
        "Ctrl-C ends it",
    ]
    assert out.buffer.getvalue().decode() == told  # type: ignore[attr-defined]
