"""Shares in percent: fractions are turned into it, what is none or a mixture is refused."""

import math
import re
from collections.abc import Mapping, MutableMapping, Sequence
from decimal import Decimal
from typing import Any

from ..errors import DataError
from .values import before, text_of

_ACCURACY = re.compile(r"(.*[^a-z])?acc(uracy)?[0-9]*", re.IGNORECASE)
_SHARE = re.compile(
    r"(?!.*(squared|absolute))(.*[^a-z])?"
    r"(acc(uracy)?|top|error|err|precision|recall|f1|auc|m?iou|score|percent|%)([^a-z].*)?",
    re.IGNORECASE,
)
_NEXT_WORD = re.compile("(?<=[a-z])(?=[A-Z])")
_LOWER_IS_BETTER = frozenset({"error", "errors", "loss"})


def says_lower_is_better(name: str) -> bool:
    """Whether the name of a response is that of an error or a loss."""
    return not _LOWER_IS_BETTER.isdisjoint(re.split(r"[\W_]+", name.lower()))


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
    if not _ACCURACY.fullmatch(name) or 2 * num_percent <= num_values:
        return
    for row, number in zip(rows, numbers, strict=True):
        if number < 0 or number > 100:
            raise DataError(
                f"{before(row)}{name}={row[name]} is no accuracy in percent, which lies between "
                "0 and 100"
            )


def in_percent(rows: Sequence[MutableMapping[str, Any]], names: Sequence[str]) -> tuple[str, ...]:
    """Turn columns of accuracies that are all fractions into percent, in place; their names.

    An accuracy of at most 1 % in all runs is none that anybody compares.
    """
    found = []
    for name in names:
        numbers = [_number(row.get(name)) for row in rows]
        known = [number for number in numbers if not math.isnan(number)]
        if _ACCURACY.fullmatch(name) and known and min(known) >= 0 and 0 < max(known) <= 1:
            found.append(name)
            for row, number in zip(rows, numbers, strict=True):
                if not math.isnan(number):
                    row[name] = float(Decimal(str(row[name])) * 100)
    return tuple(found)


def _number(value: Any) -> float:
    try:
        return float(text_of(value) or "nan")
    except ValueError:
        return math.nan


def refuse_mixed_units(rows: Sequence[Mapping[str, Any]], name: str) -> None:
    """Refuse a column of shares (accuracy, top-1, error) that has fractions beside percentages.

    A fraction is told from a percentage below 1 by the other values: a hundred times as much, it
    lies among them, less than 10 points above or above half of the lowest.

    Args:
        rows: The runs that finished; those without a value count for nothing.
        name: Of the column.

    Raises:
        DataError: naming the place and the value.
    """
    if not _SHARE.fullmatch(_NEXT_WORD.sub("_", name)):
        return
    numbers = [float(text_of(row.get(name)) or "nan") for row in rows]
    percent = [number for number in numbers if number > 1]
    if not _ACCURACY.fullmatch(name) and any(number > 100 for number in percent):
        return
    for row, number in zip(rows, numbers, strict=True):
        if percent and 0 < number < 1 and min(percent) / 2 <= 100 * number <= max(percent) + 10:
            raise DataError(
                f"{before(row)}{name}={row[name]} stands in one column with {max(percent):g}: "
                "fractions and percentages; write all of them in percent"
            )
