"""What lies in examples/ runs, and a study of a plain network ends with a decision."""

import math
import os
import re
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from actwise.cli.main import run_command
from actwise.models import make_describe
from actwise.spec import ObserveSpec, load_study
from actwise.store import RunStore
from actwise.sweep import Plan, load_model, make_plan
from actwise.sweep.worker import ProcessState, Setup, Tried, attempt_run, make_assignment
from actwise.usercode import PACKAGES

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCE = EXAMPLES.parent / "src"
PAGE = (EXAMPLES.parent / "docs" / "your-network.md").read_text(encoding="utf-8")
HAS_ZOO = all(map(find_spec, PACKAGES))
ZOO = ["torchvision:resnet18", "timm:resnet10t"]
NO_ZOO = "torchvision and timm (the extra `zoo`) are not installed"


@pytest.fixture(autouse=True)
def in_their_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.syspath_prepend(EXAMPLES)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    state = ProcessState.capture()
    yield
    state.restore()
    for path in EXAMPLES.glob("*.py"):
        sys.modules.pop(path.stem, None)


def planned(name: str, *changes: str, data: Path | None = None) -> Plan:
    return make_plan(load_study(f"{name}.toml", changes), make_describe(data))


def refuse_faults(plan: Plan, data: Path | None = None) -> None:
    """Train two batches of every cell, in this process."""
    setup = Setup(
        data_dir=None if data is None else str(data),
        device="cpu",
        threads=1,
        checkpoints="",
        weights="",
        logs="",
        cpus=None,
        checkpoint_seconds=30.0,
        allow_environment_change=False,
    )
    for run in plan.distinct_cells:
        found = attempt_run(
            make_assignment(run, observe=ObserveSpec(), max_batches=2),
            setup,
            should_stop=lambda: False,
            on_progress=lambda advanced: None,
        )
        assert isinstance(found, Tried)
        assert found.traceback is None, found.traceback
        assert math.isfinite(found.loss or 0.0)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(path.stem, marks=[pytest.mark.zoo] if path.stem == "timm_network" else [])
        for path in sorted(EXAMPLES.glob("*.toml"))
    ],
)
def test_every_cell_of_an_example_trains(name: str) -> None:
    is_zoo = name == "timm_network"
    if is_zoo and not HAS_ZOO:
        pytest.skip(NO_ZOO)
    # Large ones: the plain network is trained with all three.
    refuse_faults(planned(name, *(["factors.activation=prelu"] if is_zoo else [])))


@pytest.mark.parametrize("model", ["plain_network:Net", *ZOO])
def test_networks_of_all_kinds_train_on_real_images(model: str, real_data: Path) -> None:
    if model in ZOO and not HAS_ZOO:
        pytest.skip(NO_ZOO)
    changes = ("factors.dataset=cifar10", f"factors.model={model}", "train.train_size=500")
    plan = planned("plain_network", *changes, data=real_data)
    num_places = {"plain_network:Net": 3, "torchvision:resnet18": 17, "timm:resnet10t": 11}
    found = {plan.description(run).activation_sites for run in plan.cells}
    assert found == {num_places[model]}
    refuse_faults(plan, real_data)


def test_the_script_swaps_and_takes_it_back(capsys: pytest.CaptureFixture[str]) -> None:
    model = runpy.run_path("swap.py")["model"]
    assert type(model).__name__ == "Net"
    assert len(list(model.parameters())) == 8
    assert "swap -> prelu: 3 replaced, 0 missed" in capsys.readouterr().out


def test_a_loop_of_ones_own_is_raced(capsys: pytest.CaptureFixture[str]) -> None:
    advice = runpy.run_path("ask_and_tell.py")["advice"]
    assert advice.activation in advice.not_told_apart
    assert all(row.value is not None and row.value > 80 for row in advice.trials)
    assert capsys.readouterr().out == f"{advice}\n"


TYPED = """
from pathlib import Path
from typing import Any, assert_type
import actwise as aw
import torch
from torch import nn

def session(store: Path, model: nn.Module, x: torch.Tensor) -> aw.Analysis:
    study: dict[str, Any] = {"name": "mine", "factors": {"activation": ["relu"]}}
    assert_type(aw.run(study, store, workers=2, progress=True).exit_code, int)
    aw.run(study, store, wrokers=2)  # type: ignore[call-arg]
    aw.run(study, store, executor="threads")  # type: ignore[arg-type]
    aw.recommend("mlp", "digits", store=store, observe_again=True)  # type: ignore[call-arg]
    assert_type(aw.runs(store, where=["seed=0"]), aw.Runs)
    assert_type(aw.activation("elu(0.5)"), nn.Module)
    assert_type(aw.audit(model, x), aw.Audit)
    assert_type(aw.swap(model, "prelu", example=x).missed[0].reason, str)
    assert_type(aw.diagnose(model, x), aw.SignalReport)
    advice = aw.recommend("mlp", "digits", store=store, budget="7runs")
    assert_type(advice.activation, str | None)
    assert_type(aw.Race(["relu", "elu"], epochs=9).advice(), aw.Advice)
    assert_type(aw.report(store, "report.html"), aw.Analysis)
    found = aw.analyze([{"activation": "relu", "test_accuracy": 70.0}])
    assert_type(found.to_dict(), dict[str, Any])
    found.to_frame()
    for shown in (advice, found, aw.diagnose(model, x)):
        assert_type(shown.to_dict(), dict[str, Any])
    return found
"""


@pytest.mark.package
def test_scripts_of_users_are_typed(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    session = tmp_path / "session.py"
    session.write_text(TYPED)
    assert (SOURCE / "actwise" / "py.typed").is_file()
    cache = Path(tempfile.gettempdir()) / "actwise-test-mypy"
    options = ["--strict", "--follow-imports=silent", "--config-file=", f"--cache-dir={cache}"]
    scripts = ["swap.py", "own_activation.py", "layer_builder.py", str(session)]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *scripts],
        env={**os.environ, "MYPYPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.docs
@pytest.mark.skipif(not HAS_ZOO, reason=NO_ZOO)
def test_a_network_of_a_package_runs_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = ["factors.model=timm:resnet10t", "factors.activation=prelu"]
    assert run_command(["plan", "timm_network.toml", *changes]) == 0
    assert run_command(["run", "timm_network.toml", "--smoke", *changes]) == 0
    assert "1 of 1 cell passed" in capsys.readouterr().out


@pytest.mark.docs
def test_a_study_of_a_plain_network_ends_with_a_decision(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = ["--store", str(tmp_path / "store")]
    assert run_command(["run", "plain_network.toml", "seeds=0..1", "--keep-weights", *store]) == 0
    capsys.readouterr()
    assert run_command(["analyze", *store]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^(Use|Not told apart: )", printed, re.MULTILINE), printed
    assert "hardly learned" not in printed
    with RunStore.open(tmp_path / "store") as opened:
        prelu = next(run for run in opened.planned() if run.spec.activation == "prelu")
        network = load_model(opened, prelu.run_id)
    assert isinstance(network, sys.modules["plain_network"].Net)
    assert len(network(torch.zeros(4, 1, 8, 8))) == 4


def test_the_page_names_every_example() -> None:
    files = [path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".toml")]
    assert [name for name in files if name not in PAGE] == []
