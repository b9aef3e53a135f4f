"""Text for a terminal or a page: shown as it is where that is harmless, else as escapes."""

import json
import sys

import pytest

from actwise.printable import printable, printable_bytes, printable_json
from made.hostile import every_character, every_control, is_harmless


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
