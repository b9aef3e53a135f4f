"""The site is built whole, strictly, and a browser that reads it asks nobody else for anything."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File
from mkdocs.structure.pages import Page

import actwise as aw
from scripts.site_pages import on_page_markdown

REPOSITORY = Path(__file__).parents[2]
pytestmark = pytest.mark.docs
CONFIG = MkDocsConfig()

ADDRESS = r"""["']?((?:https?:)?//[^"'>) ]*)"""
FETCHED = re.compile(
    rf"<(?:script|img|iframe|source|video|audio|embed)\b[^>]*\bsrc(?:set)?={ADDRESS}"
    rf"|<link\b[^>]*\bhref={ADDRESS}"
    rf"|(?:url\(|@import ){ADDRESS}"
)
"""Addresses that a browser fetches by itself: no link that somebody has to follow."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built where no network answers."""
    folder = tmp_path_factory.mktemp("site") / "built"
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=REPOSITORY,
        env={**os.environ, **nowhere, "PYTHONPATH": "src", "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    read = [path for path in site.rglob("*") if path.suffix in (".html", ".css", ".svg")]
    assert len(read) > 30
    assert [
        (path.name, *found) for path in read for found in FETCHED.findall(path.read_text())
    ] == []


def test_what_would_be_fetched_is_seen() -> None:
    for text in (
        '<script async src="https://x.org/y.js">',
        "<link rel=stylesheet href=//fonts.org/css>",
        '<source srcset="https://x.org/y.svg">',
        "a { background: url('https://x.org/y.png') }",
    ):
        assert FETCHED.search(text), text
    assert not FETCHED.search('<a href="https://x.org"> <img src="pictures/x.svg">')


def test_every_page_of_docs_is_in_it(site: Path) -> None:
    pages = [path.relative_to(REPOSITORY / "docs") for path in REPOSITORY.glob("docs/**/*.md")]
    built = [site / page.parent / page.name.replace("README", "index") for page in pages]
    assert [path for path in built if not path.with_suffix(".html").is_file()] == []


def test_every_command_and_every_public_name_has_its_place(site: Path) -> None:
    commands, names = (site / "cli.html").read_text(), (site / "api.html").read_text()
    for command in ("run", "recommend", "store copy", "show run"):
        assert f'<h2 id="actwise-{command.replace(" ", "-")}">' in commands
    assert "Stop, with checkpoints: 90s, 10m, 2h." in commands
    for name in set(aw.__all__) - {"__version__"}:
        assert re.search(rf'<h2 id="actwise\.[\w.]+\.{name}"', names), name


def test_a_link_to_what_is_not_there_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    page = Page(None, File("decisions/README.md", "docs", "site", use_directory_urls=False), CONFIG)
    text = "[a](../data.md#all) [b](../../README.md) [c](../../results) [d](https://x.org/y.md)"
    told = "[a](../data.md#all) [b](../index.md) c [d](https://x.org/y.md)"
    assert on_page_markdown(text, page) == told
    assert caplog.messages == []
    assert on_page_markdown("[e](../dat.md)", page) == "[e](../dat.md)"
    assert caplog.messages == ["docs/decisions/README.md links to docs/dat.md, which is not there"]


def test_links_to_files_beside_docs_are_pages_or_words(site: Path) -> None:
    start = (site / "index.html").read_text()
    assert 'href="contributing.html"' in start
    assert 'href="many-machines.html"' in start
    assert 'srcset="pictures/decision-dark.svg"' in start
    assert "results/cifar-mini" in start
    assert 'href="results' not in start
