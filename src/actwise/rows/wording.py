"""Rows in our words: columns, statuses, seeds and levels as other programs write them."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ..errors import DataError
from ..numbers import counted
from .csv_file import PlacedRow
from .values import number_key, seed_text, text_of

_STATUSES = ("status", "state")
"""Columns that tell how a run ended."""
_FINISHED = dict.fromkeys(("", "finished", "complete", "completed", "ok"), "finished")
ENDED = ("finished", "diverged", "failed")
_ENDED_BY_WORD = {name: name for name in ENDED} | _FINISHED | {"fail": "failed"}
PARENT = "parent"
"""The status of a run that only holds others together."""


def our_name(column: str, known: Sequence[str]) -> str:
    """The name of a column: the last known one from which only case and ``-_ `` tell it apart."""
    ours = {_folded(name): name for name in (*_STATUSES, *known)}
    return column if column in known else ours.get(_folded(column), column.strip())


def alike(levels: Sequence[str]) -> list[list[str]]:
    """Groups of levels that only case, or ``_`` and blanks in place of ``-``, tells apart."""
    groups = defaultdict(list)
    for level in levels:
        groups[re.sub(r"[\s_]", "-", level).casefold()].append(level)
    return [group for group in groups.values() if len(group) > 1]


def in_our_words(
    rows: Sequence[PlacedRow], known: Sequence[str], *, levels: Sequence[str]
) -> list[PlacedRow]:
    """The rows with columns, seeds, statuses and levels as they are compared.

    Args:
        rows: As they were written.
        known: Names of columns that a column may be called.
        levels: Those of them that may hold levels of factors.

    Raises:
        DataError: if two columns are one, but for how they are written.
    """
    columns = dict.fromkeys(column for row in rows for column in row)
    names = {column: our_name(column, known) for column in columns}
    for name, count in Counter(names.values()).items():
        if count > 1 and name:
            both = " and ".join(repr(column) for column in names if names[column] == name)
            raise DataError(f"{rows[0].table} has the columns {both}, which are one; keep one")
    statuses = [name for name in _STATUSES if name not in levels and name in names.values()]
    found = []
    for row in rows:
        values = {names[column]: _stripped(value) for column, value in row.items()}
        if "seed" in values:
            values["seed"] = seed_text(values["seed"])
        said = [_status(values.get(name)) for name in statuses]
        if said:
            values["status"] = next((text for text in said if text != "finished"), "finished")
        found.append(row.with_values(values))
    for name in {*levels} & {*names.values()}:
        _join_numbers(found, name)
    return found


def unfinished(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Runs that some program stopped: what they had reached by then is no result."""
    for status, count in Counter(row.get("status", "finished") for row in rows).items():
        if status == PARENT:
            yield counted(count, "parent run")
        elif status not in ENDED:
            yield f"{counted(count, 'run')} not finished but {status}"


def _folded(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text).casefold()


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _status(value: Any) -> str:
    text = text_of(value)
    return _ENDED_BY_WORD.get(text.lower(), text)


def _join_numbers(rows: Sequence[PlacedRow], column: str) -> None:
    """Write a number that a column of numbers has in several ways in the shortest of them."""
    ways = defaultdict(set)
    for row in rows:
        if text := text_of(row.get(column)):
            ways[number_key(text)].add(text)
    if all(isinstance(number, Decimal) for number in ways):
        for row in rows:
            if len(found := ways.get(number_key(row.get(column)), ())) > 1:
                row[column] = min(found, key=lambda text: (len(text), text))
