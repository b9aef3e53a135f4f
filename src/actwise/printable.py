r"""The border where text leaves for a terminal or a page: control characters become escapes.

Names, paths, levels and messages come from others; a terminal would obey what is in them (C0, DEL
and C1 controls, marks that turn the direction of writing, separators of lines), so they are shown
as ``\x1b`` or ``\u202e``.
"""

import json
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def printable(text: str, *, keep: str = "") -> str:
    """``text`` with what is not printable as escapes, lone surrogates too.

    Args:
        text: Any.
        keep: Characters that stay as they are: the line breaks of our own texts.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text
    )


def printable_bytes(content: bytes) -> bytes:
    """A text file with what is not printable as escapes, but for line breaks and tabs."""
    return printable(content.decode(), keep="\n\t").encode()


def printable_json(text: str) -> str:
    r"""JSON with what is not printable as ``\u`` escapes: the same values, harmless to print."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _json_escape(c) for c in text)


def printable_console(file: TextIO, **options: Any) -> "Console":
    """Rich's console, which shows what is printed on it as text."""
    from rich.console import Console
    from rich.segment import Segment

    class PrintableConsole(Console):
        def render(self, *args: Any, **kwargs: Any) -> Any:
            """Yield the segments; those that control the terminal are rich's own."""
            for text, style, control in super().render(*args, **kwargs):
                yield Segment(text if control else printable(text, keep="\n"), style, control)

    return PrintableConsole(file=file, markup=False, highlight=False, emoji=False, **options)


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1] if character != "\x7f" else r"\u007f"
