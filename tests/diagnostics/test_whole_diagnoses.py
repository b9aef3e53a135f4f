"""Whole reports of signal flow of small networks, as they are kept in ``data/wholes``.

Who changes what is measured writes them anew, and reads their difference:

    PYTHONPATH=src:tests python tests/diagnostics/test_whole_diagnoses.py [NAME ...]
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
import torch
from torch import nn

import actwise as aw
from actwise.diagnostics import SignalReport
from actwise.diagnostics.signal_report import Code, SignalFinding
from actwise.report import plain, signal_text
from actwise.report.figures import signal_figures
from actwise.report.signal import render_signal
from actwise.report.words import finding_lines, signal_headline, signal_scope
from made.flows import Gates, InTraining
from made.planted import Deep, Planted, drawn, filled
from made.wholes import Maker, differences, json_lines, keep, page_lines, picture_lines

NOW = datetime(2026, 1, 2, tzinfo=UTC)


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


VARIANTS: dict[str, dict[str, Any]] = {
    "no labels": {"accuracy": None, "reestimated_accuracy": None, "loss": None},
    "not estimated": {"reestimated_accuracy": None},
    "confirmed": {"accuracy": 40.0, "reestimated_accuracy": 90.0},
    "not confirmed": {"accuracy": 40.0, "reestimated_accuracy": 45.0},
    "no gradient": {"gradient_of": None},
    "no loss": {"gradient_of": "random directions of the output"},
    "1,000 images": {"images": 1000},
    "999 images": {"images": 999},
    "not run": {"not_run": ("aux", "other"), "unseen": ("a", "b"), "warnings": ("this", "that")},
}


def sentences(folder: Path) -> Iterator[str]:
    """What is said of every kind of finding at one place and at two, and beside them."""
    base = planted()
    first, second = base.sites[0].name, base.sites[1].name
    for code in get_args(Code):
        name = base.norms[0].name if code == "shift" else first
        one = SignalFinding(code, name, 0.25, 3)
        for found in ((one,), (one, SignalFinding(code, second, 0.5, 5))):
            lines = finding_lines(replace(base, findings=found), is_full=False)
            yield from (f"{code}: {sentence}" for code, sentence in lines)
    for name, changes in VARIANTS.items():
        yield f"== {name}"
        report = replace(base, **changes)
        yield signal_headline(report)
        yield from (f"{code}: {said}" for code, said in finding_lines(report, is_full=True))
        yield from signal_scope(report)


MAKERS: dict[str, Maker] = {
    f"signal-{name}": lambda folder, name=name: whole(name)  # type: ignore[misc]
    for name in REPORTS
} | {"signal-sentences": sentences}


@pytest.mark.parametrize("name", MAKERS)
def test_a_report_of_signal_flow_says_what_it_said(name: str, tmp_path: Path) -> None:
    assert differences(name, MAKERS[name](tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
