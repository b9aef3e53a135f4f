"""Values in the rows of a table; a message names the place of one that is wrong."""

import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from ..errors import DataError
from ..registry import format_value
from .csv_file import PlacedRow

_LARGEST = 1e100
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def check_columns(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Refuse rows without one of these columns.

    Raises:
        DataError: naming the table, the column and those that there are.
    """
    for row in rows:
        for name in names:
            if name not in row:
                placed = row if isinstance(row, PlacedRow) else None
                table, columns = (placed.table, placed.columns) if placed else ("the table", ())
                raise no_column(table, name, columns or [*row])


def no_column(table: str, name: str, columns: Sequence[str]) -> DataError:
    """A table lacks a column that was asked for; the message gives the nearest, or all."""
    near = get_close_matches(name, columns, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(columns)}"
    return DataError(f"{table} has no column {name!r}; {hint}")


def text_of(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if missing:
        return ""
    return format_value(value) if isinstance(value, bool) else str(value)


def number_in(row: Mapping[str, Any], name: str) -> float:
    """The number in one column.

    Raises:
        DataError: naming the place and the value if that is no finite number, a truth value, or so
            large that its square is infinite.
    """
    number = number_of(row[name])
    if not math.isfinite(number):
        raise DataError(f"{before(row)}{name}={row[name]!r} is not a finite number")
    if abs(number) > _LARGEST:
        raise DataError(f"{before(row)}{name}={row[name]} is too large; expected at most 1e100")
    return number


def number_of(value: Any) -> float:
    """What a cell holds, a tensor of one number too; NaN where that is no number."""
    if text_of(value) == "" or type(value) is bool or "bool" in str(getattr(value, "dtype", "")):
        return math.nan
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return math.nan  # 88_0 too, which Python reads as 880
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last by larger tensors
        return math.nan


def is_not_finite(value: Any) -> bool:
    """Whether a program wrote down NaN or infinity, which a number that is missing is not."""
    try:
        return text_of(value) != "" and not math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def number_key(value: Any) -> Decimal | str:
    """What is equal for one number however it is written (0.1 and 0.10), and for equal texts."""
    text = text_of(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else text


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
