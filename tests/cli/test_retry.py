"""What failed stays as it is until somebody asks for it, by a command or a call."""

import shlex
from pathlib import Path

import pytest

import actwise as aw
from actwise.cli.main import run_command

MODULE = """
from pathlib import Path

def act(x):
    if x.device.type != "meta":
        with Path("tried").open("a") as file:
            file.write("x")
        raise ValueError("on purpose")
    return x.relu()
"""
STUDY = (
    "demo factors.dataset=digits factors.model=mlp factors.regularization=none seeds=0 "
    "factors.activation=fails_here:act train.epochs=1 train.train_size=256"
)


def num_tries() -> int:
    path = Path("tried")
    return len(path.read_text()) if path.exists() else 0


def test_a_failed_run_is_tried_again_only_when_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    Path("fails_here.py").write_text(MODULE)
    command = ["run", *STUDY.split(), "--store", "store", "--executor", "inline"]
    assert run_command(command) == 1
    tries = num_tries()
    assert tries > 0
    (line,) = [n for n in capsys.readouterr().out.splitlines() if n.startswith("traceback: ")]
    assert run_command(shlex.split(line.removeprefix("traceback: actwise "))) == 0
    shown = capsys.readouterr().out
    assert "ValueError: on purpose" in shown and "Traceback" in shown
    assert run_command(command) == 1
    shown = capsys.readouterr()
    assert "0 finished, 0 diverged, 1 failed, 0 left" in shown.out + shown.err
    study, *overrides = STUDY.split()
    assert aw.run(study, "store", overrides=overrides, executor="inline").failed == 1
    assert num_tries() == tries
    assert run_command([*command, "--retry-failed"]) == 1
    assert num_tries() > tries
