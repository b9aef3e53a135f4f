"""What a session and a notebook show of a result, and the result as plain values and as a frame."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pandas
import pytest
import torch
from torch import nn

import actwise as aw
from actwise.cli.main import run_command
from actwise.errors import SpecError
from actwise.report.display import display_of
from actwise.shown import Shown
from made.analysed import rows_of, stored
from made.pages import Page, pictures
from made.race_results import made_race, made_results, raced

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
ENDLESS = "x" * 3_000 + "\x1b[31m"


class Net(nn.Module):
    def __init__(self, num_sites: int) -> None:
        super().__init__()
        layers = [part for _ in range(num_sites) for part in (nn.Linear(4, 4), nn.ReLU())]
        self.layers = nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        value: torch.Tensor = self.layers(x)
        return value


def probed(num_sites: int = 3) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    return Net(num_sites), torch.randn(20, 4)


def swapped(num_sites: int) -> aw.SwapReport:
    model, x = probed(num_sites)
    return aw.swap(model, "prelu", example=x, exclude="layers.1")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a study of which two of three seeds are there."""
    folder = tmp_path_factory.mktemp("stored") / "store"
    stored(folder, num_seeds=2, seeds="0..2")
    return folder


Made = Callable[[Path], Shown]
RESULTS: dict[str, tuple[Made, str, str]] = {  # what it is, its decision, a column of its frame
    "analysis": (aw.analyze, "So far, with 2 planned runs missing", "mean"),
    "advice": (lambda _: raced(made_race(), made_results(1)).advice(), "Within ", "p_best"),
    "signal": (lambda _: aw.diagnose(*probed()), "Net: 3 sites (relu), 20 images", "dead"),
    "swap": (lambda _: swapped(60), "swap -> prelu: 59 replaced, 0 missed", "outcome"),
    "audit": (lambda _: aw.audit(*probed()), "Net: 3 activations (relu)", "channels"),
    "runs": (aw.runs, "4 runs: 4 finished", "train.epochs"),
}
every_result = pytest.mark.parametrize(
    ("make", "decision", "column"),
    [(cache(make), decision, column) for make, decision, column in RESULTS.values()],
    ids=RESULTS,
)


@every_result
def test_a_session_shows_the_decision_and_little_else(
    make: Made, decision: str, column: str, store: Path
) -> None:
    shown = repr(make(store))
    assert decision in " ".join(shown.split())
    assert len(shown) < 1_500 and max(map(len, shown.splitlines())) <= 88


@every_result
def test_a_notebook_shows_it_with_a_table_and_nothing_acts(
    make: Made, decision: str, column: str, store: Path
) -> None:
    page = Page(found := make(store)._repr_html_())
    assert decision in page.text and page.names >= {"table", "th", "td"}
    assert_inert(page)
    assert found.count("<style>") == 1 and found.startswith('<div class="actwise">')


def assert_inert(page: Page) -> None:
    assert page.names <= {
        *("div", "style", "p", "code", "table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "path", "rect", "circle", "title", "text"),
    }
    assert page.attributes & {"id", "href", "src", "style"} == set()
    assert not any(name.startswith("on") for name in page.attributes)


@every_result
def test_every_rule_of_its_style_is_inside_one_class(
    make: Made, decision: str, column: str, store: Path
) -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", make(store)._repr_html_(), re.DOTALL)
    depths = [*depth_after(style)]
    assert style.startswith(".actwise.actwise{")
    assert depths[-1] == 0 and depths.index(0, style.index("{")) == len(style) - 1
    assert "url(" not in style and "@import" not in style


def depth_after(style: str) -> Iterator[int]:
    """Open braces after each character."""
    depth = 0
    for character in style:
        depth += {"{": 1, "}": -1}.get(character, 0)
        yield depth


@pytest.mark.parametrize("name", ["analysis", "advice", "signal"])
def test_what_has_a_figure_shows_it(name: str, store: Path) -> None:
    make, _, _ = RESULTS[name]
    assert pictures(make(store)._repr_html_())


@every_result
def test_its_frame_has_its_rows_and_its_values_are_plain(
    make: Made, decision: str, column: str, store: Path
) -> None:
    found = make(store)
    frame = found.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    rows = found.to_rows()
    assert frame[column].tolist() == [row[column] for row in rows] and len(rows) > 1
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_long_table_says_how_much_is_left_out() -> None:
    found = swapped(60)
    assert "... and 52 more: .to_frame()" in repr(found)
    assert "and 40 more: .to_frame() has all" in Page(found._repr_html_()).text
    outcomes = found.to_frame()["outcome"]
    assert outcomes.tolist() == ["kept as it is", *["replaced"] * 59]


def test_every_kind_of_result_has_a_display() -> None:
    kinds = {kind for name in aw.__all__ if is_shown(kind := getattr(aw, name))}
    assert kinds == {aw.Advice, aw.Analysis, aw.Audit, aw.Runs, aw.SignalReport, aw.SwapReport}
    assert {*Shown.__subclasses__()} == kinds
    with pytest.raises(StopIteration):
        display_of(object())


def is_shown(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Shown)


@pytest.mark.parametrize("name", [HOSTILE, ENDLESS, "`code`", "a\nb", "{{7*7}}", "&amp;"])
def test_a_name_is_shown_as_text_and_makes_nothing_long(name: str) -> None:
    found = aw.analyze(rows_of(activation=("relu", name), model=(name,)))
    assert len(shown := repr(found)) < 1_500 and shown.replace("\n", "").isprintable()
    assert_inert(page := Page(found._repr_html_()))
    assert "\x1b" not in page.text
    if name in (HOSTILE, "{{7*7}}", "&amp;"):
        assert name in page.text


def test_many_networks_are_shown_in_few_lines() -> None:
    models = tuple(f"network-{number:02}" for number in range(30))
    found = aw.analyze(rows_of(seeds=2, dataset=("mine",), model=models))
    assert len(repr(found)) < 1_500 and "more: .to_frame()" in repr(found)


def test_a_dictionary_is_what_json_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "runs.csv"
    pandas.DataFrame(rows_of()).to_csv(file, index=False)
    assert run_command(["analyze", "--csv", str(file), "--json"]) == 0
    assert aw.analyze(file).to_dict() == json.loads(capsys.readouterr().out)


def test_without_pandas_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, store: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(SpecError, match=r"not installed: pip install pandas; to_rows\(\) has"):
        aw.runs(store).to_frame()


def test_frames_and_rows_are_analysed_alike() -> None:
    class Frame:
        def to_dicts(self) -> list[dict[str, object]]:
            return rows_of()

    rows = aw.analyze(rows_of()).to_dict()
    assert aw.analyze(pandas.DataFrame(rows_of())).to_dict() == rows
    assert aw.analyze(Frame()).to_dict() == rows
