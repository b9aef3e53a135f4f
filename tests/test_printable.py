"""Text for a terminal or a page: shown as it is where that is harmless, else as escapes."""

import json
import sys

import pytest
from rich.text import Text

from actwise.printable import printable, printable_bytes, printable_console, printable_json
from made.hostile import every_character, every_control, is_harmless
from made.terminals import Terminal


@every_control
def test_control_characters_are_shown_as_escapes(bad: str) -> None:
    shown = printable(f"é {bad} ü")
    assert shown.isprintable()
    assert shown.startswith("é ") and shown.endswith(" ü")
    assert printable(shown) == shown


def test_every_character_comes_out_printable() -> None:
    for code in range(sys.maxunicode + 1):
        assert chr(code).isprintable() or printable(chr(code)).isascii()


def test_line_breaks_stay_where_they_are_ours() -> None:
    assert printable("a\tb\nc") == r"a\tb\nc"
    assert printable("a\tb\nc\r", keep="\n\t") == "a\tb\nc\\r"
    assert printable_bytes(b"a,\tb\n\x1b\n") == b"a,\tb\n\\x1b\n"


@every_control
def test_json_keeps_its_values(bad: str) -> None:
    values = {"a": [f"é{bad}", {bad: "\U000e0041"}]}
    for text in (json.dumps(values, ensure_ascii=False, indent=2), json.dumps(values)):
        shown = printable_json(text)
        assert is_harmless(shown)
        assert json.loads(shown) == values
    assert "é" in printable_json(json.dumps(values, ensure_ascii=False))


@every_character
def test_a_table_for_a_stream_stays_text(bad: str) -> None:
    assert is_harmless(printable_bytes(f"a,{bad}\n".encode()).decode())


@pytest.mark.parametrize("text", ["relu", "elu(0.5)", "日本 naïve ±†", ""])
def test_what_is_harmless_stays(text: str) -> None:
    assert printable(text) == printable_json(text) == text


@pytest.mark.parametrize(
    "text",
    ["[bold]relu[/bold]", "[red]", ":smile: :warning:", "elu(0.5) = 'x', 1,234 True None", "a\nb"],
)
def test_a_terminal_shows_text_as_it_is_without_a_colour(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    console = printable_console(stream, width=80)
    console.print(text)
    assert stream.getvalue() == f"{text}\n"
    assert console.is_terminal and console.width == 80


def test_a_terminal_is_given_colours_that_were_asked_for_and_no_control_character(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    printable_console(stream, width=80).print(Text("a\x1b[2Jb\nc\u202ed", style="bold"))
    assert stream.getvalue() == "\x1b[1ma\\x1b[2Jb\x1b[0m\n\x1b[1mc\\u202ed\x1b[0m\n"
