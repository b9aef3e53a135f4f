"""Under which conditions numbers hold: settings in words, and the scale of the trainings."""

import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ...analysis import Analysis
from ...analysis.table import as_number
from ...spec import ENGINE_VERSION, TrainSpec
from ...store.tables import SETTING
from .labels import level_of
from .names import ranges, setting_text, short

Values = Mapping[str, tuple[Any, ...]]
"""Of each setting its values, as they are or as they are written."""
_FORMS = {
    "width": "width {}",
    "train.epochs": "{epochs}",
    "train.schedule": "{} schedule",
    "train.learning_rate": "learning rate {}",
    "train.train_size": "{images}",
}
"""How some settings are said, in this order."""
_LONG = 100
"""Epochs from which on a training of fixed length is no short one."""


def values_of(analysis: Analysis) -> Values:
    """Of each setting its values in all runs."""
    values: dict[str, tuple[Any, ...]] = {n: (v,) for n, v in analysis.results.scope.items()}
    if (observed := analysis.results.observed) is not None:
        values |= dict(zip(observed.factors, observed.levels, strict=True))
    return values


def decided_values(analysis: Analysis) -> Values:
    """Of each setting its values in the networks that are decided."""
    values = {name: (value,) for name, value in analysis.results.scope.items()}
    for network in analysis.decision.networks:
        for name, level in network.network:
            values[name] = tuple(dict.fromkeys((*values.get(name, ()), level)))
    return values


def settings_text(values: Values) -> Iterator[str]:
    """What is known of the runs and not the default, a few words each."""
    for name in [name for name in dict.fromkeys((*_FORMS, *values)) if name in values]:
        texts = ", ".join(map(setting_text, values[name]))
        if name in _FORMS:
            images = _images(values).replace("images", "training images")
            yield _FORMS[name].format(texts, epochs=_epochs(values), images=images)
        elif any(_is_unusual(name, value) for value in values[name]):
            yield f"{short(name)}={texts}"


def training_text(values: Values) -> str:
    """``width 1/4, 3 to 27 epochs, all images``: of the scale what is known."""
    known = [value for value in _numbers(values, "width") if math.isfinite(value)]
    widths = [Fraction(value).limit_denominator(64) for value in known]
    parts = [f"width {_span([*map(str, widths)])}"] if widths else []
    parts += [_epochs(values)] if "train.epochs" in values else []
    parts += [_images(values)] if "train.train_size" in values else []
    return ", ".join(parts)


def scale_text(values: Values) -> str:
    """``short trainings of narrow networks``; empty where nothing is smaller than usual."""
    has_plateau = _has_plateau(values)
    is_short = not has_plateau and _least(values, "train.epochs") < _LONG
    is_narrow = _least(values, "width") < 1.0
    is_few = _least(values, "train.train_size") < math.inf
    if not (is_short or is_narrow or is_few):
        return ""
    of, on = " of narrow networks" * is_narrow, " on part of the images" * is_few
    return f"{'short ' * is_short}trainings{of}{on}"


def seeds_text(seeds: tuple[int, ...]) -> str:
    """``seeds 0..4``."""
    return f"seed{'' if len(seeds) == 1 else 's'} {ranges(seeds)}"


def _epochs(values: Values) -> str:
    """``6 epochs``, ``at most 200 epochs``, ``3 to 27 epochs``."""
    counts = _numbers(values, "train.epochs") or [math.nan]
    at_most = "at most " * _has_plateau(values)
    return f"{at_most}{_span([f'{c:g}' for c in counts])} epoch{'s' * (counts != [1])}"


def _has_plateau(values: Values) -> bool:
    return "plateau" in map(level_of, values.get("train.schedule", ()))


def _images(values: Values) -> str:
    """``all images``, ``2,500 to 10,000 images``."""
    sizes = _numbers(values, "train.train_size") or [math.nan]
    return f"{_span(['all' if math.isinf(s) else f'{s:,.0f}' for s in sizes])} images"


def _span(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]}"


def _least(values: Values, name: str) -> float:
    return min(_numbers(values, name), default=math.inf)


def _numbers(values: Values, name: str) -> list[float]:
    """The different values of a setting, rising; all images, which have no number, are the most."""
    return sorted({as_number(setting_text(level_of(value))) for value in values.get(name, ())})


def _is_unusual(name: str, value: object) -> bool:
    if name == "engine_version":
        return value != ENGINE_VERSION
    if name.startswith(SETTING):
        return True
    field = TrainSpec.model_fields.get(name.removeprefix("train."))
    return field is not None and bool(value != field.default)
