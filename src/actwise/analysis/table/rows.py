"""Rows of a table that know where they stand, so that a message can name the one that is wrong."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...files import read_file
from ...registry import format_value

_MOST_BYTES, _MOST_CHARACTERS = 50_000_000, 500_000
"""Of a file, and of one line: a run takes 300 or so."""


class PlacedRow(dict[str, Any]):
    """A row and its place, such as "runs.csv, line 5"."""

    def __init__(self, values: Mapping[str, Any], *, table: str, place: str) -> None:
        super().__init__(values)
        self.table = table
        self.place = place


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header; each is a :class:`PlacedRow`.

    Raises:
        DataError: if the file is missing, is not UTF-8 text, is empty or has a ragged row.
    """
    rows: list[dict[str, str]] = []
    try:
        content = read_file(path, most_bytes=_MOST_BYTES).decode("utf-8-sig")
        reader = csv.DictReader(_short_lines(content))
        for row in reader:
            place = f"{path.name}, line {reader.line_num}"
            if None in row or None in row.values():
                raise DataError(f"{place}: the number of fields differs from the header's")
            texts = {name.strip(): text.strip() for name, text in row.items()}
            rows.append(PlacedRow(texts, table=path.name, place=place))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read as a CSV file: {reason}") from error
    if not rows:
        raise DataError(f"{path} has no rows below its header")
    return rows


def _short_lines(content: str) -> Iterator[str]:
    for line in io.StringIO(content, newline=""):
        if len(line) > _MOST_CHARACTERS:
            raise csv.Error(f"a line has more than {_MOST_CHARACTERS:,} characters")
        yield line


def placed(rows: Iterable[Mapping[str, Any]], *, table: str) -> list[PlacedRow]:
    """The rows with their places; rows at hand are counted from 1."""
    return [
        row if isinstance(row, PlacedRow) else PlacedRow(row, table=table, place=f"row {number}")
        for number, row in enumerate(rows, start=1)
    ]


def check_columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Refuse rows without one of these columns.

    Raises:
        DataError: naming the table, the column and those that there are.
    """
    for row in rows:
        for name in names:
            if name not in row:
                table = row.table if isinstance(row, PlacedRow) else "the table"
                raise DataError(f"{table} has no column {name!r}; it has {', '.join(row)}")


def text_of(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if missing:
        return ""
    return format_value(value) if isinstance(value, bool) else str(value)


def number_in(row: Mapping[str, Any], name: str) -> float:
    """The number in one column.

    Raises:
        DataError: naming the place and the value if that is no finite number.
    """
    try:
        number = float(row[name])
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{before(row)}{name}={row[name]!r} is not a finite number")
    return number


def refuse_impossible(
    rows: Sequence[Mapping[str, Any]], numbers: Sequence[float], name: str
) -> None:
    """Refuse an accuracy outside 0 to 100 in a column whose values are mostly percentages.

    Args:
        rows: The runs.
        numbers: The value of each; NaN where a run diverged.
        name: Of the column.

    Raises:
        DataError: naming the place and the value.
    """
    num_percent = sum(1 <= number <= 100 for number in numbers)
    num_values = sum(not math.isnan(number) for number in numbers)
    if not name.lower().endswith("accuracy") or 2 * num_percent <= num_values:
        return
    for row, number in zip(rows, numbers, strict=True):
        if number < 0 or number > 100:
            raise DataError(
                f"{before(row)}{name}={row[name]} is no accuracy in percent, which lies between "
                "0 and 100"
            )


def refuse_mixed_units(rows: Sequence[Mapping[str, Any]], name: str) -> None:
    """Refuse a column of accuracies that has fractions (0.91) beside percentages (90.2).

    A fraction is told from a percentage below 1 by the other values: a hundred times as much, it
    lies among them or within 10 points.

    Args:
        rows: The runs that finished; those without a value count for nothing.
        name: Of the column.

    Raises:
        DataError: naming the place and the value.
    """
    if not name.lower().endswith("accuracy"):
        return
    numbers = [float(row[name] or "nan") for row in rows]
    percent = [number for number in numbers if number > 1]
    if not percent:
        return
    for row, number in zip(rows, numbers, strict=True):
        if 0 < number < 1 and min(percent) - 10 <= 100 * number <= max(percent) + 10:
            raise DataError(
                f"{before(row)}{name}={row[name]} stands in one column with {max(percent):g}: "
                "fractions and percentages; write all of them in percent"
            )


def seed_text(value: Any) -> str:
    """A seed as text: ``0``, ``0.0`` and ``00`` are one seed; what is missing is empty.

    A spreadsheet or a table with gaps writes whole numbers as floats.
    """
    text = "" if value is None else str(value).strip()
    try:
        return str(int(text))
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    if math.isnan(number):
        return ""
    return str(int(number)) if number.is_integer() else text


def before(row: Mapping[str, Any]) -> str:
    return f"{row.place}: " if isinstance(row, PlacedRow) else ""
