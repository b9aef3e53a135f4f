"""The pages of findings: every section's commands run, and print its tables and numbers."""

import contextlib
import io
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from actwise.cli.main import run_command

REPOSITORY = Path(__file__).parents[2]
PAGES = [
    (REPOSITORY / "docs" / name).read_text(encoding="utf-8")
    for name in ("findings.md", "findings-signal.md")
]
PARTS = [re.split(r"^## ", page, flags=re.MULTILINE) for page in PAGES]
TITLE = PARTS[0][0]
SECTIONS = [section for _, *sections in PARTS for section in sections]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?:^\|.*\|\n)+", flags=re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.])|\d+ to \d+ more seeds")


# What a shell would run, each argument ended by NUL and each command by a line.
SHELL = r"""
actwise() { printf '%s\0' actwise "$@"; echo; }
python() { shift; printf '%s\0' "$@"; echo; }
"""


def output_of(text: str, folder: Path) -> str:
    """What the commands of a part of the page print, as somebody would run them in a clone.

    In this process: a Python of its own for each takes longer than what it does.
    """
    for name in ("benchmarks", "results"):
        (folder / name).symlink_to(REPOSITORY / name)
    script = "\n".join([SHELL, *BLOCK.findall(text)])
    shell = subprocess.run(
        ["bash", "-e", "-c", script], capture_output=True, text=True, cwd=folder, check=True
    )
    output = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(output):
        patch.chdir(folder)
        patch.setenv("COLUMNS", "200")
        for line in shell.stdout.splitlines():
            name, *arguments = line.split("\0")[:-1]
            if name == "actwise":
                assert run_command(arguments) == 0
                continue
            patch.setattr(sys, "argv", [name, *arguments])
            patch.delitem(sys.modules, name, raising=False)  # another test may have imported it
            runpy.run_module(name, run_name="__main__")
    return output.getvalue()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The claims and the choices, whose command stands above all sections."""
    return output_of(TITLE, tmp_path_factory.mktemp("tables"))


@pytest.mark.docs
@pytest.mark.parametrize("section", SECTIONS, ids=[text.split("\n", 1)[0] for text in SECTIONS])
def test_a_section_says_what_its_commands_print(section: str, tables: str, tmp_path: Path) -> None:
    printed = tables + output_of(section, tmp_path)
    for table in TABLE.findall(section):
        assert table in printed
    prose = " ".join(TABLE.sub("", BLOCK.sub("", section)).split())
    assert sorted(set(NUMBER.findall(prose)) - set(NUMBER.findall(printed))) == []


@pytest.mark.docs
def test_the_claims_are_on_the_page_with_how_many_verdicts_there_are(tables: str) -> None:
    claims = tables.split("\n## ")[0]
    (table,) = TABLE.findall(claims)
    note = claims.rsplit("\n\n", 1)[-1]
    assert table in PAGES[0]
    assert " ".join(note.split()) in " ".join(PAGES[0].split())


@pytest.mark.parametrize("page", PAGES, ids=["accuracy", "signal"])
def test_a_page_can_be_read_in_one_sitting(page: str) -> None:
    lines = page.splitlines()
    assert len(lines) <= 300
    assert all(len(line) <= 100 for line in lines if not line.startswith("|"))


def test_the_scale_stands_in_every_headline_of_a_study() -> None:
    studies = [path.parent.name for path in (REPOSITORY / "results").glob("*/README.md")]
    headlines = [text.split("\n", 1)[0] for text in SECTIONS]
    for study in studies:
        assert any(
            line.startswith(f"{study}: ") and re.search("width 1/[24]", line) for line in headlines
        )
