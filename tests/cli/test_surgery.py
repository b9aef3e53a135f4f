"""``actwise audit`` and ``actwise swap`` as people read them."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.cli.main import run_command

SOURCE = """
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn


def helper(x):
    return F.relu(x)


class Net(nn.Module):
    def __init__(self, num_classes, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, 3)
        self.head = nn.Linear(4, num_classes)

    def forward(self, x):
        return self.head(helper(F.relu(self.conv(x)).mean((2, 3))))


class Gated(Net):
    def forward(self, x):
        x = F.relu(self.conv(x.clamp(min=0)))
        x = x * self.conv.bias.view(-1, 1, 1).sigmoid() * x.mean((2, 3), keepdim=True).sigmoid()
        return self.head(x.mean((2, 3)))


class Bare(Net):
    def forward(self, x):
        return self.head(self.conv(x).mean((2, 3)))


class Sequential(Net):
    def __init__(self, num_classes, in_channels):
        super().__init__(num_classes, in_channels)
        self.cell = nn.LSTM(4, 4)

    def forward(self, x):
        return self.head(F.relu(self.cell(self.conv(x).mean((2, 3)))[0]))


class Strict(Net):
    def __init__(self, num_classes, in_channels):
        super().__init__(num_classes, in_channels)
        self.act = nn.ReLU()

    def forward(self, x):
        if not isinstance(self.act, nn.ReLU):
            raise RuntimeError("only ReLU will do")
        return self.head(self.act(self.conv(x)).mean((2, 3)))


class Stages(nn.Module):
    def __init__(self, num_classes, in_channels):
        super().__init__()
        sizes = (in_channels, 16, 4, 8, 32)
        self.convs = nn.ModuleList(map(partial(nn.Conv2d, kernel_size=1), sizes, sizes[1:]))
        self.acts = nn.ModuleList(nn.ReLU() for _ in self.convs)
        self.head = nn.Linear(32, num_classes)

    def forward(self, x):
        for number, (conv, act) in enumerate(zip(self.convs, self.acts)):
            x = act(conv(x)) if number < self.num_acts else conv(x)
        return self.head(x.mean((2, 3)))


class Three(Stages):
    num_acts = 3


class Four(Stages):
    num_acts = 4


def broken():
    raise ValueError("no idea")
