"""A picture in SVG under construction: lines, boxes, dots and text.

Colours are names: ``ink``, ``faint``, ``band`` and ``s0`` to ``s7`` for series. In a page they are
CSS variables, so that a picture follows light and dark. Lengths are in pixels of the viewBox.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax import saxutils

from ...printable import printable

FONT = "system-ui, sans-serif"
FONT_SIZE = 12
LINE = 15.0
"""Pixels from one line of text to the next."""
NUM_SERIES = 8
"""Colours of series, which repeat."""
_NAMES = ("ink", "faint", "band", "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7")
_LIGHT = "#1c1e21 #d5d8dc #eceff3 #0b65b1 #c1440e #1a7f4b #8a3fa0 #8a6d00 #00808a #b3246b #5a6270"
_DARK = "#e6e8eb #3b4048 #262a31 #6cb4f5 #ff9466 #5fd39a #d59be8 #e0c04d #4fd1db #ff86bd #a9b2c0"
LIGHT = dict(zip(_NAMES, _LIGHT.split(), strict=True))
"""The colours on paper."""
_THEMES = {
    "light": ("#fff", LIGHT),
    "dark": ("#14161a", dict(zip(_NAMES, _DARK.split(), strict=True))),
}

Point = tuple[float, float]


@dataclass
class Drawing:
    """A picture; what is drawn later lies on top.

    Attributes:
        name: For file names.
        title: What it shows; read aloud by screen readers.
        shapes: Elements of SVG.
    """

    name: str
    title: str
    width: float
    height: float = 0.0
    shapes: list[str] = field(default_factory=list)

    def line(
        self, *points: Point, colour: str = "ink", width: float = 1.0, is_dashed: bool = False
    ) -> None:
        """Draw a line through points."""
        steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
        names = f"l {colour}{' d' if is_dashed else ''}"
        self.shapes.append(f'<path class="{names}" stroke-width="{_n(width)}" d="M{steps}"/>')

    def box(self, corner: Point, size: Point, colour: str = "band") -> None:
        """Draw a filled rectangle from its upper left corner."""
        at = f'x="{_n(corner[0])}" y="{_n(corner[1])}"'
        extent = f'width="{_n(size[0])}" height="{_n(size[1])}"'
        self.shapes.append(f'<rect class="f {colour}" {at} {extent}/>')

    def dot(self, centre: Point, colour: str, hint: str) -> None:
        """Draw a filled circle; the hint is shown where the mouse rests."""
        at = f'cx="{_n(centre[0])}" cy="{_n(centre[1])}" r="4"'
        title = f"<title>{_escape(hint)}</title>"
        self.shapes.append(f'<circle class="f {colour}" {at}>{title}</circle>')

    def text(
        self,
        place: Point,
        lines: str | Sequence[str],
        anchor: str = "start",
        *,
        size: float = FONT_SIZE,
        is_bold: bool = False,
    ) -> float:
        """Draw lines of text from the base of the first; ``anchor`` is start, middle or end.

        Returns:
            By how much the next line would lie below the first.
        """
        shown = [lines] if isinstance(lines, str) else lines
        look = f'class="f ink{" b" * is_bold}" font-size="{_n(size)}" text-anchor="{anchor}"'
        for number, line in enumerate(shown):
            at = f'x="{_n(place[0])}" y="{_n(place[1] + LINE * number)}"'
            self.shapes.append(f"<text {look} {at}>{_escape(line)}</text>")
        return LINE * len(shown)


def to_svg(drawing: Drawing, *, theme: str = "") -> str:
    """The picture as SVG: for a page, whose style sheet colours it, or as a file, light or dark."""
    size = f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}"'
    head = f'<svg class="figure" {size} role="img" aria-label="{_escape(drawing.title)}">'
    style = ""
    if theme:
        paper, colours = _THEMES[theme]
        fixed = f'width="{_n(drawing.width)}" height="{_n(drawing.height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {fixed} {size} role="img">'
        style = f"<title>{_escape(drawing.title)}</title><style>{_rules(colours)}</style>"
        style += f'<rect width="100%" height="100%" fill="{paper}"/>'
    return head + style + "".join(drawing.shapes) + "</svg>"


def svg_style(*, root: str) -> str:
    """The rules that colour pictures, light and dark, with the variables set on ``root``."""
    dark = f"@media screen and (prefers-color-scheme: dark){{{root}{{{_variables(_DARK)}}}}}"
    rules = _rules({name: f"var(--{name})" for name in _NAMES})
    return f"{root}{{{_variables(_LIGHT)}}}{rules}{dark}"


def nested_svg_style() -> str:
    """The same for the inside of a rule, whose ``color-scheme`` says which theme it is."""
    both = zip(_NAMES, _LIGHT.split(), _DARK.split(), strict=True)
    return _rules({name: f"light-dark({light},{dark})" for name, light, dark in both})


def _rules(colours: Mapping[str, str]) -> str:
    """Of a file they hold the colours: few programs but browsers know variables."""
    rules = "".join(
        f".l.{name}{{stroke:{colour}}}.f.{name}{{fill:{colour}}}"
        for name, colour in colours.items()
    )
    return (
        f".l{{fill:none;stroke-linejoin:round}}text{{font-family:{FONT}}}.b{{font-weight:600}}"
        f".d{{stroke-dasharray:4 3}}{rules}"
    )


def _variables(colours: str) -> str:
    pairs = zip(_NAMES, colours.split(), strict=True)
    return "".join(f"--{name}:{value};" for name, value in pairs)


def _escape(text: str) -> str:
    return saxutils.escape(printable(text), {'"': "&quot;"})


def _n(value: float) -> str:
    """A coordinate in a tenth of a pixel, which the eye cannot tell from more."""
    return f"{value:.1f}".removesuffix(".0")
