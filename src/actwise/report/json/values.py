"""Data as plain JSON values: finite numbers or None, lists for tuples, objects for the rest."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from ...analysis.differences import AdjustedP, Judged, Margin
from ...analysis.model import Estimate

Json = dict[str, Any]

_LEVELS = ("condition", "network")
"""Fields that hold (factor, level) pairs: an object of the factors."""
_SEVERAL_LEVELS = ("conditions", "incomplete", "leaders")


def plain(value: Any) -> Any:
    """The value; what an object holds of a verdict or a p value stands in the object itself."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Margin):
        return plain(value.points)
    if isinstance(value, Estimate | AdjustedP | Judged):
        return plain(_flat(value))
    if is_dataclass(value):
        return _object({field.name: getattr(value, field.name) for field in fields(value)})
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def without(value: Any, *names: str) -> Json:
    """A dataclass without some of its fields."""
    return {name: item for name, item in plain(value).items() if name not in names}


def _object(values: Mapping[str, Any]) -> Json:
    found: Json = {}
    for name, value in values.items():
        if isinstance(value, AdjustedP | Judged):
            found |= plain(value)
        elif name in _LEVELS and value is not None:
            found[name] = dict(value)
        elif name in _SEVERAL_LEVELS and not any(map(is_dataclass, value)):
            found[name] = [dict(levels) for levels in value]
        else:
            found[name] = plain(value)
    return found


def _flat(value: Estimate | AdjustedP | Judged) -> Json:
    if isinstance(value, AdjustedP):
        rest = {"family": value.family, "size": value.size, "method": value.method}
        return {"p": value.p, "adjusted_p": value.adjusted, **rest}
    if isinstance(value, Estimate):
        (lower, upper), (below, above) = value.interval(), value.verdict_interval()
        return {
            "estimate": value.value,
            "standard_error": value.standard_error,
            "df": value.df,
            "lower": lower,
            "upper": upper,
            "verdict_lower": below,
            "verdict_upper": above,
            "error": value.source,
        }
    models = [{**_flat(e), **_flat(p)} for e, p in zip(value.estimates, value.p, strict=True)]
    own = {**_flat(value.own), **_flat(value.own_p)} if value.own and value.own_p else None
    return {
        **models[-1],
        "margin": value.margin.points,
        "verdict": value.verdict,
        "reason": value.reason,
        "fragile": value.is_fragile,
        "own": own,
        "models": models if len(models) > 1 else [],
    }
