"""One added line in the table of activations is everywhere: list, show, plan, run, table."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ADDED = """
import json, sys
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from torch import nn
from actwise.activations import register
from actwise.cli.main import run_command

class ShiftedTanh(nn.Module):
    def forward(self, x):
        return x.tanh() + 1

register("shifted-tanh", "tanh(x) + 1", "this test", lambda _: ShiftedTanh())

for command in json.loads(sys.argv[1]):
    with redirect_stdout(TextIOWrapper(BytesIO())) as out:
        exit_code = run_command(command.split())
        out.flush()
    print(json.dumps([exit_code, out.buffer.getvalue().decode()]))
"""
STUDY = (
    "demo factors.activation=shifted-tanh,relu factors.model=mlp factors.regularization=none "
    "train.epochs=1 train.train_size=64 seeds=0"
)
COMMANDS = (
    "list activations --json",
    "show activation shifted-tanh",
    f"plan {STUDY}",
    f"run {STUDY} --store store --executor inline",
    "show activation shifted-tanh --json",
    "table --store store --where activation=shifted-tanh --json",
)


def test_one_added_line_appears_everywhere(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ADDED, json.dumps(COMMANDS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    results = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [exit_code for exit_code, _ in results] == [0] * len(COMMANDS)
    listed, shown, planned, _, values, table = (out for _, out in results)
    assert json.loads(listed)[-1]["name"] == "shifted-tanh"
    assert "tanh(x) + 1" in shown
    assert "shifted-tanh" in planned
    assert json.loads(values)["mean_shift"] == pytest.approx(1.0)
    assert json.loads(values)["negative_output"] is False
    (cell,) = json.loads(table)["cells"]
    assert (cell["activation"], cell["n"]) == ("shifted-tanh", 1)
