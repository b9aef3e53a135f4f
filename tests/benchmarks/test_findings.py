"""docs/findings.md: every section's commands run, and print its tables and its numbers."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGE = (REPOSITORY / "docs" / "findings.md").read_text(encoding="utf-8")
TITLE, *SECTIONS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\|\n)+", flags=re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])|\d+ to \d+ more seeds")


def output_of(text: str, folder: Path) -> str:
    """What the commands of a part of the page print, as somebody would run them in a clone."""
    for name in ("benchmarks", "results"):
        (folder / name).symlink_to(REPOSITORY / name)
    python = f"'{sys.executable}'"
    shell = [f'python() {{ {python} "$@"; }}', f'actwise() {{ {python} -m actwise "$@"; }}']
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join([*shell, *BLOCK.findall(text)])],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The claims and the choices, whose command stands above all sections."""
    return output_of(TITLE, tmp_path_factory.mktemp("tables"))


@pytest.mark.slow
@pytest.mark.parametrize("section", SECTIONS, ids=[text.split("\n", 1)[0] for text in SECTIONS])
def test_a_section_says_what_its_commands_print(section: str, tables: str, tmp_path: Path) -> None:
    printed = tables + output_of(section, tmp_path)
    for table in TABLE.findall(section):
        assert table in printed
    prose = " ".join(TABLE.sub("", BLOCK.sub("", section)).split())
    assert sorted(set(NUMBER.findall(prose)) - set(NUMBER.findall(printed))) == []


@pytest.mark.slow
def test_the_claims_are_on_the_page_with_how_many_verdicts_there_are(tables: str) -> None:
    claims = tables.split("\n## ")[0]
    (table,) = TABLE.findall(claims)
    note = claims.rsplit("\n\n", 1)[-1]
    assert table in PAGE
    assert " ".join(note.split()) in " ".join(PAGE.split())


def test_the_page_can_be_read_in_one_sitting() -> None:
    lines = PAGE.splitlines()
    assert len(lines) <= 200
    assert all(len(line) <= 100 for line in lines if not line.startswith("|"))


def test_the_scale_stands_in_every_headline_of_a_study() -> None:
    studies = [path.parent.name for path in (REPOSITORY / "results").glob("*/README.md")]
    headlines = [text.split("\n", 1)[0] for text in SECTIONS]
    for study in studies:
        assert any(line.startswith(f"{study}: ") and "width 1/4" in line for line in headlines)
