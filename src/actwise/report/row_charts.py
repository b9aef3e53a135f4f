"""Charts of rows: values with their intervals, and bars. Names stand above their row.

A line of the grid is interrupted where a name stands on it.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..analysis.numbers import number, span
from .axes import (
    LINE,
    MARGIN,
    WIDTH,
    Scale,
    add_legend,
    add_title,
    fold,
    nice_ticks,
    text_width,
    tick_text,
)
from .drawing import Box, Dot, Drawing, Label, Path, series_colour

_INNER = WIDTH - 2 * MARGIN
_SIDE = 22.0
"""From the edge to the first tick: half of its text."""
_STRIP = 20.0
_BAR = 8.0


@dataclass(frozen=True)
class Interval:
    """A row of a chart of intervals: a name, a value and its limits (NaN where not known)."""

    name: str
    value: float
    lower: float
    upper: float
    series: int = 0
    group: str = ""


@dataclass
class _Names:
    """The names in a chart, drawn from top to bottom, and where they stand."""

    drawing: Drawing
    y: float
    taken: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, text: str, *, is_bold: bool = False) -> None:
        """Draw a name in as many lines as it needs."""
        for line in fold(text, _INNER, is_bold=is_bold):
            self.drawing.add(Label(MARGIN, self.y + 12, line, is_bold=is_bold))
            end = MARGIN + text_width(line, is_bold=is_bold) + 4
            self.taken.append((self.y, self.y + LINE, end))
            self.y += LINE

    def free(self, x: float, top: float, bottom: float) -> Iterator[tuple[float, float]]:
        """The pieces of a vertical line at ``x`` that no name covers."""
        for first, last, end in self.taken:
            if x <= end and last > top:
                if first > top:
                    yield top, first
                top = last
        yield top, bottom


def intervals_chart(
    name: str,
    title: str,
    rows: Sequence[Interval],
    *,
    unit: str,
    digits: int = 2,
    margin: float | None = None,
) -> Drawing:
    """Values with intervals around the line of no difference, a row each.

    Args:
        name: Of the file.
        title: Of the chart.
        rows: From top to bottom; a group is named above its first row.
        unit: Below the axis.
        digits: Decimals where the mouse rests.
        margin: Half width of a band around 0 within which differences do not matter.
    """
    drawing = Drawing(name, title, WIDTH, 0.0)
    top = add_title(drawing, title)
    known = [v for row in rows for v in (row.value, row.lower, row.upper) if math.isfinite(v)]
    known += [0.0, *((-margin, margin) if margin else ())]
    ticks = nice_ticks(min(known), max(known))
    x_of = Scale(ticks[0], ticks[-1], _SIDE, WIDTH - _SIDE)
    names, places, group = _Names(drawing, top + 6), [], ""
    for row in rows:
        if row.group != group:
            names.y += 6
            names.add(row.group, is_bold=True)
            names.y += 2
        names.add(row.name)
        places.append(names.y + _STRIP / 2 - 1)
        names.y += _STRIP
        group = row.group
    bottom = names.y + 2
    _add_grid(drawing, names, x_of, ticks, (top + 4, bottom), margin)
    for row, y in zip(rows, places, strict=True):
        _add_interval(drawing, row, y, x_of, digits)
    _add_axis(drawing, x_of, ticks, bottom, unit)
    return drawing


def bars_chart(
    name: str, title: str, rows: Sequence[tuple[str, Sequence[float]]], *, series: Sequence[str]
) -> Drawing:
    """Horizontal bars in percent: a row a name, a bar a series; NaN leaves a gap."""
    drawing = Drawing(name, title, WIDTH, 0.0)
    top = add_legend(drawing, series, add_title(drawing, title))
    values = [v for _, bars in rows for v in bars if math.isfinite(v)]
    ticks = nice_ticks(0.0, max(values, default=1.0), most=5)
    x_of = Scale(0.0, ticks[-1], MARGIN, WIDTH - _SIDE)
    names = _Names(drawing, top + 4)
    for text, bars in rows:
        names.add(text)
        for series_number, value in enumerate(bars):
            if math.isfinite(value):
                hint = f"{text}, {series[series_number]}: {number(value, 1)} %"
                width = max(1.0, x_of(value) - MARGIN)
                colour = series_colour(series_number)
                drawing.add(Box(MARGIN, names.y + 1, width, _BAR - 1, colour, hint))
            names.y += _BAR
        names.y += 3
    for tick in ticks:
        for pieces in names.free(x_of(tick), top + 4, names.y):
            drawing.shapes.insert(0, Path(tuple((x_of(tick), y) for y in pieces), "faint"))
    _add_axis(drawing, x_of, ticks, names.y, "percent")
    return drawing


def _add_grid(
    drawing: Drawing,
    names: _Names,
    x_of: Scale,
    ticks: Sequence[float],
    ends: tuple[float, float],
    margin: float | None,
) -> None:
    if margin:
        left, width = x_of(-margin), x_of(margin) - x_of(-margin)
        for start, end in names.free(left, *ends):
            drawing.add(Box(left, start, width, end - start, "band"))
    for tick in ticks:
        for start, end in names.free(x_of(tick), *ends):
            colour = "ink" if tick == 0 else "faint"
            drawing.add(Path(((x_of(tick), start), (x_of(tick), end)), colour))


def _add_axis(
    drawing: Drawing, x_of: Scale, ticks: Sequence[float], bottom: float, unit: str
) -> None:
    """Ticks and what they count; the picture ends below."""
    for tick in ticks:
        drawing.add(Label(x_of(tick), bottom + 14, tick_text(tick, ticks), "middle"))
    lines = fold(unit, _INNER)
    for row, line in enumerate(lines):
        drawing.add(Label(WIDTH / 2, bottom + 31 + LINE * row, line, "middle"))
    drawing.height = bottom + 22 + LINE * len(lines)


def _add_interval(drawing: Drawing, row: Interval, y: float, x_of: Scale, digits: int) -> None:
    colour = series_colour(row.series)
    hint = f"{row.name}: {number(row.value, digits)} ({span(row.lower, row.upper, digits)})"
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        ends = (x_of(row.lower), x_of(row.upper))
        drawing.add(Path(((ends[0], y), (ends[1], y)), colour, 2.0))
        drawing.add(*(Path(((x, y - 4), (x, y + 4)), colour, 1.5) for x in ends))
    if math.isfinite(row.value):
        drawing.add(Dot(x_of(row.value), y, 4.0, colour, hint))
