"""The kinds of charts: intervals in rows, lines over groups or epochs, bars.

A chart is one narrow panel, so that it can be read on a telephone; pages set several side by side.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .drawing import Box, Dot, Drawing, Label, Path, series_colour, shorten

WIDTH = 440.0
_LEFT, _RIGHT = 52.0, 14.0
_SMALL = 11.0


@dataclass(frozen=True)
class Interval:
    """A row of a chart of intervals: a name, a value and its limits (NaN where not known)."""

    name: str
    value: float
    lower: float
    upper: float
    series: int = 0
    group: str = ""


@dataclass(frozen=True)
class Series:
    """A line: a name and (x, y, lower, upper) points; limits may be NaN."""

    name: str
    points: tuple[tuple[float, float, float, float], ...]


def intervals_chart(
    name: str,
    title: str,
    rows: Sequence[Interval],
    *,
    unit: str,
    margin: float | None = None,
    has_zero: bool = True,
) -> Drawing:
    """Values with intervals, a row each; names stand above their line, groups above both.

    Args:
        name: Of the file.
        title: Of the chart.
        rows: From top to bottom.
        unit: Below the axis.
        margin: Half width of a band around 0 within which differences do not matter.
        has_zero: Whether the line of no difference is drawn.
    """
    known = [v for row in rows for v in (row.value, row.lower, row.upper) if math.isfinite(v)]
    known += [0.0] if has_zero else []
    known += [-margin, margin] if margin else []
    ticks = nice_ticks(min(known, default=0.0), max(known, default=1.0))
    tops = _row_tops(rows)
    drawing = Drawing(name, title, WIDTH, tops[-1] + 40)
    x_of = _scale(ticks[0], ticks[-1], 12.0, WIDTH - 12.0)
    drawing.add(_title(title))
    if margin:
        drawing.add(Box(x_of(-margin), 30, x_of(margin) - x_of(-margin), tops[-1] - 26, "band"))
    for tick in ticks:
        drawing.add(Path(((x_of(tick), 30), (x_of(tick), tops[-1] + 4)), "faint"))
        drawing.add(Label(x_of(tick), tops[-1] + 18, _tick(tick, ticks), "middle", _SMALL))
    if has_zero:
        drawing.add(Path(((x_of(0), 30), (x_of(0), tops[-1] + 4)), "ink", 1.0))
    drawing.add(Label(WIDTH / 2, tops[-1] + 34, unit, "middle", _SMALL))
    group = ""
    for row, top in zip(rows, tops, strict=False):
        if row.group != group:
            group = row.group
            drawing.add(Label(12, top - 2, shorten(group, width=WIDTH - 24), is_bold=True))
            top += 15
        drawing.add(Label(12, top + 9, shorten(row.name, width=WIDTH - 24), "start", _SMALL))
        _add_interval(drawing, row, top + 18, x_of)
    return drawing


def lines_chart(
    name: str,
    title: str,
    series: Sequence[Series],
    *,
    unit: str,
    groups: Sequence[str] = (),
    x_unit: str = "",
) -> Drawing:
    """Lines over named groups (with intervals, side by side) or over numbers.

    Args:
        name: Of the file.
        title: Of the chart.
        series: At most a dozen can be told apart.
        unit: Of the values.
        groups: Names of x = 0, 1, 2 ...; empty where x is a number.
        x_unit: Below the axis.
    """
    points = [p for line in series for p in line.points]
    values = [v for _, *limits in points for v in limits if math.isfinite(v)]
    ticks = nice_ticks(min(values, default=0.0), max(values, default=1.0))
    legend = _legend_rows(series)
    top = 54.0 + 16.0 * len(legend)
    bottom = top + 200.0
    drawing = Drawing(name, title, WIDTH, bottom + 40)
    drawing.add(_title(title))
    _add_legend(drawing, legend)
    y_of = _scale(ticks[0], ticks[-1], bottom, top)
    xs = [x for x, *_ in points] or [0.0]
    first, last = (-0.5, len(groups) - 0.5) if groups else (min(xs), max(xs))
    x_of = _scale(first, last, _LEFT, WIDTH - _RIGHT)
    for tick in ticks:
        drawing.add(Path(((_LEFT, y_of(tick)), (WIDTH - _RIGHT, y_of(tick))), "faint"))
        drawing.add(Label(_LEFT - 6, y_of(tick) + 4, _tick(tick, ticks), "end", _SMALL))
    _add_x_axis(drawing, groups, x_of, bottom, (first, last), x_unit)
    drawing.add(Label(12, top - 12, unit, "start", _SMALL))
    for number, line in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * min(8.0, 60.0 / len(series)) if groups else 0.0
        _add_line(drawing, line, number, x_of, y_of, shift)
    return drawing


def bars_chart(
    name: str, title: str, rows: Sequence[tuple[str, Sequence[float]]], *, series: Sequence[str]
) -> Drawing:
    """Horizontal bars in percent: a row a name, a bar a series; NaN leaves a gap."""
    height = 16.0 + 9.0 * len(series)
    top = 34.0 + 16.0
    drawing = Drawing(name, title, WIDTH, top + height * len(rows) + 30)
    drawing.add(_title(title))
    _add_legend(drawing, [[(number, text) for number, text in enumerate(series)]])
    values = [v for _, bars in rows for v in bars if math.isfinite(v)]
    ticks = nice_ticks(0.0, max(values, default=1.0))
    x_of = _scale(0.0, ticks[-1], 12.0, WIDTH - 24.0)
    bottom = top + height * len(rows)
    for tick in ticks:
        drawing.add(Path(((x_of(tick), top), (x_of(tick), bottom)), "faint"))
        drawing.add(Label(x_of(tick), bottom + 14, f"{_tick(tick, ticks)} %", "middle", _SMALL))
    for row, (text, bars) in enumerate(rows):
        y = top + height * row
        drawing.add(Label(12, y + 10, shorten(text, width=WIDTH - 24), "start", _SMALL))
        for number, value in enumerate(bars):
            if math.isfinite(value):
                width = max(1.0, x_of(value) - 12.0)
                hint = f"{text}, {series[number]}: {value:.1f} %"
                drawing.add(Box(12, y + 13 + 9 * number, width, 7, series_colour(number), hint))
    return drawing


def nice_ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``."""
    if not high > low:
        low, high = low - 0.5, high + 0.5
    raw = (high - low) / (most - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * number for number in range(first, last + 1)]