"""


@pytest.fixture(autouse=True)
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "audited_network.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("audited_network", None)


def printed(command: str, capsys: pytest.CaptureFixture[str], *, exit_code: int = 0) -> str:
    capsys.readouterr()
    assert run_command(command.split()) == exit_code
    captured = capsys.readouterr()
    return captured.err if exit_code else captured.out


def test_an_audit_says_what_there_is_and_what_a_swap_replaces(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed("audit audited_network:Net", capsys).splitlines()
    first, second, header, *rows, missed, following = lines
    assert first == ("audited_network:Net: 2 activations (relu), 2 functional, 0 gates, 0 unseen")
    assert second == "A swap replaces 1 of 2; 1 stays, with the reason below."
    assert header.split()[:4] == ["site", "activation", "role", "channels"]
    assert [row.split()[1:4] for row in rows] == [["relu", "activation", "4"]] * 2
    assert missed.startswith("  missed ") and "relu stays, since" in missed
    assert following.split(maxsplit=1) == ["next", "actwise swap audited_network:Net prelu"]


def test_equal_sites_are_one_row_and_with_full_all_are_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = printed("audit resnet20", capsys).splitlines()
    assert "A swap replaces all 19." in short
    assert [line.split()[:2] for line in short if line.startswith("res*")] == [
        ["res*.*.act*", "18"]
    ]
    full = printed("audit resnet20 --full", capsys).splitlines()
    assert len(full) == len(short) + 17
    assert json.loads(printed("audit resnet20 --json", capsys))["replaceable"] == 19


def test_an_audit_names_what_stays(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed("audit audited_network:Gated", capsys).splitlines()
    assert "A swap replaces all 1. As they are stay: 1 of the input, 2 gates." in lines
    lines = printed("audit audited_network:Bare", capsys).splitlines()
    assert lines[-1] == "There is nothing that a swap replaces."


def test_what_an_audit_cannot_see_is_named_below_what_it_sees(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first, second, header, row, *rest = printed(
        "audit audited_network:Sequential", capsys
    ).splitlines()
    assert first == (
        "audited_network:Sequential: 1 activation (relu), 1 functional, 0 gates, 1 unseen"
    )
    assert second == "A swap replaces all 1."
    assert (header.split()[0], row.split()[1]) == ("site", "relu")
    assert rest == [
        "  unseen  cell: lstm",
        "  next    actwise swap audited_network:Sequential prelu",
    ]


def test_an_audit_says_why_a_swap_does_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    first, second, _, row = printed("audit audited_network:Strict", capsys).splitlines()
    assert first == "audited_network:Strict: 1 activation (relu), 1 at 1 module, 0 gates, 0 unseen"
    said = "A swap does not run: after the swap to prelu (it is undone): Strict in eval mode raised"
    line = 1 + SOURCE[: SOURCE.index("raise RuntimeError")].count("\n")
    assert second == (
        f"{said} RuntimeError: only ReLU will do (audited_network.py, line {line}) on the example "
        "of shape (2, 3, 32, 32)"
    )
    assert row.split()[:4] == ["act", "relu", "activation", "4"]


@pytest.mark.parametrize(("name", "channels"), [("Three", "4/8/16"), ("Four", "4 to 32")])
def test_equal_sites_name_up_to_three_numbers_of_channels(
    name: str, channels: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = (
        line
        for line in printed(f"audit audited_network:{name}", capsys).splitlines()
        if line.startswith("acts.*")
    )
    assert " ".join(row.split()).startswith(
        f"acts.* {3 if name == 'Three' else 4} relu activation {channels} 1 audited_network.py:"
    )


def test_a_swap_says_what_it_replaced_and_missed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed("swap audited_network:Net elu(0.5)", capsys).splitlines()
    assert lines[0].endswith("; swap -> elu(alpha=0.5): 1 replaced, 1 missed")
    assert any(line.startswith("  missed ") and "relu stays, since" in line for line in lines)


def test_a_swap_that_replaces_nothing_says_so_and_fails(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["swap", "audited_network:Bare", "elu"]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "Nothing was replaced."
    assert run_command(["swap", "audited_network:Bare", "elu", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["replaced"] == []


def test_networks_of_ours_and_other_shapes_are_looked_at_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert printed("audit resnet20 --shape 1,28,28", capsys).startswith("resnet20: 19 activations")
    assert "2 functional" in printed("audit audited_network:Net --shape 1,8,8", capsys)


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        ("audit audited_network:Net --shape 3x32", "--shape '3x32' is not C,H,W: channels, hei"),
        ("audit audited_network:Net --shape 3x8x8", "of an image, did you mean 3,8,8?"),
        ("audit audited_network:Net --shape 3,0,8", "--shape '3,0,8' is not C,H,W"),
        (
            "audit audited_network:Net --shape 3,2,2",
            "shape (2, 3, 2, 2): images of 3,2,2; --shape C,H,W (channels, height, width) gives",
        ),
        ("cost audited_network:Net --shape 3,2,2", "images of 3,2,2; --shape C,H,W (channels"),
        ("audit Net", "one of your own is written with its module, module:Name, such as my_file:N"),
        ("audit audited_network.Net", "module:Name, did you mean audited_network:Net?"),
        ("audit audited_network:Nat", "did you mean Net"),
        ("audit audited_network:broken", "failed: ValueError: no idea (audited_network.py, line"),
        ("audit audited_network:helper", "nothing fills x: a network is given num_classes"),
        ("audit audited_network:helper", "a function of a tensor is a level of activation"),
        ("audit resnet19", "no model is named 'resnet19'"),
        ("swap audited_network:Net reluu", "no activation is named 'reluu'"),
    ],
)
def test_what_cannot_be_looked_at_is_one_sentence(
    command: str, complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = printed(command, capsys, exit_code=2).splitlines()
    assert complaint in line
