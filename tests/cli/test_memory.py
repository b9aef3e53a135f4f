"""Networks that are larger than the machine: ``plan`` tells their cost, ``run`` refuses them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from actwise.models import make_describe
from actwise.spec import RunSpec
from made.forks import run_forked

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux limits addresses")

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))
from actwise.cli.main import run_command
sys.exit(run_command(sys.argv[1:]))
"""


LEVELS = ("dataset", "model", "regularization", "activation")
CELL = (
    "demo",
    "width=16",
    "factors.model=vgg16-table1",
    "factors.regularization=bn",
    "factors.activation=relu",
)


def limited(*words: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process that gets no more than 4 GB."""
    return run_forked(LIMITED, *words)


def test_a_network_of_15_gigabytes_is_planned_in_4() -> None:
    done = limited("plan", *CELL, "--json")
    assert done.returncode == 0, done.stderr
    (cell,) = json.loads(done.stdout)["cells"]
    wide = RunSpec.model_validate({"seed": 0, **{k: cell[k] for k in ("width", *LEVELS, "train")}})
    usual = make_describe(None)(wide.model_copy(update={"width": 1.0}))
    assert 250 * usual.parameters < cell["parameters"] < 256 * usual.parameters
    assert 250 * usual.macs < cell["macs"] < 256 * usual.macs
    assert cell["memory_bytes"] > 3 * 4 * cell["parameters"]


def test_a_run_larger_than_the_memory_is_refused_before_any_worker(tmp_path: Path) -> None:
    store = tmp_path / "store"
    done = limited("run", *CELL, "--store", str(store))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "a run needs about" in done.stderr
    assert "GB of memory and this machine has" in done.stderr
    assert done.stderr.count("\n") <= 4
    assert not store.exists() or not list(store.glob("**/*.log"))
