"""A forest plot: values with their intervals around no difference, and the band that is none.

On a wide picture groups and names stand at the left and numbers at the right; on a narrow one all
stand above their row. Lines of the grid stop there, so that none crosses a name.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from .axes import MARGIN, NARROW, AxisScale, add_heading, fold, nice_ticks, text_width, tick_text
from .drawing import LINE, Drawing

_SIDE = 22.0
"""From the edge to the first tick: half of its text."""
_STRIP = 20.0


@dataclass(frozen=True)
class Bar:
    """A row.

    Attributes:
        group: Named at its first row.
        name: Of the row.
        limits: Lower limit, value and upper limit; NaN where not known.
        text: These in words.
        colour: Name of a colour.
        margin: Half width of the band around 0; NaN for none.
    """

    group: str
    name: str
    limits: tuple[float, float, float]
    text: str
    colour: str
    margin: float


def forest(
    drawing: Drawing, rows: Sequence[Bar], *, unit: str, legend: Mapping[str, str]
) -> Drawing:
    """Draw rows from top to bottom.

    Args:
        drawing: An empty picture, whose width decides the form.
        rows: The intervals.
        unit: Below the axis.
        legend: Colour of each name in it.
    """
    y, width, is_wide = add_heading(drawing, legend), drawing.width, drawing.width > NARROW
    known = [v for row in rows for v in (*row.limits, -row.margin, row.margin) if math.isfinite(v)]
    ticks = nice_ticks(min(0.0, *known), max(0.0, *known), most=11 if is_wide else 6)
    columns = _columns(rows, width) if is_wide else (0.0, 0.0, width)
    ends = (columns[1] + _SIDE, columns[2] - _SIDE)
    x_of = AxisScale((ticks[0], ticks[-1]), ends)
    for group, members in groupby(rows, key=lambda row: row.group):
        y += 6
        lines = fold(group, (columns[0] or width) - 2 * MARGIN, is_bold=True)
        below = drawing.text((MARGIN, y + 14), lines, is_bold=True)
        least, y = y + below, y if is_wide else y + below
        for row in members:
            y = _add_row(drawing, row, columns, (x_of, ticks), y)
        y = max(y, least)
    for tick in ticks:
        drawing.text((x_of(tick), y + 14), tick_text(tick, ticks), "middle")
    lines = fold(unit, width - 2 * MARGIN)
    room = max(map(text_width, lines)) / 2 + MARGIN
    centre = min(max(sum(ends) / 2, room), width - room)
    drawing.height = y + 22 + drawing.text((centre, y + 31), lines, "middle")
    return drawing


def _columns(rows: Sequence[Bar], width: float) -> tuple[float, float, float]:
    """Where names, intervals and numbers begin on a wide picture."""
    groups = max(text_width(row.group, is_bold=True) for row in rows) + 2 * MARGIN
    names = max(text_width(row.name) for row in rows) + MARGIN
    numbers = max(text_width(row.text) for row in rows) + 2 * MARGIN
    first = min(groups, 0.33 * width)
    return first, first + min(names, 0.2 * width), width - numbers


def _add_row(
    drawing: Drawing,
    row: Bar,
    columns: tuple[float, float, float],
    axis: tuple[AxisScale, Sequence[float]],
    y: float,
) -> float:
    """Draw the name, the numbers and the interval of one row; the pixel below it."""
    numbers = (drawing.width - MARGIN, y + 14)
    if columns[0]:
        lines = fold(row.name, columns[1] - columns[0] - MARGIN)
        top, bottom = y, y + max(_STRIP, drawing.text((columns[0], y + 14), lines) + 5)
    else:
        lines = fold(row.name, drawing.width - 2 * MARGIN)
        top = y + drawing.text((MARGIN, y + 14), lines)
        # Name and numbers share a line where they fit.
        room = drawing.width - 3 * MARGIN - text_width(row.text)
        top += LINE * (text_width(lines[-1]) > room)
        numbers, bottom = (numbers[0], top - 1), top + _STRIP
    drawing.text(numbers, row.text, "end")
    _add_interval(drawing, row, axis, (top, bottom))
    return bottom


def _add_interval(
    drawing: Drawing, row: Bar, axis: tuple[AxisScale, Sequence[float]], ends: tuple[float, float]
) -> None:
    """Draw the band, the grid and the interval of one row, between two heights."""
    (x_of, ticks), (top, bottom), middle = axis, ends, sum(ends) / 2
    if row.margin > 0:
        left = x_of(-row.margin)
        drawing.box((left, top), (x_of(row.margin) - left, bottom - top))
    for tick in ticks:
        drawing.line(
            (x_of(tick), top), (x_of(tick), bottom), colour="ink" if tick == 0 else "faint"
        )
    lower, value, upper = map(x_of, row.limits)
    if math.isfinite(upper - lower):
        drawing.line((lower, middle), (upper, middle), colour=row.colour, width=2.0)
        for x in (lower, upper):
            drawing.line((x, middle - 4), (x, middle + 4), colour=row.colour, width=1.5)
    drawing.dot((value, middle), row.colour, f"{row.name}: {row.text}")
