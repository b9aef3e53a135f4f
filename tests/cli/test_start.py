"""The command line as a process: what it imports, how it ends, what it leaves unsaid."""

import subprocess
import sys

import pytest

import actwise
from actwise.cli.main import run_command

COMMANDS = (
    "list activations",
    "list models",
    "list regularizers",
    "list datasets",
    "list studies",
    "show activation",
    "show run",
    "data list",
    "data fetch",
    "data verify",
    "init",
    "plan",
    "run",
    "demo",
    "status",
    "table",
    "export",
    "import",
    "store copy",
    "store rm",
    "store gc",
)
HEAVY = ("torch", "pandas", "matplotlib", "pyarrow", "scipy", "sklearn", "sqlalchemy")
IMPORTED = f"""
import sys
from actwise.cli.main import run_command
code = run_command(sys.argv[1:])
sys.stderr.write("imported: " + " ".join(name for name in {HEAVY!r} if name in sys.modules))
sys.exit(code)
"""
FAULTY = """
import os, sys
from actwise.activations import register
from actwise.cli.main import run_command
def build(_):
    raise RuntimeError("[red]a fault of ours[/red]")
register("faulty", "x", "nobody", build)
first = run_command(["show", "activation", "faulty"])
os.environ["ACTWISE_DEBUG"] = "1"
sys.exit(first if first == run_command(["show", "activation", "faulty"]) else 1)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [("--help", 0), ("run --help", 0), ("list studies", 0), ("tabel", 2)],
)
def test_help_and_mistakes_import_nothing_heavy(arguments: str, exit_code: int) -> None:
    ended = python(IMPORTED, *arguments.split())
    assert ended.returncode == exit_code
    assert ended.stderr.split("imported:")[1].split() == []


def test_the_version_is_that_of_the_package() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "actwise", "--version"], capture_output=True, text=True, check=True
    )
    assert ended.stdout == f"actwise {actwise.__version__}\n"


@pytest.mark.parametrize("command", ["list studies", "list studies --json"])
def test_a_reader_that_goes_away_is_no_error(command: str) -> None:
    actwise_command = f"'{sys.executable}' -m actwise {command}"
    ended = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {actwise_command} | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stderr == ""
    assert ended.stdout == "0\n"


def test_a_fault_of_ours_is_one_sentence_and_a_traceback_on_request() -> None:
    ended = python(FAULTY)
    assert (ended.returncode, ended.stdout) == (70, "")
    sentence, *on_request = ended.stderr.splitlines()
    assert "RuntimeError: [red]a fault of ours[/red]" in sentence
    assert "ACTWISE_DEBUG=1" in sentence
    assert on_request[0].startswith("Traceback")
    assert on_request[-1] == sentence


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command([*command.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert f"Usage: actwise {command}" in out
    assert "--help" in out
