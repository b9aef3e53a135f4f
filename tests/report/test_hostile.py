"""Names that are code elsewhere: they come out as they went in, and nothing acts on them."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from actwise.analysis.table import Table, make_table
from actwise.cli.main import run_command
from actwise.report import render
from made.pages import Page
from made.rows import made_row

HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd|x",
    r"\input{x}",
    "[red]",
    "| a |",
    "two\nlines",
    "\x1b[31mred",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "`$(touch x)`",
    "&amp;",
)


def printed(name: str) -> str:
    """A name as people see it: control characters as escapes."""
    return name.replace("\n", r"\n").replace("\x1b", r"\x1b")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CSV file with such names as levels of every factor, and as the name of one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    path = tmp_path / "hostile.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["<b>set</b>", "[bold]net", "activation", "seed", "test_accuracy"])
        for place, name in enumerate(HOSTILE):
            for condition in HOSTILE[:2]:
                for seed in range(3):
                    value = 70 + place + seed / 3 * (1 + place % 2)
                    writer.writerow([HOSTILE[0], condition, name, seed, value])
    return path


FACTORS = ["--factors", "<b>set</b>,[bold]net,activation"]


def test_the_report_holds_them_as_text(file: Path) -> None:
    command = ["report", "--csv", str(file), *FACTORS, "-o", "r.html", "--figures", "figures"]
    assert run_command(command) == 0
    page = Page(Path("r.html").read_text(encoding="utf-8"))
    assert page.names & {"script", "img", "b", "iframe", "object", "link"} == set()
    assert not any(name.startswith("on") for name in page.attributes)
    assert page.attributes & {"src", "style"} == set()
    assert all(printed(name) in page.text for name in HOSTILE)
    pictures = list(Path("figures").glob("*.svg"))
    assert pictures
    for picture in pictures:
        found = Page(picture.read_text(encoding="utf-8"))
        assert found.names <= {"svg", "title", "style", "rect", "path", "circle", "text"}
        assert "\x1b" not in found.text


def test_the_terminal_shows_them_as_text(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["analyze", "--csv", str(file), *FACTORS, "--full"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\r" not in out
    assert max(map(len, out.splitlines())) <= 80
    for name in ("<script>alert(1)</script>", "=cmd|x", r"\input{x}", "[red]", r"two\nlines"):
        assert name in out


def test_json_holds_them_unchanged(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["analyze", "--csv", str(file), *FACTORS, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["factors"]["activation"] == list(HOSTILE)


def hostile_table(name: str) -> Table:
    """Cells with the name where a name can stand: in a level, a study and a machine."""
    of_run: dict[str, Any] = {"study": name, "environment": name}
    rows = [
        made_row("a", activation=name, **of_run),
        made_row("b", activation="elu", dataset=name, model=name, regularization=name),
        made_row("c", activation=name, seed=1, status="failed", accuracy=None),
    ]
    return make_table(rows)


@pytest.mark.parametrize("name", HOSTILE)
def test_text_tables_show_them_as_text(name: str) -> None:
    text = render(hostile_table(name), "text", width=200)
    assert "\x1b" not in text
    assert printed(name) in text


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_tables_keep_their_form(name: str) -> None:
    text = render(hostile_table(name), "markdown")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    bars = {line.replace(r"\|", "").count("|") for line in rows}
    assert bars == {3}
    assert Page(text).names <= {"br"}
    assert "\x1b" not in text
    # Two around the command in the note on failed runs.
    assert text.replace(r"\`", "").count("`") == 2


@pytest.mark.parametrize("name", HOSTILE)
def test_latex_tables_run_no_command_of_a_name(name: str) -> None:
    text = render(hostile_table(name), "latex")
    assert r"\input" not in text
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in rows} == {1}
    depth = 0
    for before, character in zip(f" {text}", text, strict=False):
        depth += (character == "{") - (character == "}") if before != "\\" else 0
    assert depth == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_spreadsheet_shows_them_as_text(name: str) -> None:
    rows = list(csv.DictReader(io.StringIO(render(hostile_table(name), "csv"))))
    found = {row["activation"] for row in rows}
    assert not any(value.startswith(("=", "+", "-", "@", "\t")) for value in found)
    assert {name, f"'{name}"} & found


@pytest.mark.parametrize("name", HOSTILE)
def test_json_tables_hold_them_unchanged(name: str) -> None:
    values = json.loads(render(hostile_table(name), "json"))
    assert name in {cell["activation"] for cell in values["cells"]}
