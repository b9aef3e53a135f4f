"""Values that occur in many places of an analysis' JSON: numbers, estimates, p values."""

import math
from collections.abc import Mapping
from typing import Any

from .estimate import Estimate
from .families import AdjustedP
from .table_intervals import Interval, interval_within

Json = dict[str, Any]


def finite(value: Any) -> Any:
    """Plain JSON values; numbers that are not finite become None, tuples lists."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def estimate_json(estimate: Estimate) -> Json:
    """An estimate with its intervals; df is None where the error is known exactly."""
    lower, upper = estimate.interval()
    verdict_lower, verdict_upper = estimate.verdict_interval()
    return {
        "estimate": estimate.value,
        "standard_error": estimate.standard_error,
        "df": estimate.df,
        "lower": lower,
        "upper": upper,
        "verdict_lower": verdict_lower,
        "verdict_upper": verdict_upper,
    }


def mean_json(mean: Estimate, limits: Interval) -> Json:
    """The same of a mean, whose intervals end where its possible values do."""
    lower, upper = interval_within(mean, limits)
    verdict_lower, verdict_upper = interval_within(mean, limits, level=1 - 2 * mean.alpha)
    return {
        **estimate_json(mean),
        "lower": lower,
        "upper": upper,
        "verdict_lower": verdict_lower,
        "verdict_upper": verdict_upper,
    }


def p_json(p: AdjustedP) -> Json:
    """A p value with its family: it never stands alone."""
    return {
        "p": p.p,
        "adjusted_p": p.adjusted,
        "family": p.family,
        "family_size": p.size,
        "method": p.method,
    }
