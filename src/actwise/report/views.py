"""An analysis as tables of words, the same in the terminal and in the report.

A view holds text only: nothing is escaped for a format here, and nothing acts as markup later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..analysis.estimate import Estimate
from ..analysis.numbers import percent, span
from ..analysis.reading import level_text
from ..analysis.results import Analysis
from ..analysis.table import Observations
from ..analysis.units import decimals, in_points
from .wording import printable


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
        whole: Names of columns whose words a terminal breaks only where they take over half of it.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    note: str = ""
    most_rows: int = 40
    whole: tuple[str, ...] = ()


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


def interval(estimate: Estimate, digits: int = 2) -> str:
    """``1.20 to 3.40``, two-sided at 1 - alpha, or a dash."""
    return span(*estimate.interval(), digits)


def unit(analysis: Analysis) -> str:
    """Heading of a column of differences."""
    return "points" if in_points(analysis.source.observed) else "estimate"


def digits_of(analysis: Analysis, at_least: int = 2) -> int:
    """Decimals of what is in the response's unit."""
    return max(at_least, decimals(analysis.source.observed))


def interval_name(analysis: Analysis) -> str:
    """``95 % interval``; with planned looks the level that they leave."""
    return f"{percent(1 - analysis.alpha)} interval"


def verdict_name(analysis: Analysis) -> str:
    """``90 % interval``: each direction of a verdict errs in alpha."""
    return f"{percent(1 - 2 * analysis.alpha)} interval"


def adjustment(analysis: Analysis) -> str:
    """What the means of a half-finished study are; empty where no run is missing."""
    if analysis.points is None or analysis.points.evidence.model.is_orthogonal:
        return ""
    return (
        "Some runs are missing: means are adjusted for the seeds, so that cells with other seeds "
        "can be compared; actwise table has the plain ones."
    )


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
    shown = (level_text(*entry) for entry in condition if entry[0] not in fixed)
    return ", ".join(shown) or "all runs"


def term_text(term: str) -> str:
    """A term of a decomposition as its factors are named elsewhere: ``precision:activation``."""
    return ":".join(name.removeprefix("train.") for name in term.split(":"))


def yes(value: object) -> str:
    """A statement as a word."""
    return "yes" if value else "no"
