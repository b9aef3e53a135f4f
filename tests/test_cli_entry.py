"""One added line in the table of activations is everywhere: list, show, plan, run, table."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ADDED = """
import sys
from torch import nn
from actwise.activations import register
register("shifted-tanh", "tanh(x) + 1", "this test", lambda _: Shifted())
class Shifted(nn.Module):
    def forward(self, x):
        return x.tanh() + 1
from actwise.cli.main import run_command
sys.exit(run_command(sys.argv[1:]))
"""
STUDY = [
    "demo",
    "factors.activation=shifted-tanh,relu",
    "factors.model=mlp",
    "factors.regularization=none",
    "train.epochs=1",
    "train.train_size=64",
    "seeds=0",
]


def actwise(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", ADDED, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "120"},
    )
    assert (ended.returncode, ended.stderr) == (0, "") or arguments[0] == "run", ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_one_added_line_appears_everywhere(tmp_path: Path) -> None:
    listed = json.loads(actwise(tmp_path, "list", "activations", "--json"))
    entry = next(entry for entry in listed if entry["name"] == "shifted-tanh")
    assert entry["mean_shift"] == pytest.approx(1.0)
    assert entry["negative_output"] is False
    assert "tanh(x) + 1" in actwise(tmp_path, "show", "activation", "shifted-tanh")
    assert "shifted-tanh" in actwise(tmp_path, "plan", *STUDY)
    actwise(tmp_path, "run", *STUDY, "--store", "store", "--executor", "inline")
    rows = json.loads(actwise(tmp_path, "export", "--store", "store", "--json"))
    assert [row["status"] for row in rows] == ["finished", "finished"]
    assert "shifted-tanh" in actwise(tmp_path, "table", "--store", "store")
