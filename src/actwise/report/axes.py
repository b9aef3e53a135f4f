"""What every chart is made of: a scale, ticks, a title, a legend, and text in lines that fit."""

import math
from collections.abc import Sequence

from .drawing import CHARACTER, FONT_SIZE, Box, Drawing, Label, series_colour
from .wrapping import widest_word, wrap

WIDTH = 340.0
"""Of a panel: what a telephone shows without shrinking it, so that 12 pixels stay legible."""
MARGIN = 12.0
LINE = 15.0
"""Pixels from one line of text to the next."""
_SWATCH = 17.0
_BOLD = 1.1
"""By how much bold letters are wider."""


class Scale:
    """A linear map from values to pixels."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self._low, self._start = low, start
        self._factor = (end - start) / (high - low) if high > low else 0.0

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._factor


def nice_ticks(low: float, high: float, *, most: int = 6, is_whole: bool = False) -> list[float]:
    """Round numbers from at most ``low`` to at least ``high``; integers where these are counts."""
    if not high > low:
        low, high = low - 0.5, high + 0.5
    raw = max((high - low) / (most - 1), 1.0 if is_whole else 0.0)
    power = 10.0 ** math.floor(math.log10(raw))
    factors = (1, 2, 5, 10) if is_whole else (1, 2, 2.5, 5, 10)
    step = next(power * factor for factor in factors if power * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * number for number in range(first, last + 1)]


def tick_text(value: float, ticks: Sequence[float]) -> str:
    """A tick with as many decimals as the step between ticks needs."""
    step = abs(ticks[-1] - ticks[0]) / max(1, len(ticks) - 1)
    digits = 0
    while digits < 6 and abs(step * 10**digits - round(step * 10**digits)) > 1e-6:
        digits += 1
    return f"{value:z.{digits}f}"


def text_width(text: str, size: float = FONT_SIZE, *, is_bold: bool = False) -> float:
    """About how wide a text is, in pixels."""
    return len(text) * CHARACTER * size * (_BOLD if is_bold else 1.0)


def fold(text: str, width: float, size: float = FONT_SIZE, *, is_bold: bool = False) -> list[str]:
    """The text in lines of at most ``width`` pixels; nothing is left out."""
    return wrap(text, _characters(width / (_BOLD if is_bold else 1.0), size))


def needs_cuts(text: str, width: float) -> bool:
    """Whether a word of the text is wider than ``width`` pixels."""
    return widest_word(text) > _characters(width, FONT_SIZE)


def add_title(drawing: Drawing, title: str) -> float:
    """Draw the title.

    Returns:
        The pixel below it.
    """
    lines = fold(title, WIDTH - 2 * MARGIN, 13, is_bold=True)
    for number, line in enumerate(lines):
        drawing.add(Label(MARGIN, 18 + 16 * number, line, size=13, is_bold=True))
    return 8.0 + 16 * len(lines)


def add_legend(drawing: Drawing, names: Sequence[str], y: float) -> float:
    """Draw the names of the series with their colours, below ``y``.

    Returns:
        The pixel below them.
    """
    x, y = MARGIN, y + LINE
    for number, name in enumerate(names):
        lines = fold(name, WIDTH - 2 * MARGIN - _SWATCH)
        width = _SWATCH + max(map(text_width, lines)) + 14
        if x > MARGIN and x + width > WIDTH:
            x, y = MARGIN, y + LINE
        drawing.add(Box(x, y - 9, 12, 9, series_colour(number)))
        for row, line in enumerate(lines):
            drawing.add(Label(x + _SWATCH, y + LINE * row, line))
        x, y = x + width, y + LINE * (len(lines) - 1)
    return y + 5


def _characters(width: float, size: float) -> int:
    return max(1, int(width / (CHARACTER * size)))
