"""A table in GitHub's Markdown."""

import re
from collections.abc import Iterable

from ...analysis.table import Table
from ..words import code_parts, table_with_labels
from .grid import ALIAS_MARK, GridEntry, TableGrid, digits_of_table, make_grids
from .notes import notes, scope, title

_MARKUP = re.compile(r"([\\`*_{}\[\]|~$#!])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render_markdown(table: Table) -> str:
    """Heading, a table for each data set, notes."""
    table = table_with_labels(table)
    paragraphs = [f"**{_escape(title(table))}**", _escape(scope(table))]
    digits = digits_of_table(table)
    for grid in make_grids(table):
        paragraphs += [f"### {_escape(grid.dataset)}"] if grid.dataset else []
        paragraphs.append(_table(grid, digits))
    remarks = [f"- {_note(note)}" for note in notes(table)]
    return "\n\n".join([*paragraphs, *(["\n".join(remarks)] if remarks else [])]) + "\n"


def _table(grid: TableGrid, digits: int) -> str:
    heading = ["activation", *("<br>".join(map(_escape, c.heading)) for c in grid.columns)]
    lines = [_line(heading), _line(["---", *("---:" for _ in grid.columns)])]
    for row, activation in enumerate(grid.activations):
        entries = (_entry(column.entries[row], digits) for column in grid.columns)
        lines.append(_line([_escape(activation), *entries]))
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _entry(entry: GridEntry | None, digits: int) -> str:
    if entry is None:
        return ""
    value = f"**{entry.value(digits)}**" if entry.is_best else entry.value(digits)
    return "<br>".join(filter(None, (value + ALIAS_MARK * entry.is_aliased, entry.below(digits))))


def _note(text: str) -> str:
    """A note, with what is a command as code, in which nothing is markup."""
    return "".join(f"`{part}`" if is_code else _escape(part) for part, is_code in code_parts(text))


def _escape(text: str) -> str:
    """Names are printed as they are: neither Markdown nor HTML in them has an effect."""
    return _MARKUP.sub(r"\\\1", text).translate(_ENTITIES)
