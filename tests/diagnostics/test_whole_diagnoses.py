"""Whole reports of signal flow of small networks, as they are kept in ``data/wholes``.

Who changes what is measured writes them anew, and reads their difference:

    PYTHONPATH=src:tests python tests/diagnostics/test_whole_diagnoses.py [NAME ...]
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import actwise as aw
from actwise.diagnostics import SignalReport
from actwise.report import plain, signal_text
from actwise.report.figures import signal_figures
from actwise.report.signal import render_signal
from made.flows import Gates, InTraining
from made.wholes import Maker, differences, json_lines, keep, page_lines, picture_lines

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(network: nn.Module, scale: float = 0.5) -> nn.Module:
    """With weights that no layer's own start decides."""
    network = network.double()
    with torch.no_grad():
        for place, values in enumerate(network.parameters()):
            values.copy_(scale * drawn(*values.shape, seed=place))
    return network


class Planted(nn.Module):
    """Dead, constant and saturated units, a shift, a silent branch, learned slopes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv2, self.conv3 = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.act, self.high = nn.PReLU(8), nn.Hardtanh()
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)), inplace=True)
        x = x + self.act(self.conv2(x))
        x = x + 1e-5 * torch.tanh(self.conv3(x))
        x = self.high(self.drop(x) * 4)
        return self.head(x.mean((2, 3)))


def planted() -> SignalReport:
    network = filled(Planted())
    assert isinstance(network, Planted)
    with torch.no_grad():
        network.norm.running_var.copy_(torch.linspace(20.0, 200.0, 8))  # type: ignore[union-attr]
        network.norm.running_mean.copy_(torch.linspace(-1.0, 1.0, 8))  # type: ignore[union-attr]
        network.norm.weight.fill_(1.0)
        network.norm.bias.copy_(torch.tensor([-9.0, -9.0, -9.0, 0.0, 0.1, 0.2, 0.3, 0.4]))
        network.act.weight.copy_(torch.linspace(0.0, 0.9, 8))
    return aw.diagnose(network, drawn(30, 3, 6, 6, seed=90), torch.arange(30) % 4, batch_size=8)


class Deep(nn.Module):
    """A chain whose values shrink or grow by a factor at each of its layers."""

    def __init__(self, factor: float, function: nn.Module, length: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(length):
            layer = nn.Linear(8, 8, bias=False)
            with torch.no_grad():
                layer.weight.copy_(factor * torch.eye(8))
            layers += [layer, function]
        self.layers = nn.Sequential(*layers, nn.Linear(8, 3, bias=False))
        nn.init.ones_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out


def broken() -> SignalReport:
    network = filled(nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 8), nn.GELU()))
    network.append(nn.Linear(8, 4).double())  # type: ignore[operator]
    with torch.no_grad():
        network[0].weight[1, 2] = torch.inf  # type: ignore[index,union-attr]
        network[2].bias[3] = torch.nan  # type: ignore[index,union-attr]
        network[4].weight.fill_(0.5)  # type: ignore[index,union-attr]
        network[4].bias.fill_(0.1)  # type: ignore[index,union-attr]
    return aw.diagnose(network, drawn(40, 6), torch.arange(40) % 4)


def deep(factor: float, function: nn.Module, length: int = 6) -> Callable[[], SignalReport]:
    network = Deep(factor, function, length)
    return lambda: aw.diagnose(network.double(), drawn(20, 8), batch_size=7)


REPORTS: dict[str, Callable[[], SignalReport]] = {
    "planted": planted,
    "broken": broken,
    "vanishing": deep(0.1, nn.Tanh()),
    "exploding": deep(9.0, nn.LeakyReLU(0.2)),
    "saturated": deep(40.0, nn.Sigmoid()),
    "long": deep(1.1, nn.Softsign(), 13),
    "gates": lambda: aw.diagnose(filled(Gates()), drawn(25, 4)),
    "in-training": lambda: aw.diagnose(filled(InTraining()), drawn(25, 4), torch.arange(25) % 4),
}


def whole(name: str) -> Iterator[str]:
    """The data, both texts, what a notebook prints, the pictures, and of one the page."""
    report = REPORTS[name]()
    yield from json_lines(report.to_dict())
    yield from plain(signal_text(report), 80).split("\n")
    yield from plain(signal_text(report, full=True), 200).split("\n")
    yield from repr(report).split("\n")
    if name in ("planted", "vanishing"):
        yield from picture_lines(signal_figures(report))
    if name == "planted":
        yield from page_lines(report._repr_html_())
        yield from page_lines(render_signal(report, command="actwise diagnose x", now=NOW))


MAKERS: dict[str, Maker] = {
    f"signal-{name}": lambda folder, name=name: whole(name)  # type: ignore[misc]
    for name in REPORTS
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_report_of_signal_flow_says_what_it_said(name: str, tmp_path: Path) -> None:
    assert differences(name, MAKERS[name](tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
