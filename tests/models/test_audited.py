"""Networks of others that are looked at as levels: what fails in them is said as it is."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from torch import nn

from actwise.cli.main import run_command
from actwise.errors import SpecError
from actwise.models import audit_level, resolve

SOURCE = """
import torch
from torch import nn


class Picky(nn.Module):
    def __init__(self, num_classes):
        super().__init__()
        self.act = nn.ReLU()
        self.head = nn.Linear(3, num_classes)

    def forward(self, x):
        y = self.act(x.mean((2, 3)) + self.head.bias.sum() * 0.0 - 1.0)
        if (y < 0).any():
            raise ValueError("a value below zero")
        return self.head(y)
"""


@pytest.fixture
def level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (tmp_path / "picky_networks.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    yield "picky_networks:Picky"
    sys.modules.pop("picky_networks", None)


FAULT = (
    "after the swap to prelu (it is undone): Picky in eval mode raised ValueError: a value below "
    "zero (picky_networks.py, line 15) on the example of shape (2, 3, 32, 32)"
)


def test_a_network_that_no_swap_leaves_running_has_sites_and_a_fault(level: str) -> None:
    found = audit_level(level)
    assert str(found.audit) == f"{level}: 1 activation (relu), 1 at 1 module, 0 gates, 0 unseen"
    assert found.trial is None
    assert found.fault == FAULT


def test_what_keeps_a_swap_from_running_is_printed(
    level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["audit", level]) == 0
    assert f"A swap does not run: {FAULT}" in " ".join(capsys.readouterr().out.split())


def build(name: str, *, pretrained: bool, num_classes: int, in_chans: int, size: int) -> nn.Module:
    raise TypeError(f"no network has the size {size}")


@pytest.fixture
def made_timm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name that has one network."""
    made: Any = ModuleType("timm")
    made.list_models = lambda: ["made"]
    made.create_model = build
    monkeypatch.setitem(sys.modules, "timm", made)
    monkeypatch.setitem(sys.modules, "torchvision", ModuleType("torchvision"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("actwise.usercode.packages.version", lambda name: "1.0")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            "size=3, depth=2",
            "network made takes no argument depth: build() got an unexpected keyword argument "
            "'depth'",
        ),
        (
            "size=3",
            "model timm:made(size=3) failed: TypeError: no network has the size 3 "
            f"({__file__}, line {build.__code__.co_firstlineno + 1})",
        ),
    ],
)
@pytest.mark.usefixtures("made_timm")
def test_a_wrong_argument_is_told_from_a_fault_inside_a_network(
    arguments: str, sentence: str
) -> None:
    resolve(f"timm:made({arguments})")
    with pytest.raises(SpecError) as refusal:
        audit_level(f"timm:made({arguments})")
    assert str(refusal.value) == sentence
