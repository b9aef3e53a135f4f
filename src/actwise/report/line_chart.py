"""Charts of lines: over named groups, with intervals side by side, or over numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis.numbers import number
from .axes import (
    LINE,
    MARGIN,
    WIDTH,
    Scale,
    add_legend,
    add_title,
    fold,
    needs_cuts,
    nice_ticks,
    tick_text,
)
from .drawing import NUM_SERIES, Dot, Drawing, Label, Path, series_colour

_LEFT, _RIGHT = 50.0, 14.0
_HEIGHT = 190.0
_MOST_LINES = 4
"""Lines of a group's name below the axis; longer ones get a number there and a key below."""
_MOST_DOTS = 12


@dataclass(frozen=True)
class Series:
    """A line: a name and (x, y, lower, upper) points; limits may be NaN."""

    name: str
    points: tuple[tuple[float, float, float, float], ...]


def lines_chart(
    name: str,
    title: str,
    series: Sequence[Series],
    *,
    unit: str,
    digits: int = 2,
    groups: Sequence[str] = (),
    x_unit: str = "",
) -> Drawing:
    """Lines over named groups, or over numbers.

    Args:
        name: Of the file.
        title: Of the chart.
        series: At most a dozen can be told apart.
        unit: Of the values.
        digits: Decimals where the mouse rests.
        groups: Names of x = 0, 1, 2 ...; empty where x is a count.
        x_unit: Below the axis.
    """
    drawing = Drawing(name, title, WIDTH, 0.0)
    top = add_legend(drawing, [line.name for line in series], add_title(drawing, title))
    drawing.add(Label(MARGIN, top + 14, unit))
    top += 28
    points = [p for line in series for p in line.points]
    values = [v for _, *limits in points for v in limits if math.isfinite(v)]
    ticks = nice_ticks(min(values, default=0.0), max(values, default=1.0))
    bottom = top + _HEIGHT
    y_of = Scale(ticks[0], ticks[-1], bottom, top)
    for tick in ticks:
        drawing.add(Path(((_LEFT, y_of(tick)), (WIDTH - _RIGHT, y_of(tick))), "faint"))
        drawing.add(Label(_LEFT - 6, y_of(tick) + 4, tick_text(tick, ticks), "end"))
    drawing.add(Path(((_LEFT, bottom), (WIDTH - _RIGHT, bottom)), "ink"))
    xs = [x for x, *_ in points] or [0.0]
    ends = (-0.5, len(groups) - 0.5) if groups else (min(xs), max(xs))
    x_of = Scale(*ends, _LEFT, WIDTH - _RIGHT)
    drawing.height = bottom + 8
    drawing.height += _add_groups(drawing, groups, x_of, bottom) if groups else 0.0
    drawing.height += 0.0 if groups else _add_counts(drawing, ends, x_of, bottom, x_unit)
    for place, line in enumerate(series):
        shift = (place - (len(series) - 1) / 2) * min(8.0, 60.0 / len(series)) if groups else 0.0
        _add_line(drawing, line, place, (x_of, y_of), shift, digits)
    return drawing


def _add_groups(drawing: Drawing, groups: Sequence[str], x_of: Scale, bottom: float) -> float:
    """Names below the axis, or numbers where they do not fit there; the height that they take."""
    width = (WIDTH - _LEFT - _RIGHT) / len(groups) - 6
    folded = [fold(group, width) for group in groups]
    rows = max(map(len, folded))
    if rows <= _MOST_LINES and not any(needs_cuts(group, width) for group in groups):
        for place, lines in enumerate(folded):
            for row, line in enumerate(lines):
                drawing.add(Label(x_of(place), bottom + 16 + LINE * row, line, "middle"))
        return LINE * rows + 4
    key = []
    for place, group in enumerate(groups):
        drawing.add(Label(x_of(place), bottom + 16, str(place + 1), "middle"))
        key += fold(f"{place + 1} = {group}", WIDTH - 2 * MARGIN)
    for row, line in enumerate(key):
        drawing.add(Label(MARGIN, bottom + 36 + LINE * row, line))
    return LINE * len(key) + 28


def _add_counts(
    drawing: Drawing, ends: tuple[float, float], x_of: Scale, bottom: float, unit: str
) -> float:
    """Whole numbers below the axis, and what they count; the height that they take."""
    shown = [tick for tick in nice_ticks(*ends, is_whole=True) if ends[0] <= tick <= ends[1]]
    for tick in shown:
        drawing.add(Label(x_of(tick), bottom + 16, f"{tick:.0f}", "middle"))
    drawing.add(Label((_LEFT + WIDTH - _RIGHT) / 2, bottom + 33, unit, "middle"))
    return 32.0


def _add_line(
    drawing: Drawing,
    line: Series,
    place: int,
    scales: tuple[Scale, Scale],
    shift: float,
    digits: int,
) -> None:
    x_of, y_of = scales
    colour = series_colour(place)
    points = [(x_of(x) + shift, *values) for x, *values in line.points]
    finite = tuple((x, y_of(y)) for x, y, *_ in points if math.isfinite(y))
    if len(finite) > 1:
        drawing.add(Path(finite, colour, 1.6, is_dashed=place >= NUM_SERIES))
    if len(points) > _MOST_DOTS:
        return
    for x, value, lower, upper in points:
        if math.isfinite(lower) and math.isfinite(upper):
            drawing.add(Path(((x, y_of(lower)), (x, y_of(upper))), colour, 1.4))
        if math.isfinite(value):
            hint = f"{line.name}: {number(value, digits)}"
            drawing.add(Dot(x, y_of(value), 3.2, colour, hint))
