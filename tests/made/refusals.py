"""Sentences that commands end with, as pages in tests/data/pages have them."""

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from made.mistakes import write_mistakes

PAGES = Path(__file__).parents[1] / "data" / "pages"


def refusal(command: str, code: int, err: str) -> str:
    """A command with what it says, in the working directory."""
    return f"$ actwise {command[:99]} (exit {code})\n{err.replace(str(Path.cwd()), 'HERE')}"


def kept_sentences(name: str) -> dict[str, str]:
    """What a page says, by the first 99 characters of the command."""
    pieces = (PAGES / f"{name}.txt").read_text(encoding="utf-8").split("$ actwise ")[1:]
    return {piece.split(" (exit ")[0]: f"$ actwise {piece}" for piece in pieces}


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of :func:`.write_mistakes`, without data."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    # Other tests may have decoded the data that these commands lack.
    monkeypatch.setenv("ACTWISE_CACHE", f"{folder}-cache")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def keep_sentences(name: str, commands: Iterable[str]) -> None:
    """Write a page anew, beside things that are wrong."""
    os.environ["COLUMNS"] = "100"
    os.environ.pop("ACTWISE_DATA", None)
    sys.dont_write_bytecode = True
    text = ""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        os.environ["ACTWISE_CACHE"] = f"{folder}-cache"
        write_mistakes(Path.cwd())
        for command in commands:
            with contextlib.redirect_stderr(io.StringIO()) as err:
                code = run_command(command.split())
            text += refusal(command, code, err.getvalue())
    (PAGES / f"{name}.txt").write_text(text, encoding="utf-8")
