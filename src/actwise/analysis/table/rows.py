"""Rows of a table that know where they stand, so that a message can name the one that is wrong."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DataError


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
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            for row in reader:
                place = f"{path.name}, line {reader.line_num}"
                if None in row or None in row.values():
                    raise DataError(f"{place}: the number of fields differs from the header's")
                rows.append(PlacedRow(row, table=path.name, place=place))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a CSV file: {error}") from error
    if not rows:
        raise DataError(f"{path} has no rows below its header")
    return rows


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
        raise DataError(f"{_before(row)}{name}={row[name]!r} is not a finite number")
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
                f"{_before(row)}{name}={row[name]} is no accuracy in percent, which lies between "
                "0 and 100"
            )


def _before(row: Mapping[str, Any]) -> str:
    return f"{row.place}: " if isinstance(row, PlacedRow) else ""
