"""Printing: JSON for programs, tables for people. Text from a study never acts as markup."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_json(value: Any) -> None:
    """One JSON value on stdout; numbers that are not finite become null."""
    sys.stdout.write(json.dumps(_finite(value), indent=2, ensure_ascii=False) + "\n")


def print_text(*lines: str) -> None:
    """Plain lines on stdout, as they are."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def print_renderables(renderables: Iterable["RenderableType"]) -> None:
    """Rich objects on stdout; plain text where it is no terminal."""
    out = console()
    for renderable in renderables:
        out.print(renderable)


def print_columns(
    header: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()
) -> None:
    """A table without lines; ``right`` names the columns of numbers. The last column folds."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in header:
        is_last = name == header[-1]
        table.add_column(
            name, justify="right" if name in right else "left", no_wrap=not is_last, overflow="fold"
        )
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def console() -> "Console":
    """Rich's console on stdout, with nothing highlighted on its own."""
    from rich.console import Console

    return Console(file=sys.stdout, highlight=False, markup=False, emoji=False)


def count(number: int, noun: str) -> str:
    """``1 run``, ``3 runs``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(num_bytes: float) -> str:
    """``512 kB``, ``1.5 GB``: decimal units."""
    for unit in ("B", "kB", "MB"):
        if num_bytes < 1000:
            return f"{num_bytes:.0f} {unit}"
        num_bytes /= 1000
    return f"{num_bytes:.1f} GB"


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
