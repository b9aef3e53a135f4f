"""Full, closed and odd streams, folders that are gone, arguments that are no text: no fault."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from made.hostile import is_harmless
from made.runs import finish, made_plan, made_study

MAIN = [sys.executable, "-P", "-c", "from actwise.cli.main import main; main()"]


def ended(command: str, redirect: str, folder: Path, **variables: str) -> tuple[int, str]:
    """Exit code and what stderr got, of a command with its streams as a shell sets them."""
    line = f"{shlex.join(MAIN)} {command} {redirect}"
    found = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return found.returncode, found.stderr


def test_a_warning_of_users_code_is_shown_as_text(tmp_path: Path) -> None:
    bad = (r"\x1b]0;t\x07", r"\x9b31m", r"\u202e")
    warnings = "".join(f'warnings.warn("{text}")\n' for text in bad)
    (tmp_path / "loud.py").write_text(
        f"import warnings\n{warnings}def f(x):\n    return x.relu()\n"
    )
    exit_code, err = ended("show activation loud:f", "> /dev/null", tmp_path)
    assert exit_code == 0 and is_harmless(err)
    assert all(f"UserWarning: {text}" in err for text in bad)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from actwise.store import RunStore

    made = tmp_path_factory.mktemp("streams")
    study = made_study()
    with RunStore.open(made / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)
    return made


@pytest.mark.parametrize(
    ("command", "redirect", "exit_code", "said"),
    [
        ("status --store store", "> /dev/full", 74, "stdout cannot be written: No space left"),
        ("export --store store", "> /dev/full", 74, "stdout cannot be written: No space left"),
        ("--help", "> /dev/full", 74, "stdout cannot be written: No space left"),
        ("analyze --bank paper --json", "> /dev/full", 74, "stdout cannot be written: No space"),
        ("status --store store", ">&-", 74, "stdout cannot be written: Bad file descriptor"),
        ("export --store store --format parquet", ">&-", 74, "stdout cannot be written: Bad file"),
        ("status --store store", "<&- >&- 2>&-", 74, ""),
        ("status --store store", "| true", 0, ""),
        ("analyze --bank paper --full --json", "| head -c 1 > /dev/null", 0, ""),
        ("status --store store", "2>&- > /dev/null", 0, ""),
        ("status --store store", "<&- > /dev/null", 0, ""),
        ("status --store nowhere", "2> /dev/full", 3, ""),
        ("status --store nowhere", "2>&-", 3, ""),
        ("tabel", "> /dev/full", 2, "actwise: "),
        ("store rm --store store --study made", "<&-", 2, "--yes"),
    ],
)
def test_a_stream_that_cannot_be_written_is_no_fault(
    folder: Path, command: str, redirect: str, exit_code: int, said: str
) -> None:
    code, error = ended(command, redirect, folder)
    assert code == exit_code
    assert said in error
    assert error.count("\n") == (1 if said else 0), error


TRAIN = (
    "run demo factors.dataset=digits factors.model=mlp factors.regularization=none "
    "factors.activation=relu train.epochs=1 train.train_size=128 seeds=0 --executor inline"
)


@pytest.mark.parametrize("redirect", ["2> /dev/full", "<&- 2>&-"])
def test_runs_are_trained_though_nobody_can_be_told(tmp_path: Path, redirect: str) -> None:
    assert ended(f"{TRAIN} --store s", f"{redirect} > out", tmp_path) == (0, "")
    assert "table --store s" in (tmp_path / "out").read_text()


def test_what_was_trained_stays_where_the_end_cannot_be_printed(tmp_path: Path) -> None:
    code, error = ended(f"{TRAIN} --store s", "> /dev/full", tmp_path)
    assert code == 74 and error.endswith("stdout cannot be written: No space left on device\n")
    assert ended("status --store s", "> out", tmp_path)[0] == 0
    assert "1 finished" in (tmp_path / "out").read_text()


@pytest.mark.parametrize(
    ("encoding", "command"),
    [
        ("ascii", "analyze --bank paper --full"),
        ("latin-1", "table --store store"),
        ("cp1252:strict", "table --store store"),
    ],
)
def test_an_encoding_that_lacks_a_character_is_no_fault(
    folder: Path, encoding: str, command: str
) -> None:
    assert ended(command, "> /dev/null", folder, PYTHONIOENCODING=encoding) == (0, "")


@pytest.mark.parametrize("command", ["plan demo", "status --store s", "list studies", "--help"])
def test_without_a_working_directory_one_sentence_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert run_command(command.split()) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("actwise: the working directory is gone")


@pytest.mark.parametrize(
    "command", ["plan {}", "status --store {}", "plan demo factors.activation={}", "table -o {}"]
)
def test_an_argument_that_is_no_text_is_no_fault(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    words = command.format(os.fsdecode(b"\xff")).split()
    assert run_command(words) in (2, 3)
    error = capsys.readouterr().err
    assert error.startswith("actwise: ") and error.count("\n") == 1
    assert "fault of actwise" not in error


LONG = "n" * 300


@pytest.mark.parametrize("path", [LONG, "loop", "file/below", "file", f"folder/{LONG}", "loop/x"])
@pytest.mark.parametrize(
    "command",
    [
        "status --store {}",
        "run demo --store {}",
        "import {} --store new",
        "store copy --store store {}",
        "store gc --store {}",
        "table --store store -o {}/t",
        "export --store store --what all -o {}/all",
        "analyze --csv {}",
        "analyze --bank paper --claims {}",
        "report --bank paper -o {}/r.html",
        "report --bank paper -o r.html --figures {}",
        "plan {}.toml",
        "plan {}/s.toml",
        "plan demo factors.dataset=folder:{}",
        "data list --data {}",
        "data verify mnist --data {}",
        "show activation relu --figure {}/x.png",
        "status --store sqlite:///{}/x --artifacts a",
    ],
)
def test_a_path_that_leads_nowhere_is_one_sentence(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    path: str,
) -> None:
    monkeypatch.chdir(folder)
    if not Path("file").exists():
        Path("file").write_text("\0")
        Path("folder").mkdir()
        Path("loop").symlink_to("loop")
    is_output = any(word in command.split() for word in ("-o", "--figures", "--figure", "copy"))
    assert run_command(command.format(path).split()) in (2, 3, *[74] * is_output)
    error = capsys.readouterr().err.removeprefix("report: r.html\n")
    assert error.startswith("actwise: ") and error.count("\n") == 1
    assert "fault of actwise" not in error


@pytest.mark.parametrize("number", [2, 5, 13, 17, 20, 21, 24, 28, 30, 36, 40])
def test_whatever_the_system_refuses_is_no_fault_of_ours(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    number: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    opened = os.open

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "some/file")

    def open_others(path: Any, *args: Any, **options: Any) -> int:
        if str(path).startswith("x."):
            refuse()
        return opened(path, *args, **options)

    for name in ("x.csv", "x.toml"):
        Path(name).touch()
    monkeypatch.setattr("os.open", open_others)
    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    commands = (
        "analyze --csv x.csv",
        "plan x.toml",
        "run demo --store s/s",
        "report -o x --csv x.csv",
    )
    assert [run_command(command.split()) for command in commands] == [3, 2, 3, 3]
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 4
    assert all(os.strerror(number) in error for error in errors)