def _row_tops(rows: Sequence[Interval]) -> list[float]:
    """Top of each row, and the bottom of the last."""
    tops: list[float] = []
    y, group = 42.0, ""
    for row in rows:
        y += 8.0 if row.group != group and tops else 0.0
        tops.append(y + (4.0 if row.group != group else 0.0))
        y = tops[-1] + 28.0 + (15.0 if row.group != group else 0.0)
        group = row.group
    return [*tops, y]


def _add_interval(drawing: Drawing, row: Interval, y: float, x_of: "_Scale") -> None:
    colour = series_colour(row.series)
    hint = f"{row.name}: {row.value:.2f} ({row.lower:.2f} to {row.upper:.2f})"
    if math.isfinite(row.lower) and math.isfinite(row.upper):
        ends = (x_of(row.lower), x_of(row.upper))
        drawing.add(Path(((ends[0], y), (ends[1], y)), colour, 2.0))
        drawing.add(*(Path(((x, y - 4), (x, y + 4)), colour, 1.5) for x in ends))
    if math.isfinite(row.value):
        drawing.add(Dot(x_of(row.value), y, 4.0, colour, hint))


def _add_line(
    drawing: Drawing, line: Series, number: int, x_of: "_Scale", y_of: "_Scale", shift: float
) -> None:
    colour = series_colour(number)
    places = [(x_of(x) + shift, y) for x, y, _, _ in line.points]
    finite = tuple((x, y_of(y)) for x, y in places if math.isfinite(y))
    if len(finite) > 1:
        drawing.add(Path(finite, colour, 1.6, is_dashed=number >= 8))
    if not shift and len(line.points) > 12:
        return
    for (x, _), (_, value, lower, upper) in zip(places, line.points, strict=True):
        if math.isfinite(lower) and math.isfinite(upper):
            drawing.add(Path(((x, y_of(lower)), (x, y_of(upper))), colour, 1.4))
        if math.isfinite(value):
            drawing.add(Dot(x, y_of(value), 3.2, colour, f"{line.name}: {value:.2f}"))


def _add_x_axis(
    drawing: Drawing,
    groups: Sequence[str],
    x_of: "_Scale",
    bottom: float,
    ends: tuple[float, float],
    unit: str,
) -> None:
    drawing.add(Path(((_LEFT, bottom), (WIDTH - _RIGHT, bottom)), "ink"))
    if groups:
        width = (WIDTH - _LEFT - _RIGHT) / len(groups) - 6
        for position, text in enumerate(groups):
            short = shorten(text, width=width, size=_SMALL)
            drawing.add(Label(x_of(position), bottom + 16, short, "middle", _SMALL))
    else:
        for tick in nice_ticks(*ends):
            if ends[0] <= tick <= ends[1]:
                text = _tick(tick, [ends[0], ends[1]])
                drawing.add(Label(x_of(tick), bottom + 16, text, "middle", _SMALL))
    drawing.add(Label((_LEFT + WIDTH - _RIGHT) / 2, bottom + 33, unit, "middle", _SMALL))


def _legend_rows(series: Sequence[Series]) -> list[list[tuple[int, str]]]:
    """Names of the series, in as many rows as their widths need."""
    rows: list[list[tuple[int, str]]] = [[]]
    used = 0.0
    for number, line in enumerate(series):
        width = 30 + 7 * min(len(line.name), 24)
        if used + width > WIDTH - 24 and rows[-1]:
            rows.append([])
            used = 0.0
        rows[-1].append((number, line.name))
        used += width
    return rows


def _add_legend(drawing: Drawing, rows: Sequence[Sequence[tuple[int, str]]]) -> None:
    for row, entries in enumerate(rows):
        x, y = 12.0, 38.0 + 16.0 * row
        for number, text in entries:
            short = shorten(text, width=170, size=_SMALL)
            drawing.add(Box(x, y - 8, 12, 8, series_colour(number)))
            drawing.add(Label(x + 17, y, short, "start", _SMALL))
            x += 30 + 7 * len(short)


def _title(title: str) -> Label:
    return Label(12, 18, shorten(title, width=WIDTH - 24, size=13), size=13, is_bold=True)


def _tick(value: float, ticks: Sequence[float]) -> str:
    step = abs(ticks[-1] - ticks[0]) / max(1, len(ticks) - 1)
    digits = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if digits == 0 and step % 1:
        digits = 1
    return f"{value:.{digits}f}"


class _Scale:
    """A linear map from values to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._start = low, start
        self._factor = (end - start) / (high - low) if high > low else 0.0

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._factor


_scale = _Scale
