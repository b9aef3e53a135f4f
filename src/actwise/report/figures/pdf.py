"""A picture as PDF, drawn from its SVG by matplotlib, which is needed for this alone."""

from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ...errors import SpecError
from .drawing import LIGHT, Drawing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def to_pdf(drawing: Drawing) -> bytes:
    """The picture in the colours for paper, its letters as text; the same bytes every time.

    Raises:
        SpecError: without matplotlib.
    """
    figure = new_figure(figsize=(drawing.width / 72, drawing.height / 72), dpi=72)
    from matplotlib import rc_context
    from matplotlib.transforms import Affine2D

    pixels = Affine2D().scale(1 / drawing.width, -1 / drawing.height).translate(0, 1)
    for shape in ElementTree.fromstring(f"<svg>{''.join(drawing.shapes)}</svg>"):
        _add(figure, shape, pixels + figure.transFigure)
    picture = BytesIO()
    with rc_context({"pdf.fonttype": 42}):  # whole letters, which printers and editors know
        figure.savefig(picture, format="pdf", metadata={"CreationDate": None})
    return picture.getvalue()


def new_figure(**options: Any) -> "Figure":
    """An empty figure of matplotlib.

    Raises:
        SpecError: if it is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise SpecError(
            "this picture needs matplotlib: pip install 'actwise[figures]'; reports and --figures "
            "as SVG do not"
        ) from None
    return Figure(**options)


def _add(figure: "Figure", shape: ElementTree.Element, transform: Any) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Circle, Rectangle

    of, names = shape.attrib, shape.attrib["class"].split()
    colour = LIGHT[names[1]]

    def numbers(*keys: str) -> list[float]:
        return [float(of[key]) for key in keys]

    match shape.tag:
        case "path":
            steps = [map(float, p.split()) for p in of["d"].removeprefix("M").split("L")]
            (width,) = numbers("stroke-width")
            dashes = {"linestyle": (0, (4 / width, 3 / width))} if "d" in names else {}
            line = Line2D(
                *zip(*steps, strict=True), color=colour, linewidth=width, transform=transform
            )
            line.set(solid_joinstyle="round", solid_capstyle="butt", **dashes)
            figure.add_artist(line)
        case "rect":
            x, y, *size = numbers("x", "y", "width", "height")
            box = Rectangle((x, y), *size, facecolor=colour, edgecolor="none", transform=transform)
            figure.add_artist(box)
        case "circle":
            x, y, radius = numbers("cx", "cy", "r")
            dot = Circle((x, y), radius, facecolor=colour, edgecolor="none", transform=transform)
            figure.add_artist(dot)
        case "text":
            x, y, points = numbers("x", "y", "font-size")
            text = figure.text(x, y, shape.text or "", transform=transform)
            text.set(color=colour, size=points, parse_math=False, ha=_ANCHORS[of["text-anchor"]])
            text.set(va="baseline", weight="bold" if "b" in names else "normal")
