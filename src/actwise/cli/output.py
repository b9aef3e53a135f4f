"""Printing: JSON for programs, tables for people. Text from a study never acts as markup."""

import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..printable import printable, printable_console, printable_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_LAST = 24
"""Characters that a folded last column should have at least."""


def print_json(value: Any) -> None:
    """One JSON value on stdout; numbers that are not finite become null."""
    from pydantic_core import PydanticSerializationError, to_json

    try:
        text = to_json(value, indent=2, inf_nan_mode="null").decode()
    except PydanticSerializationError:
        # Somewhere is a text that UTF-8 has no bytes for, as a name of a file.
        text = to_json(_in_utf8(value), indent=2, inf_nan_mode="null").decode()
    sys.stdout.write(f"{printable_json(text)}\n")


def _in_utf8(value: Any) -> Any:
    if isinstance(value, str | Path):
        return str(value).encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_in_utf8(key): _in_utf8(item) for key, item in value.items()}
    return [_in_utf8(item) for item in value] if isinstance(value, list | tuple) else value


def print_text(*lines: str) -> None:
    """Plain lines on stdout."""
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))


def own_command() -> str:
    """``actwise`` as it can be typed here: by its path, where PATH does not lead to it."""
    is_typed = shutil.which("actwise") is None and Path(sys.argv[0]).stem == "actwise"
    return shlex.quote(sys.argv[0]) if is_typed else "actwise"


def typed_command() -> str:
    """The command as it was typed, to be typed again."""
    return shlex.join(["actwise", *sys.argv[1:]])


def print_folded(name: str, text: str, *, indent: int = 12) -> None:
    """A name and its value from column ``indent`` on, folded at the width of the terminal."""
    width = max(console().width - indent, _LAST)
    # An option that is to be typed stays whole.
    lines = textwrap.wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]
    print_text(f"  {name}".ljust(indent) + lines[0], *(" " * indent + line for line in lines[1:]))


def print_wrapped(*sentences: str) -> None:
    """Sentences, each folded at the width of the terminal."""
    width = max(console().width, 40)
    for text in sentences:
        lines = textwrap.wrap(text, width, subsequent_indent="  ", break_on_hyphens=False)
        print_text(*(lines or [""]))


def print_renderables(renderables: Iterable["RenderableType"]) -> None:
    """Rich objects on stdout; plain text where it is no terminal."""
    out = console()
    # Captured, because rich itself ends the process when the reader has gone (`| head`).
    with out.capture() as captured:
        for renderable in renderables:
            out.print(renderable, crop=False)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def print_columns(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    right: Sequence[str] = (),
    spare: Sequence[str] = (),
) -> None:
    """A table without lines; ``right`` names the columns of numbers.

    The last column folds; where that is not enough on this terminal, the ``spare`` ones are left
    out, the fewest that make the others fit, and named below; else all columns fold.
    """
    cells = [[str(cell) for cell in row] for row in rows]
    table = list(zip(header, *cells, strict=True))
    shorter = ([c for c in table if c[0] not in spare[:n]] for n in range(len(spare) + 1))
    kept = next(filter(_fits, shorter), None)
    _print_columns(kept or table, right=right, fits=kept is not None)
    if missing := [name for name, *_ in table if kept and name not in [c[0] for c in kept]]:
        print_text(f"({' and '.join(missing)}: on a wider terminal, or with --json)")


def _fits(table: Sequence[Sequence[str]]) -> bool:
    widths = [max(map(len, column)) for column in table]
    return sum(widths[:-1]) + 2 * len(widths[1:]) + min(widths[-1], _LAST) <= console().width


def _print_columns(table: Sequence[Sequence[str]], *, right: Sequence[str], fits: bool) -> None:
    from rich.table import Table
    from rich.text import Text

    header, *cells = zip(*table, strict=True)
    shown = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for number, name in enumerate(header):
        is_fixed = fits and number < len(header) - 1
        justify: Literal["left", "right"] = "right" if name in right else "left"
        shown.add_column(Text(name), justify=justify, no_wrap=is_fixed, overflow="fold")
    for row in cells:
        shown.add_row(*map(Text, row))
    print_renderables([shown])


def console() -> "Console":
    """Rich's console on stdout, with nothing highlighted on its own."""
    return printable_console(sys.stdout)


def amount(value: int | None) -> str:
    """``50,000``, or a dash for what is not known."""
    return "-" if value is None else f"{value:,}"


def size(num_bytes: float) -> str:
    """``512 kB``, ``1.5 GB``: decimal units."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} GB"
