"""A signal report in words: what is odd first, and an inert page with profiles over depth."""

import re
from dataclasses import replace

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

import actwise as aw
from actwise.diagnostics import SignalReport
from actwise.report import signal_text
from actwise.report.signal import render_signal
from made.pages import Page, pictures


class Net(nn.Module):
    """A healthy layer, then one with four dead units of eight, behind a fitted batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 8)
        self.norm = nn.BatchNorm1d(8)
        self.norm.running_var.mul_(100)  # type: ignore[union-attr,operator]
        self.head = nn.Linear(8, 3)
        with torch.no_grad():
            self.fc2.weight[:4], self.fc2.bias[:4] = 0, -1

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.fc1(x)))
        return self.head(x + torch.relu(self.fc2(x)))


@pytest.fixture(scope="module")
def report() -> SignalReport:
    torch.manual_seed(0)
    return aw.diagnose(Net(), torch.randn(60, 4), torch.arange(60) % 3)


def text_of(report: SignalReport, *, full: bool = False, width: int = 80) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(signal_text(report, full=full))
    return captured.get()


def test_the_short_text_has_a_line_a_site_and_what_is_odd_first(report: SignalReport) -> None:
    text = text_of(report)
    assert text.splitlines()[0].startswith("Net: 2 sites (relu), 60 images, a screen,")
    assert max(map(len, text.splitlines())) <= 80
    sites = [line.split()[0] for line in text.splitlines() if line.startswith("@forward")]
    assert sites == [report.sites[1].name, report.sites[0].name]
    joined = " ".join(text.split())
    assert f"{report.sites[1].dead} of 8 units dead" in joined and "; 60 images)" in joined
    assert "fires on under 5 % of them (3/N, 95 %)" in joined


def test_the_shift_is_said_with_both_accuracies(report: SignalReport) -> None:
    said = " ".join(text_of(report).split())
    assert f"{report.accuracy:.1f} % right on these images" in said
    assert f"{report.reestimated_accuracy:.1f} % with re-estimated statistics" in said


def test_the_full_text_has_all_tables_in_the_order_of_calls(report: SignalReport) -> None:
    text = text_of(report, full=True, width=200)
    rows = [line.split() for line in text.splitlines() if "@forward" in line]
    assert [row[1] for row in rows if row[0] in ("1", "2")] == [site.name for site in report.sites]
    assert "Shortcuts and branches" in text and "E f - E z" in text


def test_noise_and_branches_that_begin_at_zero_are_explained() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 4)
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)

        def forward(self, x: Tensor) -> Tensor:
            return x * 2 + self.last(torch.relu(self.first(x)))

    found = aw.diagnose(Block(), torch.randn(20, 4))
    said = " ".join(text_of(replace(found, image_source="noise (3x32x32)")).split())
    assert "the branch adds 0 % of the energy; meant where its last weights begin at 0" in said
    assert "20 images of noise (3x32x32), a screen" in said
    assert "On noise other units are dead than on pictures: --dataset NAME" in said
    assert "On noise" not in text_of(found)


def test_shares_begin_at_zero_and_one_value_is_no_line() -> None:
    torch.manual_seed(0)
    layers = (nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 8))
    healthy = nn.Sequential(*layers)
    page = render_signal(aw.diagnose(healthy, torch.randn(20, 4)), command="x")
    units = next(p for p in pictures(page) if "Units that do nothing" in p)
    assert ">0.0<" in units and ">-0" not in units
    alone = render_signal(aw.diagnose(healthy[2:], torch.randn(20, 8)), command="x")
    assert pictures(alone) == []


def test_the_page_is_inert_and_has_profiles(report: SignalReport) -> None:
    page = render_signal(report, command="actwise diagnose <b>")
    found = Page(page)
    assert found.names & {"script", "img", "iframe", "object", "link"} == set()
    assert found.attributes & {"src", "style"} == set()
    assert re.findall(r"<[^>]*(?:href|src)=|url\(", page) == []
    assert "actwise diagnose &lt;b&gt;" in page
    titles = re.findall(r'aria-label="([^"]*)"', page)
    assert {"Second moments", "Gradient norm", "Effective rank", "Slopes"} <= set(titles)
    assert len(pictures(page)) == len(titles)


def test_a_name_of_a_model_is_no_markup(report: SignalReport) -> None:
    hostile = type("Net</title><script>", (Net,), {})()
    found = aw.diagnose(hostile, torch.randn(20, 4))
    assert "<script>" not in render_signal(found, command="x")
    assert "<script>" not in found._repr_html_() and "<table>" in found._repr_html_()


def test_every_code_of_a_finding_has_a_sentence() -> None:
    from typing import get_args

    from actwise.diagnostics.signal_report import Code
    from actwise.report.words.signal import _SENTENCES

    assert set(get_args(Code)) == set(_SENTENCES)
