"""Completion of the shell: installed by the command itself, for commands, options and studies."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from actwise.cli.main import run_command


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--show-completion", shell]) == 0
    assert f"complete_{shell}" in capsys.readouterr().out


def test_commands_options_and_studies_are_completed(tmp_path: Path) -> None:
    (tmp_path / "demo-mine.toml").write_text("")
    for words, offered in {
        "actwise sta": ["status"],
        "actwise run --keep": ["--keep-weights"],
        "actwise plan dem": ["demo", "demo-mine.toml"],
    }.items():
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        done = subprocess.run(
            [sys.executable, "-m", "actwise"],
            cwd=tmp_path,
            env={**os.environ, **asked, "_ACTWISE_COMPLETE": "complete_bash"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout.split(), done.stderr) == (offered, "")
