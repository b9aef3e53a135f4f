"""An analysis as tables of words, the same in the terminal and in the report.

A view holds text only: nothing is escaped for a format here, and nothing acts as markup later.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..analysis.estimate import Estimate
from ..analysis.observations import Observations
from .wording import printable

UNKNOWN = "–"


@dataclass(frozen=True)
class View:
    """One table.

    Attributes:
        title: What it shows.
        header: Names of the columns.
        rows: Text of the cells.
        right: Names of the columns of numbers.
        note: How it is to be read, sentences.
        most_rows: How many rows the terminal shows; the report shows more.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    note: str = ""
    most_rows: int = 40


def make_view(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    left: int = 1,
    note: str = "",
    most_rows: int = 40,
) -> View:
    """A view whose first ``left`` columns are names and whose others are numbers."""
    texts = tuple(tuple(printable(str(cell)) for cell in row) for row in rows)
    names = tuple(printable(name) for name in header)
    return View(title, names, texts, names[left:], note, most_rows)


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash where it is not known."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return f"{value:.{digits}f}"


def signed(value: float | None, digits: int = 2) -> str:
    """A difference, with its sign."""
    if value is None or not math.isfinite(value):
        return number(value, digits)
    return f"{value:+.{digits}f}"


def interval(estimate: Estimate, digits: int = 2, *, level: float = 0.95) -> str:
    """``1.20 to 3.40``, or a dash."""
    lower, upper = estimate.interval(level)
    if math.isnan(lower):
        return UNKNOWN
    return f"{number(lower, digits)} to {number(upper, digits)}"


def p_text(p: float) -> str:
    """A p value with three decimals."""
    if math.isnan(p):
        return UNKNOWN
    return "<.001" if p < 0.001 else f"{p:.3f}"


def degrees(df: float) -> str:
    """Degrees of freedom; a dash where none are known."""
    if df == 0:
        return UNKNOWN
    return number(df, 0 if df == round(df) else 1) if math.isfinite(df) else "∞"


def place(condition: Sequence[tuple[str, str]], observed: Observations | None) -> str:
    """The levels of a condition in one line, without factors that have one level only."""
    fixed = (
        {
            name
            for name, levels in zip(observed.factors, observed.levels, strict=True)
            if len(levels) == 1
        }
        if observed
        else set()
    )
    return ", ".join(level for name, level in condition if name not in fixed) or "all runs"


def yes(value: object) -> str:
    """A statement as a word."""
    return "yes" if value else "no"
