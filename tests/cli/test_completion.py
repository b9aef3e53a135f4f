"""Completion of the shell: installed by the command itself, for commands, options and studies."""

import os
import subprocess
import sys
from pathlib import Path


def test_bash_installs_what_completes_in_its_own_start_file(tmp_path: Path) -> None:
    # With a command after it, so that bash stays to be found.
    asked = f"{sys.executable} -m actwise --install-completion; true"
    done = subprocess.run(
        ["bash", "-c", asked],
        env={**os.environ, "HOME": str(tmp_path), "SHELL": "/bin/bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "bash completion installed" in done.stdout
    (script,) = tmp_path.glob(".bash_completions/*")
    assert str(script) in (tmp_path / ".bashrc").read_text()
    assert "_ACTWISE_COMPLETE=complete_bash" in script.read_text()


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
