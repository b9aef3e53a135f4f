"""Adjusted p values inside a family of tests: Holm and Benjamini-Hochberg, on two-sided p.

Adjusted values keep the order of the input; NaN (nothing to test) stays NaN and does not count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Method = Literal["holm", "benjamini-hochberg", "dunnett", "none"]

EXPLORATORY_ROWS = 50
"""Tables of more rows are exploratory: Benjamini-Hochberg, and labelled so."""


@dataclass(frozen=True)
class AdjustedP:
    """A two-sided p value with the family in which it was adjusted."""

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
    values_N = np.asarray(p_values, dtype=np.float64)
    order = np.flatnonzero(~np.isnan(values_N))
    order = order[np.argsort(values_N[order], kind="stable")]
    scaled_M = values_N[order] * np.arange(len(order), 0, -1)
    values_N[order] = np.minimum(1.0, np.maximum.accumulate(scaled_M))
    return [float(value) for value in values_N]


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini & Hochberg's step-up method (1995): keeps the false discovery rate."""
    from scipy.stats import false_discovery_control

    values_N = np.asarray(p_values, dtype=np.float64)
    tested = ~np.isnan(values_N)
    if tested.any():
        values_N[tested] = false_discovery_control(values_N[tested])
    return [float(value) for value in values_N]
