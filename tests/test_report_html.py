"""The report: one inert, self-contained file whose numbers are those of the analysis."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

import actwise as aw
import actwise.report
from actwise.analysis.results import Analysis
from actwise.errors import StoreError
from actwise.report.analysis_text import analysis_renderables
from actwise.report.figures import write_figures
from actwise.report.html import render_html

HOSTILE = ("<script>alert(1)</script>", "=cmd|x", r"\input{x}", "[red]", '"><img src=x>', "{{7*7}}")


def hostile_analysis() -> Analysis:
    rows: list[dict[str, Any]] = [
        {
            "dataset": "cifar10",
            "model": "a<b&c",
            "regularization": regularization,
            "activation": name,
            "seed": seed,
            "test_accuracy": 80.0 + number + seed / 7 * (1 + number % 2),
        }
        for number, name in enumerate(HOSTILE)
        for regularization in ("</svg><script>alert(2)</script>", "bn")
        for seed in range(3)
    ]
    return aw.analyze(rows)


class Tags(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(hostile_analysis(), command="actwise report <b>")


def test_names_of_a_study_are_inert_in_the_page(page: str) -> None:
    found = Tags(page)
    assert found.names & {"script", "img", "iframe", "object", "link"} == set()
    assert not any(name.startswith("on") for name in found.attributes)
    assert found.attributes & {"src", "style"} == set()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page


def test_the_page_asks_for_nothing_and_says_so(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    links = re.findall(r'(?:href|url\()="?([^"\s)]+)', page)
    assert links and all(link.startswith("#") for link in links)


def test_the_policy_names_the_hash_of_the_style(page: str) -> None:
    import base64
    import hashlib

    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in page.replace("&#43;", "+")


def test_names_of_a_study_are_inert_in_the_terminal() -> None:
    console = Console(width=80, color_system="truecolor", force_terminal=True)
    with console.capture() as captured:
        for renderable in analysis_renderables(hostile_analysis()):
            console.print(renderable)
    assert "[red]" in captured.get()
    assert "\x1b[31m" not in captured.get()


def test_the_decision_comes_first(page: str) -> None:
    assert page.index('id="decision"') < page.index('id="cells"') < page.index('id="claims"')


def test_what_statistics_must_say_is_there() -> None:
    page = render_html(aw.analyze("bank:trottier"), command="x")
    for heading in (
        *("Decision", "Results", "Effects", "Differences", "Learning curves", "Claims"),
        *("Findings", "Scope", "Run flow", "Precision", "Variance components", "Limits"),
    ):
        assert heading in page


def test_numbers_of_the_page_are_those_of_the_analysis() -> None:
    analysis = aw.analyze("bank:paper")
    page = render_html(analysis, command="x")
    for row in analysis.to_json()["cells"]:
        assert f"{row['mean']:.2f}" in page
        assert f"{row['lower']:.2f} to {row['upper']:.2f}" in page
    for row in analysis.to_json()["separations"]:
        assert f"{row['lower']:.2f} to {row['upper']:.2f}" in page
    for effect in analysis.to_json()["effects"]:
        assert f"{effect['ss']:.3f}" in page


def test_pictures_follow_light_and_dark(page: str) -> None:
    assert "prefers-color-scheme" in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert pictures
    assert not any(re.search(r"#[0-9a-f]{6}|style=", picture) for picture in pictures)


def test_figures_are_written_as_svg_and_png(tmp_path: Path) -> None:
    paths = write_figures(aw.analyze("bank:paper"), tmp_path / "figures")
    assert {path.suffix for path in paths} == {".svg", ".png"}
    for path in paths:
        if path.suffix == ".png":
            with Image.open(path) as image:
                assert image.width == 1020
        else:
            assert path.read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')


def test_a_report_is_a_call_also_when_its_package_is_imported(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    analysis = aw.report("bank:paper", target, figures_dir=tmp_path / "figures")
    assert analysis.decision.headline in target.read_text()
    assert (tmp_path / "figures" / "effects.svg").is_file()
    assert callable(actwise.report)


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        aw.report("bank:paper", tmp_path / "missing" / "report.html")
