"""Names as people read them: levels, settings, conditions, seeds. Nothing is escaped here."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ...analysis import Analysis
from ...analysis.reading import level_text
from ...analysis.table import Observations
from ...numbers import number
from ...printable import printable
from ...registry import format_value
from ...store.tables import setting_of
from .labels import Label

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def setting_text(value: Any) -> str:
    """A setting as it is written in a study."""
    return printable(format_value(value))


def short(factor: str) -> str:
    """A factor as its columns are headed: ``learning_rate`` for ``train.learning_rate``."""
    return setting_of(factor)


def place(levels: Sequence[tuple[str, str]], varying: Iterable[str] | None = None) -> str:
    """The levels of a condition or network in one line, of the factors that vary.

    Args:
        levels: (factor, level).
        varying: Factors with more than one level; absent = all are shown.
    """
    shown = [named(f, name) for f, name in levels if varying is None or f in varying]
    return " ".join(shown) or "all runs"


def named(factor: str, level: str) -> str:
    """A level, with its factor where the level alone would not tell; by its name, if it has one."""
    return level if isinstance(level, Label) else level_text(factor, level)


def varying_factors(observed: Observations | None) -> tuple[str, ...]:
    """Factors with more than one level; the others need not be named."""
    if observed is None:
        return ()
    pairs = zip(observed.factors, observed.levels, strict=True)
    return tuple(name for name, levels in pairs if len(levels) > 1)


def decided_factors(analysis: Analysis) -> tuple[str, ...]:
    """Factors that tell the conditions apart on which the decision rests."""
    levels: dict[str, set[str]] = {}
    for found in analysis.decision.conditions:
        for name, level in found.condition or ():
            levels.setdefault(name, set()).add(level)
    return tuple(name for name, found in levels.items() if len(found) > 1)


def listed(names: Sequence[str], *, most: int = 99, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; those above ``most`` are counted."""
    shown = (
        [*names] if len(names) <= most else [*names[: most - 1], f"{len(names) - most + 1} more"]
    )
    return f" {joint} ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def short_number(value: float) -> str:
    """``0.5``, ``1``: at most two decimals."""
    return number(value).rstrip("0").rstrip(".")


def number_word(count: int) -> str:
    """``four``; numerals above ten."""
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}"


def ranges(numbers: Sequence[int]) -> str:
    """``0..2, 5`` for 0, 1, 2, 5."""
    spans: list[list[int]] = []
    for value in numbers:
        if spans and value == spans[-1][-1] + 1:
            spans[-1].append(value)
        else:
            spans.append([value])
    return ", ".join(f"{s[0]}..{s[-1]}" if len(s) > 1 else str(s[0]) for s in spans) or "none"


def code_parts(note: str) -> Iterator[tuple[str, bool]]:
    """The parts of a sentence, and whether each is a command, which stands between backticks."""
    for position, part in enumerate(note.split("`")):
        if part:
            yield part, position % 2 == 1
