"""Adjusted p values inside a family of tests: Holm and Benjamini-Hochberg.

Dunnett's comparisons with one control stand in ``dunnett``.

Adjusted values keep the order of the input; NaN (nothing to test) stays NaN and does not count.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .table import Floats

Method = Literal["holm", "benjamini-hochberg", "dunnett", "none"]

EXPLORATORY_ROWS = 50
"""Tables of more rows are exploratory: Benjamini-Hochberg, and labelled so."""


@dataclass(frozen=True)
class AdjustedP:
    """A p value with the family in which it was adjusted."""

    p: float
    adjusted: float
    family: str
    size: int
    method: Method


def adjust(p_values: Sequence[float], *, family: str, method: Method) -> tuple[AdjustedP, ...]:
    """Adjust a family of p values; "none" for a family of which each member stands alone."""
    functions = {"holm": holm, "benjamini-hochberg": benjamini_hochberg}
    adjusted = functions[method](p_values) if method in functions else list(p_values)
    size = sum(not math.isnan(p) for p in p_values)
    return tuple(
        AdjustedP(p, q, family, size, method) for p, q in zip(p_values, adjusted, strict=True)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down method (1979): keeps the family-wise error without assumptions."""
    return _stepwise(p_values, lambda p_M: np.maximum.accumulate(p_M * np.arange(len(p_M), 0, -1)))


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini & Hochberg's step-up method (1995): keeps the false discovery rate."""

    def step_up(p_M: Floats) -> Floats:
        scaled_M = p_M * len(p_M) / np.arange(1, len(p_M) + 1)
        return np.minimum.accumulate(scaled_M[::-1])[::-1]

    return _stepwise(p_values, step_up)


def _stepwise(p_values: Sequence[float], step: Callable[[Floats], Floats]) -> list[float]:
    """Apply a method for sorted p values to those that are numbers."""
    values_N = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(values_N))
    order = tested[np.argsort(values_N[tested], kind="stable")]
    values_N[order] = np.minimum(1.0, step(values_N[order])) if len(order) else values_N[order]
    return [float(value) for value in values_N]
