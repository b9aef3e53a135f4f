"""Shares in percent: fractions are turned into it, what is none or a mixture is refused."""

import math
import re
from collections.abc import Mapping, MutableMapping, Sequence
from decimal import Decimal
from typing import Any

from ..errors import DataError
from .values import before, number_of

_WORDS = (r"[^\W_]+", r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*", r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ACCURACIES = frozenset({"acc", "accuracy", "top"})
_FRACTIONS = _ACCURACIES | {"precision", "recall", "f1", "auc", "auroc", "iou", "miou"}
_ERRORS = frozenset({"error", "errors", "err"})
_NO_SHARE = frozenset({"squared", "absolute", "drop", "gain", "change", "difference", "delta"})
"""With these a name is that of something else."""
_LOWER = _ERRORS | {"loss", "nll", "mse", "rmse", "mae", "perplexity", "ppl"}
_SHARES = _FRACTIONS | _ERRORS | {"score", "percent"}
_HIGHER = _FRACTIONS | {"score", "reward"}


def words_of(name: str) -> frozenset[str]:
    """The words of a name in any style, in lower case: ``valF1`` and ``val_f1`` have val and f1."""
    return frozenset(word.lower() for part in _WORDS for word in re.findall(part, name))


def says_lower_is_better(name: str) -> bool:
    """Whether the name of a response is that of an error or a loss."""
    return bool(words_of(name) & _LOWER)


def says_direction(name: str) -> bool:
    """Whether the name of a response tells if high or low values are good."""
    words = words_of(name)
    return bool(words & _LOWER) or (bool(words & _HIGHER) and not words & _NO_SHARE)


def is_rate(name: str) -> bool:
    """Whether the name is that of an accuracy or of an error rate."""
    words = words_of(name)
    return _is_accuracy(name) or (bool(words & _ERRORS) and not words & _NO_SHARE)


def _is_accuracy(name: str) -> bool:
    words = words_of(name)
    return bool(words & _ACCURACIES) and not words & (_LOWER | _NO_SHARE)


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
    if not _is_accuracy(name) or 2 * num_percent <= num_values:
        return
    for row, number in zip(rows, numbers, strict=True):
        if number < 0 or number > 100:
            raise DataError(
                f"{before(row)}{name}={row[name]} is no accuracy in percent, which lies between "
                "0 and 100"
            )


def in_percent(rows: Sequence[MutableMapping[str, Any]], names: Sequence[str]) -> tuple[str, ...]:
    """Turn columns of shares that are all fractions into percent, in place; their names.

    An accuracy of at most 1 % in all runs is none that anybody compares. Errors stay: they may be
    none of a share.
    """
    found = []
    for name in names:
        words = words_of(name)
        may_be = bool(words & _FRACTIONS) and not words & (_LOWER | _NO_SHARE | {"percent"})
        numbers = [number_of(row.get(name)) for row in rows]
        known = [number for number in numbers if math.isfinite(number)]
        if may_be and "%" not in name and known and min(known) >= 0 and 0 < max(known) <= 1:
            found.append(name)
            for row, number in zip(rows, numbers, strict=True):
                if math.isfinite(number):
                    row[name] = float(Decimal(str(number)) * 100)
    return tuple(found)


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
    words = words_of(name)
    if not (words & _SHARES or "%" in name) or words & _NO_SHARE:
        return
    numbers = [number_of(row.get(name)) for row in rows]
    percent = [number for number in numbers if number > 1]
    if not _is_accuracy(name) and any(number > 100 for number in percent):
        return
    for row, number in zip(rows, numbers, strict=True):
        if percent and 0 < number < 1 and min(percent) / 2 <= 100 * number <= max(percent) + 10:
            raise DataError(
                f"{before(row)}{name}={row[name]} stands in one column with {max(percent):g}: "
                "fractions and percentages; write all of them in percent"
            )
