"""Levels of `model`, users' classes and finished runs, by the command and in Python."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.diagnostics import diagnose_level
from actwise.store import RunStore
from actwise.sweep.diagnosed import diagnose_run

SOURCE = """
import torch
import torch.nn.functional as F
from torch import nn

class Net(nn.Module):
    def __init__(self, num_classes, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3)
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        return self.head(F.elu(self.conv(x).relu_()).mean((2, 3)))

class Deaf(Net):
    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3)))

class Raising(nn.Module):
    def __init__(self):
        super().__init__()
        raise ValueError("no size is known")

class Leaving(nn.Module):
    def __init__(self):
        raise SystemExit("no weights are here")
"""
STUDY = {
    "name": "flow",
    "width": 0.1,
    "factors": {
        "dataset": ["digits"],
        "model": ["convnet"],
        "regularization": ["bn+dropout"],
        "activation": ["prelu"],
    },
    "train": {"epochs": 1, "train_size": 256, "batch_size": 64},
    "observe": {"keep_weights": True},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "flow_network.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("COLUMNS", "100")
    yield tmp_path
    sys.modules.pop("flow_network", None)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "store"
    aw.run(STUDY, path, executor="inline", workers=1)
    return path


@pytest.fixture
def run_id(store: Path) -> str:
    with RunStore.open(store) as opened:
        return opened.planned()[0].run_id


def test_networks_of_others() -> None:
    googlenet = diagnose_level("torchvision:googlenet", images=2, shape=(3, 32, 32))
    assert (len(googlenet.sites), len(googlenet.norms), len(googlenet.not_run)) == (57, 57, 4)
    resnet = diagnose_level("timm:resnet10t", images=2, shape=(3, 32, 32))
    assert len(resnet.sums) == 4 and resnet.model == "timm:resnet10t"
    assert all(site.images == 2 for site in resnet.sites)


def test_a_users_class_with_its_own_and_with_another_activation(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["diagnose", "flow_network:Net", "--images", "8", "--json"]
    assert run_command(command) == 0
    own = json.loads(capsys.readouterr().out)
    assert [site["activation"] for site in own["sites"]] == ["relu", "elu"]
    assert (own["images"], own["is_screen"], own["norms"]) == (8, True, [])
    assert run_command([*command, "--activation", "prelu", "--dataset", "digits"]) == 0
    other = json.loads(capsys.readouterr().out)
    assert [site["activation"] for site in other["sites"]] == ["prelu", "prelu"]
    assert other["gradient_of"] == "cross-entropy" and other["accuracy"] is not None


def test_a_finished_run_is_measured_on_what_it_trained_on(store: Path, run_id: str) -> None:
    report = diagnose_run(store, run_id[:8], images=100)
    assert report.images == 100 and report.accuracy is not None
    assert all(norm.is_fitted for norm in report.norms) and report.shift is not None
    assert report.sites[0].learned[0].name == "weight"
    assert diagnose_run(store, run_id).images == 256  # all that there are


def test_the_command_prints_and_writes_a_page(
    folder: Path, store: Path, run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["diagnose", "--store", str(store), "--run", run_id, "--images", "50"]
    assert run_command([*command, "--report", "flow.html"]) == 0
    text = capsys.readouterr().out
    said = " ".join(text.split())
    assert "50 images of digits (1x32x32), a screen" in said and "3/N, 95 %" in said
    assert "report: flow.html" in said and "On noise" not in said
    assert "<h1>" in (folder / "flow.html").read_text(encoding="utf-8")
    assert run_command([*command, "--full"]) == 0
    full = capsys.readouterr().out
    assert "Batch norm against its running statistics" in full
    assert "What is learned of the activations" in full


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "diagnose takes a MODEL, or --store PATH and --run ID"),
        ("mlp --run 1", "diagnose takes a MODEL, or --store PATH and --run ID"),
        ("mlp --images 0", "--images 0 must be at least 1"),
        ("mlp --width 0", "--width 0 must be above 0"),
        ("mpl", "did you mean mlp"),
        ("mlp --dataset digits --shape 1,8,8", "--shape is of noise"),
        ("flow_network:Deaf --images 2", "computes no activation that can be measured"),
        ("flow_network:Net --images 2 --shape 3,1,1", "raised RuntimeError"),
        ("--store nowhere --run 1", "nowhere"),
    ],
)
def test_what_cannot_be_diagnosed_gets_a_sentence(
    folder: Path, arguments: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["diagnose", *arguments.split()]) in (2, 3)
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said


@pytest.mark.parametrize("options", ["", " --activation elu", " --dataset digits"])
@pytest.mark.parametrize(
    ("name", "fault", "line"),
    [
        ("Raising", "ValueError: no size is known", 22),
        ("Leaving", "SystemExit: no weights are here", 26),
    ],
)
def test_a_network_that_is_not_made_says_what_it_raised_and_where(
    folder: Path, name: str, fault: str, line: int, options: str, capsys: pytest.CaptureFixture[str]
) -> None:
    level = f"flow_network:{name}"
    assert run_command(["diagnose", level, *options.split()]) == 2
    said = f"model {level} failed: {fault} (flow_network.py, line {line})"
    assert capsys.readouterr().err == f"actwise: {said}\n"


def test_a_run_has_its_own_levels(
    store: Path, run_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["diagnose", "--store", str(store), "--run", run_id, "--activation", "elu"]
    assert run_command(command) == 2
    assert "--activation elu is of a MODEL" in capsys.readouterr().err
