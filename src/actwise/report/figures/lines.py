"""Charts of lines over numbers: learning curves, and accuracies over the budget."""

import math
from collections.abc import Mapping

from ...numbers import number
from .axes import MARGIN, AxisScale, add_heading, nice_ticks, tick_text
from .drawing import NUM_SERIES, Drawing

_LEFT, _RIGHT = 50.0, 14.0
_HEIGHT = 190.0
_MOST_DOTS = 12

Points = tuple[tuple[float, float, float, float], ...]
"""Of a line (x, y, lower, upper); limits may be NaN."""


def lines_chart(
    drawing: Drawing, series: Mapping[str, Points], *, unit: str, x_unit: str, digits: int = 2
) -> Drawing:
    """Draw lines over numbers.

    Args:
        drawing: An empty picture.
        series: A line for each name; at most a dozen can be told apart.
        unit: Of the values.
        x_unit: Below the axis.
        digits: Decimals where the mouse rests.
    """
    colours = {name: f"s{place % NUM_SERIES}" for place, name in enumerate(series)}
    top = add_heading(drawing, colours)
    drawing.text((MARGIN, top + 10), unit)
    top, bottom = top + 24, top + 24 + _HEIGHT
    points = [point for line in series.values() for point in line]
    values = [value for _, *limits in points for value in limits if math.isfinite(value)]
    ticks = nice_ticks(*_ends(values))
    y_of = AxisScale((ticks[0], ticks[-1]), (bottom, top))
    right = drawing.width - _RIGHT
    for tick in ticks:
        drawing.line((_LEFT, y_of(tick)), (right, y_of(tick)), colour="faint")
        drawing.text((_LEFT - 6, y_of(tick) + 4), tick_text(tick, ticks), "end")
    drawing.line((_LEFT, bottom), (right, bottom))
    xs = [point[0] for point in points] or [0.0]
    ends = (min(xs), max(xs))
    x_of = AxisScale(ends, (_LEFT, right))
    for tick in nice_ticks(*ends, is_whole=True):
        if ends[0] <= tick <= ends[1]:
            drawing.text((x_of(tick), bottom + 16), f"{tick:.0f}", "middle")
    drawing.text(((_LEFT + right) / 2, bottom + 33), x_unit, "middle")
    drawing.height = bottom + 40
    for place, (name, line) in enumerate(series.items()):
        finite = [(x_of(x), y_of(y)) for x, y, *_ in line if math.isfinite(y)]
        if len(finite) > 1:
            is_dashed = place >= NUM_SERIES
            drawing.line(*finite, colour=colours[name], width=1.6, is_dashed=is_dashed)
        if len(line) <= _MOST_DOTS:
            _add_dots(drawing, name, line, colours[name], (x_of, y_of), digits)
    return drawing


def _ends(values: list[float]) -> tuple[float, float]:
    """Least and greatest; of nothing but zeros, such as shares of dead units, 0 and 1."""
    ends = (min(values, default=0.0), max(values, default=1.0))
    return (0.0, 1.0) if ends == (0.0, 0.0) else ends


def _add_dots(
    drawing: Drawing,
    name: str,
    line: Points,
    colour: str,
    scales: tuple[AxisScale, AxisScale],
    digits: int,
) -> None:
    """Draw each point with its interval."""
    x_of, y_of = scales
    for x, value, lower, upper in line:
        if math.isfinite(upper - lower):
            ends = ((x_of(x), y_of(lower)), (x_of(x), y_of(upper)))
            drawing.line(*ends, colour=colour, width=1.4)
        if math.isfinite(value):
            drawing.dot((x_of(x), y_of(value)), colour, f"{name}: {number(value, digits)}")
