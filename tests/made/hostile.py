"""Characters that a terminal or a page would obey, and what is free of them."""

import pytest

CONTROLS = {
    "C0": "\x1b]0;PWN\x07\x08\r\x0c",
    "DEL": "a\x7fb",
    "C1": "\x9b31m\x85\x9d",
    "bidi overrides": "\u202egnp\u202c\u2066\u2069\u200f",
    "separators of lines": "a\u2028b\u2029c",
    "a lone surrogate": "a\udcffb",
}
every_control = pytest.mark.parametrize("bad", CONTROLS.values(), ids=CONTROLS)
every_character = pytest.mark.parametrize(
    "bad",
    [text for name, text in CONTROLS.items() if name != "a lone surrogate"],
    ids=[name for name in CONTROLS if name != "a lone surrogate"],
)
"""Of those that UTF-8 can say."""


def is_harmless(text: str) -> bool:
    """Whether nothing but printable characters and line breaks is in it."""
    return text.replace("\n", "").isprintable()
