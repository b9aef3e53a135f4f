"""The pages in Markdown: they can be read in a window of 100 characters."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [
    REPOSITORY / "README.md",
    REPOSITORY / "CONTRIBUTING.md",
    *sorted(REPOSITORY.glob("docs/**/*.md")),
    *sorted(REPOSITORY.glob("results/**/*.md")),
]
LINK = re.compile(r"\]\([^)]*\)|<[^>]*>")


def long_lines(text: str) -> Iterator[str]:
    """Lines of more than 100 characters that are prose: no table, no code, no link."""
    is_code = False
    for line in text.splitlines():
        is_code ^= line.lstrip().startswith("```")
        if not is_code and not line.startswith("|") and len(LINK.sub("", line)) > 100:
            yield line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_prose_has_at_most_100_characters_a_line(page: Path) -> None:
    assert [*long_lines(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    known = [
        f"/{path}"
        for folder in ("src", "tests", "benchmarks", "scripts", "examples")
        for path in (REPOSITORY / folder).rglob("*.py")
    ]
    named = re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", page.read_text(encoding="utf-8"))
    assert [name for name in named if not any(path.endswith(f"/{name}") for path in known)] == []


def test_the_readme_has_at_most_120_lines() -> None:
    assert len((REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()) <= 120


def test_a_long_line_is_found() -> None:
    word, link = "word " * 21, f"[a page]({'x' * 100})"
    assert [*long_lines(f"{word}\n```sh\n{word}\n```\n| {word} |\n{link}\n")] == [word]
