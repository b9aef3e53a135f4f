"""A picture as PNG, in the light colours, at three times the size."""

import io
from itertools import pairwise

from .drawing import LIGHT, Box, Dot, Drawing, Label, Path

_SCALE = 3
_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}
_DASH = 4.0


def to_png(drawing: Drawing) -> bytes:
    """The picture as the bytes of a PNG file."""
    from PIL import Image, ImageDraw, ImageFont

    size = (round(drawing.width * _SCALE), round(drawing.height * _SCALE))
    image = Image.new("RGB", size, "white")
    canvas = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        colour = LIGHT[shape.colour]
        match shape:
            case Path(points, _, width, is_dashed):
                scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
                for piece in _dashes(scaled) if is_dashed else [scaled]:
                    canvas.line(piece, fill=colour, width=max(1, round(width * _SCALE)))
            case Box(x, y, width, height):
                corner = ((x + width) * _SCALE, (y + height) * _SCALE)
                canvas.rectangle([(x * _SCALE, y * _SCALE), corner], fill=colour)
            case Dot(x, y, radius):
                box = [(x - radius) * _SCALE, (y - radius) * _SCALE]
                canvas.ellipse([*box, (x + radius) * _SCALE, (y + radius) * _SCALE], fill=colour)
            case Label(x, y, text, anchor, size_):
                font = ImageFont.load_default(size_ * _SCALE)
                at = (x * _SCALE, y * _SCALE)
                canvas.text(at, text, fill=colour, font=font, anchor=_ANCHORS[anchor])
    content = io.BytesIO()
    image.save(content, "png", optimize=True)
    return content.getvalue()


def _dashes(points: list[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Every other piece of the line, each :data:`_DASH` long."""
    pieces = []
    for (x1, y1), (x2, y2) in pairwise(points):
        length = max(abs(x2 - x1), abs(y2 - y1))
        count = max(1, int(length / (_DASH * _SCALE)))
        for start in range(0, count, 2):
            ends = (start / count, min(1.0, (start + 1) / count))
            pieces.append([(x1 + t * (x2 - x1), y1 + t * (y2 - y1)) for t in ends])
    return pieces
