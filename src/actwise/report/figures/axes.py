"""What every chart is made of: a scale, ticks, a heading, and text in lines that fit."""

import math
from collections.abc import Mapping, Sequence

from ..tables import wrap
from .drawing import FONT_SIZE, LINE, Drawing

NARROW = 340.0
"""Of a picture: what a telephone shows without shrinking it, so that 12 pixels stay legible."""
WIDE = 1000.0
"""Of one that takes the whole width of a page."""
MARGIN = 12.0
_CHARACTER = 0.6
"""Mean width of a character, as a multiple of the font size."""
_BOLD = 1.1
"""By how much bold letters are wider."""
_SWATCH = 17.0


class AxisScale:
    """A linear map from values to pixels."""

    def __init__(self, ends: tuple[float, float], pixels: tuple[float, float]) -> None:
        self._low, self._start = ends[0], pixels[0]
        distance = ends[1] - ends[0]
        self._factor = (pixels[1] - pixels[0]) / distance if distance > 0 else 0.0

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
    return len(text) * _CHARACTER * size * (_BOLD if is_bold else 1.0)


def fold(text: str, width: float, size: float = FONT_SIZE, *, is_bold: bool = False) -> list[str]:
    """The text in lines of at most ``width`` pixels; nothing is left out."""
    return wrap(text, max(1, int(width / text_width("x", size, is_bold=is_bold) + 1e-6)))


def add_heading(drawing: Drawing, names: Mapping[str, str]) -> float:
    """Draw the title, and below it the names of the series, each with its colour.

    Returns:
        The pixel below them.
    """
    room, x, y = drawing.width - 2 * MARGIN, MARGIN, 18.0
    lines = fold(drawing.title, room, 13, is_bold=True)
    y += drawing.text((MARGIN, y), lines, size=13, is_bold=True)
    for name, colour in names.items():
        lines = fold(name, room - _SWATCH)
        width = _SWATCH + max(map(text_width, lines)) + 14
        if x > MARGIN and x + width > drawing.width:
            x, y = MARGIN, y + LINE
        drawing.box((x, y - 9), (12, 9), colour)
        y += drawing.text((x + _SWATCH, y), lines) - LINE
        x += width
    return y + 8
