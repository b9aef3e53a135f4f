"""What stands in place of a user's file, a pipe, a socket, a device, a folder: never waited for."""

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.engine import Checkpoints
from actwise.engine.weights import load_weights
from actwise.errors import ActwiseError, StoreError
from actwise.registry import parse_level
from actwise.usercode import code_digest
from made.checkpoints import HERE
from small_runs import make_model, make_spec

CSV = """dataset,model,regularization,activation,seed,test_accuracy
a,b,c,relu,0,50.1
a,b,c,elu,0,51.1
"""


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        # By a short name: such an address has at most 108 characters.
        before = Path.cwd()
        os.chdir(path.parent)
        try:
            made.bind(path.name)
        finally:
            os.chdir(before)


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "a pipe and no file; save what it gives as a file"),
    "link to a pipe": (
        lambda path: (os.mkfifo(f"{path}.pipe"), path.symlink_to(f"{path}.pipe")),
        "a pipe and no file",
    ),
    "endless device": (lambda path: path.symlink_to("/dev/zero"), "a device and no file"),
    "empty device": (lambda path: path.symlink_to("/dev/null"), "a device and no file"),
    "socket": (make_socket, "a socket and no file"),
    "folder": (Path.mkdir, "Is a directory"),
}
COMMANDS = {  # the path that is something else; the command
    "study": ("x.toml", "plan x.toml"),
    "study to run": ("x.toml", "run x.toml --store new"),
    "claims of a run": ("x.toml", "run demo --claims x.toml --store new"),
    "claims": ("x.toml", "analyze --csv runs.csv --claims x.toml"),
    "table": ("x.csv", "analyze --csv x.csv"),
    "table without an ending": ("x", "report --csv x -o new.html"),
    "store": ("x/store.sqlite", "status --store x"),
    "store to run": ("x/store.sqlite", "run demo --store x"),
    "database": ("x.sqlite", "table --store sqlite:///x.sqlite --artifacts new"),
    "manifest": ("x/manifest.json", "import x --store new"),
}


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    (tmp_path / "runs.csv").write_text(CSV, encoding="utf-8")


def put(kind: str, path: Path) -> str:
    """Put something in a file's place; what is said of it."""
    make, sentence = KINDS[kind]
    path.parent.mkdir(exist_ok=True)
    make(path)
    return sentence


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_no_file_is_refused_and_not_read(
    name: str, kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, command = COMMANDS[name]
    sentence = put(kind, tmp_path / path)
    before = sorted(tmp_path.rglob("*"))
    assert run_command(command.split()) in (2, 3)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1 and err.startswith("actwise: ")
    assert sentence in err and path.split("/")[0].split(".")[0] in err
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_shell_gives_in_place_of_a_file_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As ``analyze --csv <(...)`` and ``... | actwise analyze --csv /dev/stdin``."""
    reading, writing = os.pipe()
    os.write(writing, CSV.encode())
    try:
        assert run_command(["analyze", "--csv", f"/dev/fd/{reading}"]) == 3
    finally:
        os.close(reading)
        os.close(writing)
    assert "a pipe and no file; save what it gives as a file" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_a_checkpoint_that_is_no_file_is_an_accident(kind: str, tmp_path: Path) -> None:
    sentence = put(kind, tmp_path / "run.1.0.ckpt")
    with pytest.raises(StoreError, match=sentence):
        Checkpoints(tmp_path, "run", 1, HERE).load()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_that_are_no_file_are_not_waited_for(kind: str, tmp_path: Path) -> None:
    sentence = put(kind, tmp_path / "w.safetensors")
    with pytest.raises(StoreError, match=sentence):
        load_weights(make_model(make_spec()), tmp_path / "w.safetensors")


@pytest.mark.parametrize("kind", ["pipe", "endless device", "socket"])
def test_a_module_that_is_no_file_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    put(kind, tmp_path / "mine.py")
    with pytest.raises(ActwiseError, match="mine"):
        code_digest(parse_level("mine:f", kind="activation"))


def test_a_link_to_a_file_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "link.csv").symlink_to(tmp_path / "runs.csv")
    assert run_command(["analyze", "--csv", "link.csv"]) == 0
    assert capsys.readouterr().err == ""
