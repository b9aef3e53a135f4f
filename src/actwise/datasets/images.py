"""Decodes image files (PNG, WebP, JPEG, ...) with Pillow; all of one set must be alike.

One thread: at 32x32 the work is mostly Python's own, and two threads made it slower (10,000 WebP
images in 1.8 s instead of 1.1 s; 2 cores, Pillow 13.0).
"""

import io
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import DataError
from .check import MAX_PIXELS, MIN_PIXELS, describe_shape
from .memory import is_memory

MAX_FILE_BYTES = 16 * 2**20
"""Of one file, whatever else than its few pixels it carries (profiles, thumbnails)."""

# A palette is a way of writing RGB, one bit a way of writing grey; nothing is lost by either.
_MODES = {"L": "L", "1": "L", "RGB": "RGB", "P": "RGB"}
# Whatever a file is called, Pillow looks at its content: an EPS would start Ghostscript.
_FORMATS = ("PNG", "WEBP", "JPEG", "BMP", "GIF", "PPM", "TIFF")
_PNG_DEPTH = 24  # after the signature, a chunk's length and name, width and height
_TIFF_DEPTHS = 258


def decode_images(files: Iterable[tuple[str, bytes]]) -> np.ndarray:
    """Decode (name for messages, content) one by one: uint8 (N, C, H, W), C being 1 or 3.

    Images are turned as their EXIF orientation says.

    Raises:
        DataError: names the first image that cannot be decoded, that has transparency, more than
            8 bits a channel, or several frames or pages, that is too small or too large, or that
            differs from the first one in size or colour.
        MemoryError: if memory ends.
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
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        # What Pillow warns of is refused by its size, or is metadata that nothing here hangs on.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=_FORMATS) as image,
        ):
            _check(image, content, where)
            mode = _MODES[image.mode]
            upright = ImageOps.exif_transpose(image)
            pixels = np.asarray(upright if upright.mode == mode else upright.convert(mode))
    except DataError:
        raise
    except UnidentifiedImageError:
        formats = ", ".join(_FORMATS)
        raise DataError(f"{where} is not a readable image: it is none of {formats}") from None
    except Image.DecompressionBombError as error:
        raise DataError(f"{where} would take too much memory: {error}") from None
    except Exception as error:  # Pillow raises many types on damaged files
        if is_memory(error):
            raise MemoryError(f"{where}: {error}" if str(error) else where) from error
        raise DataError(f"{where} is not a readable image: {error}") from error
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def _check(image: Any, content: bytes, where: str) -> None:
    """Refuse by what stands in the header, before anything is decoded."""
    width, height = image.size
    if not all(MIN_PIXELS <= side <= MAX_PIXELS for side in image.size):
        raise DataError(
            f"{where} is {height}x{width}; expected {MIN_PIXELS} to {MAX_PIXELS} pixels"
        )
    bits = _bits(image, content)
    if bits > 8:
        raise DataError(f"{where} has {bits} bits a channel; expected grey or RGB of 8 bits")
    if image.mode not in _MODES or image.has_transparency_data:
        raise DataError(
            f"{where} has the mode {image.mode} or transparency; expected grey or RGB of 8 bits"
        )
    num_frames = _num_frames(image, content)
    if num_frames > 1:
        raise DataError(f"{where} has {num_frames} frames or pages; expected one image a file")


def _bits(image: Any, content: bytes) -> int:
    """Bits a channel where Pillow may have reduced them silently to 8; else 8 or fewer."""
    if image.format == "PNG":
        return content[_PNG_DEPTH]
    if image.format == "TIFF":
        return int(max(image.tag_v2.get(_TIFF_DEPTHS, (1,))))
    if image.format == "PPM" and image.mode in ("L", "RGB"):
        return int(_netpbm_header(content)[-1]).bit_length()
    return 8


def _num_frames(image: Any, content: bytes) -> int:
    if image.format == "PPM" and content[1:2] in b"456":
        # Pillow reads the first of several images in a row and tells of no other.
        width, height = image.size
        num_bytes = (width + 7) // 8 if image.mode == "1" else width * len(image.getbands())
        end = image.tile[0].offset + height * num_bytes
        return 1 + content[end:].lstrip().startswith(b"P")
    return int(getattr(image, "n_frames", 1))


def _netpbm_header(content: bytes) -> list[bytes]:
    """Magic number, width, height and largest value of a PGM or PPM file."""
    words: list[bytes] = []
    for line in content.split(b"\n"):
        words += line.partition(b"#")[0].split()
        if len(words) >= 4:
            break
    return words[:4]
