"""The report: one inert, self-contained file, the choice for each network first."""

import base64
import hashlib
import inspect
import pydoc
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.errors import OutputError
from actwise.report.html import render_html
from actwise.report.words import headline, next_steps, steadiness
from made.pages import Page, pictures
from made.studies import LEVELS, made_rows

HOSTILE = ("<script>alert(1)</script>", "=cmd|x", r"\input{x}", "[red]", '"><img src=x>', "{{7*7}}")


def study(seeds: int = 4, **levels: Any) -> Analysis:
    rows = made_rows(
        seeds=seeds,
        generator=np.random.default_rng(3),
        levels={**LEVELS, **levels},
        truth=lambda cell: 70.0 + 2.0 * (cell["activation"] == "elu"),
    )
    return aw.analyze(rows)


@pytest.fixture(scope="module")
def page() -> str:
    names = {"activation": HOSTILE, "model": ("a<b&c",)}
    names["regularization"] = ("</svg><script>alert(2)</script>", "bn")
    return render_html(study(**names), command="actwise report <b>")


def test_names_of_a_study_are_inert_in_the_page(page: str) -> None:
    found = Page(page)
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
    assert re.findall(r"<[^>]*(?:href|src)=|url\(", page) == []


def test_the_policy_names_the_hash_of_the_style(page: str) -> None:
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in page.replace("&#43;", "+")


def test_the_first_screen_answers_and_all_else_is_folded() -> None:
    analysis = study()
    page = render_html(analysis, command="x")
    first, *folded = page.split("<details")
    text = Page(first).text
    assert f"<h1>{headline(analysis)}</h1>" in first
    assert "choice" in Page(first).tables and len(pictures(first)) == 2
    for network in analysis.decision.networks:
        assert " ".join(level for _, level in network.network) in text
    sentences = (*steadiness(analysis), *(step.sentence for step in next_steps(analysis)))
    assert sentences
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert len(folded) == page.count("</details>") == page.count("<summary>")
    assert "details::details-content" in first.split("@media print")[1]


def test_the_sections_come_in_their_order() -> None:
    page = render_html(aw.analyze("bank:trottier"), command="x")
    found = re.findall(r'<details id="(.*?)">', page)
    order = ["results", "differences", "curves", "effects", "claims", "findings", "provenance"]
    assert found == [name for name in order if name in found]
    assert {"results", "differences", "curves", "effects", "findings", "provenance"} <= {*found}


def test_no_two_parts_of_a_page_have_one_id() -> None:
    for analysis in (study(), aw.analyze("bank:paper"), aw.analyze("bank:mish")):
        ids = re.findall(r' id="(.*?)"', render_html(analysis, command="x"))
        assert len(ids) == len(set(ids))


def test_pictures_follow_light_and_dark(page: str) -> None:
    assert "prefers-color-scheme" in page
    assert pictures(page)
    assert not any(re.search(r"#[0-9a-f]{6}|style=", picture) for picture in pictures(page))


def test_a_large_study_has_a_page_below_5_megabytes() -> None:
    analysis = study(
        2,
        model=tuple(f"net{k}" for k in range(12)),
        activation=tuple(f"elu({k})" for k in range(1, 13)),
    )
    page = render_html(analysis, command="x")
    assert len(analysis.pairs) > 1000 and len(page) < 2_500_000
    assert "more rows" in page


def test_figures_are_written_as_svg(tmp_path: Path) -> None:
    analysis = aw.report("bank:paper", tmp_path / "r.html", figures_dir=tmp_path / "figures")
    assert headline(analysis) in (tmp_path / "r.html").read_text()
    (path,) = (tmp_path / "figures").iterdir()
    assert path.name == "summary.svg"
    assert path.read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')


def test_a_report_is_a_call_also_when_its_package_is_imported(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    repr(aw.analyze("bank:mish"))  # loads the package to show itself
    assert "report(source: " in pydoc.render_doc(aw.report, renderer=pydoc.plaintext)
    assert inspect.isfunction(aw.recommend) and inspect.ismodule(sys.modules["actwise.report"])
    analysis = aw.report("bank:paper", target, margin=2.0, contrast=("elu", "relu"))
    assert (analysis.question.margin, analysis.question.command) == (2.0, "report")
    assert "The pair asked for" in target.read_text()


def test_a_file_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        aw.report("bank:paper", tmp_path / "missing" / "report.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        aw.report("bank:paper", tmp_path / "r.html", figures_dir=tmp_path / "file" / "figures")


def test_a_cover_says_who_made_it_and_what_they_have_to_say(tmp_path: Path) -> None:
    target = tmp_path / "r.html"
    note = "Dear all,\n<script>alert(1)</script> & regards"
    aw.report("bank:paper", target, title="Which one?", author="A. Person <a@b>", note=note)
    text = target.read_text()
    assert "<title>Which one?</title>" in text
    page = Page(text)
    assert note in page.text and "A. Person <a@b>, 20" in page.text
    assert page.text.index("Which one?") < page.text.index("Dear all") < page.text.index("paper, ")
    assert "script" not in page.names
    aw.report("bank:paper", target)
    assert not {"author", "said", "title"} & {*re.findall(r'<p class="(\w+)"', target.read_text())}
