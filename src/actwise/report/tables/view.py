"""A table of words: what every printer takes, in the terminal and in a report.

A view holds text only: nothing is escaped for a format here, and nothing acts as markup later.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...analysis.differences import AdjustedP
from ...numbers import number, p_text, span
from ...printable import printable

_NUMBER = re.compile(r"[-+<>]?[\d.∞–]")


@dataclass(frozen=True)
class View:
    """One table.

    Attributes:
        id: By which a report finds it; also the anchor of the table.
        title: What it shows.
        header: Names of the columns.
        rows: Text of the cells; our own may have several lines.
        note: How it is to be read, sentences.
    """

    id: str
    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    @cached_property
    def are_numbers(self) -> tuple[bool, ...]:
        """Which columns hold numbers only: they stand at the right and are never broken."""
        columns = zip(*self.rows, strict=True) if self.rows else ((),) * len(self.header)
        return tuple(bool("".join(c)) and all(map(_is_number, c)) for c in columns)


def make_view(
    id: str,
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    note: str = "",
    *,
    digits: int = 2,
) -> View | None:
    """A view of names and numbers; None without rows, and without columns that are always empty.

    Args:
        id: As in :class:`View`.
        title: The same.
        header: The same.
        rows: Values: a float is said with ``digits`` decimals, a pair of floats as an interval, an
            :class:`AdjustedP` as its adjusted value, a bool as yes or no, several names as a list.
        note: As in :class:`View`.
        digits: Decimals.
    """
    texts = [[printable(_said(cell, digits)) for cell in row] for row in rows]
    if not texts:
        return None
    kept = [place for place in range(len(header)) if any(row[place] for row in texts)]
    shown = tuple(tuple(row[place] for place in kept) for row in texts)
    return View(id, printable(title), tuple(printable(header[p]) for p in kept), shown, note)


def _said(value: object, digits: int) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case float():
            return number(value, digits)
        case AdjustedP():
            return p_text(value.adjusted)
        case (float() as lower, float() as upper):
            return span(lower, upper, digits)
        case tuple() | list():
            return ", ".join(map(str, value))
    return str(value)


def _is_number(cell: str) -> bool:
    return not cell or _NUMBER.match(cell) is not None
