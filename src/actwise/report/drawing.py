"""A picture as a list of simple shapes: one description for SVG in a page, SVG and PNG in files.

Colours are names: ``ink``, ``faint``, ``band`` and ``s0`` to ``s7`` for series. In a page they are
CSS variables, so that a picture follows light and dark. Lengths are in pixels of the viewBox.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

FONT = "system-ui, sans-serif"
FONT_SIZE = 12
CHARACTER = 0.6
"""Mean width of a character, as a multiple of the font size."""

LIGHT = {
    "ink": "#1c1e21",
    "faint": "#d5d8dc",
    "band": "#eceff3",
    "s0": "#0b65b1",
    "s1": "#c1440e",
    "s2": "#1a7f4b",
    "s3": "#8a3fa0",
    "s4": "#8a6d00",
    "s5": "#00808a",
    "s6": "#b3246b",
    "s7": "#5a6270",
}
DARK = {
    "ink": "#e6e8eb",
    "faint": "#3b4048",
    "band": "#262a31",
    "s0": "#6cb4f5",
    "s1": "#ff9466",
    "s2": "#5fd39a",
    "s3": "#d59be8",
    "s4": "#e0c04d",
    "s5": "#4fd1db",
    "s6": "#ff86bd",
    "s7": "#a9b2c0",
}
NUM_SERIES = 8


@dataclass(frozen=True)
class Path:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str = "ink"
    width: float = 1.0
    is_dashed: bool = False


@dataclass(frozen=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str = "band"
    hint: str = ""


@dataclass(frozen=True)
class Dot:
    """A filled circle; ``hint`` is shown where the mouse rests."""

    x: float
    y: float
    radius: float = 3.5
    colour: str = "ink"
    hint: str = ""


@dataclass(frozen=True)
class Label:
    """A line of text; ``anchor`` is start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    size: float = FONT_SIZE
    is_bold: bool = False
    colour: str = "ink"


Shape = Path | Box | Dot | Label


@dataclass
class Drawing:
    """A picture under construction.

    Attributes:
        name: For file names.
        title: What it shows; read aloud by screen readers.
    """

    name: str
    title: str
    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)

    def add(self, *shapes: Shape) -> None:
        """Draw on top of what is there."""
        self.shapes += shapes


def series_colour(number: int) -> str:
    """Colour of the series with this number; they repeat after :data:`NUM_SERIES`."""
    return f"s{number % NUM_SERIES}"


def to_svg(drawing: Drawing, *, standalone: bool = False) -> str:
    """The picture as SVG: for a page, whose style sheet colours it, or as a file, on white."""
    size = f'viewBox="0 0 {_n(drawing.width)} {_n(drawing.height)}"'
    head = f'<svg class="figure" {size} role="img" aria-label={quoteattr(drawing.title)}>'
    style = ""
    if standalone:
        fixed = f'width="{_n(drawing.width)}" height="{_n(drawing.height)}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {fixed} {size} role="img">'
        style = f"<title>{escape(drawing.title)}</title><style>{_rules('svg', LIGHT)}</style>"
        style += '<rect width="100%" height="100%" fill="#fff"/>'
    return head + style + "".join(_shapes(drawing)) + "</svg>"


def svg_style(*, root: str) -> str:
    """The rules that colour pictures, light and dark, with the variables set on ``root``."""
    dark = f"@media screen and (prefers-color-scheme: dark){{{root}{{{_variables(DARK)}}}}}"
    return _rules(root, LIGHT) + dark


def _rules(root: str, colours: Mapping[str, str]) -> str:
    rules = "".join(
        f".l.{name}{{stroke:var(--{name})}}.f.{name}{{fill:var(--{name})}}" for name in colours
    )
    return (
        f"{root}{{{_variables(colours)}}}"
        f".l{{fill:none;stroke-linejoin:round}}text{{font-family:{FONT}}}.b{{font-weight:600}}"
        f".d{{stroke-dasharray:4 3}}{rules}"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in colours.items())


def _shapes(drawing: Drawing) -> Iterator[str]:
    for shape in drawing.shapes:
        match shape:
            case Path(points, colour, width, is_dashed):
                steps = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
                dash = " d" if is_dashed else ""
                yield f'<path class="l {colour}{dash}" stroke-width="{_n(width)}" d="M{steps}"/>'
            case Box(x, y, width, height, colour, hint):
                box = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
                yield _with_hint(f'<rect class="f {colour}" {box}', "rect", hint)
            case Dot(x, y, radius, colour, hint):
                dot = f'cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"'
                yield _with_hint(f'<circle class="f {colour}" {dot}', "circle", hint)
            case Label(x, y, text, anchor, size, is_bold, colour):
                bold = " b" if is_bold else ""
                at = f'x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" text-anchor="{anchor}"'
                yield f'<text class="f {colour}{bold}" {at}>{escape(text)}</text>'


def _with_hint(opening: str, tag: str, hint: str) -> str:
    return f"{opening}><title>{escape(hint)}</title></{tag}>" if hint else f"{opening}/>"


def _n(value: float) -> str:
    """A coordinate in a tenth of a pixel, which the eye cannot tell from more."""
    return f"{value:.1f}".removesuffix(".0")
