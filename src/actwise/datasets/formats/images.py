"""Decodes one image file (PNG, WebP, JPEG, ...) with Pillow.

One thread: at 32x32 the work is mostly Python's own, and two threads made it slower (10,000 WebP
images in 1.8 s instead of 1.1 s; 2 cores, Pillow 13.0).
"""

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DataError
from ..content import check_sides, is_memory, resized

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_FILE_BYTES = 64 * 2**20
"""Of one file, whatever else than its pixels it carries (profiles, thumbnails)."""

# A palette is a way of writing RGB, one bit a way of writing grey; nothing is lost by either.
_MODES = {"L": "L", "1": "L", "LA": "L", "La": "L"} | dict.fromkeys(
    ("RGB", "P", "RGBA", "RGBa", "PA"), "RGB"
)
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}
# Whatever a file is called, Pillow looks at its content: an EPS would start Ghostscript.
_FORMATS = ("PNG", "WEBP", "JPEG", "BMP", "GIF", "PPM", "TIFF")
_PNG_DEPTH = 24  # after the signature, a chunk's length and name, width and height
_TIFF_DEPTHS = 258


@dataclass(frozen=True)
class DecodedImage:
    """The pixels of one file: uint8 (C, H, W), and whether there was white put behind them."""

    pixels_CHW: np.ndarray
    was_transparent: bool


def decode_image(content: bytes, where: str, *, size: int | None = None) -> DecodedImage:
    """Decode one file, upright as its EXIF orientation says; transparency shows white.

    Args:
        content: Of the file.
        where: The file, for messages.
        size: Resize to so many pixels a side; None leaves the size, which is then checked.

    Raises:
        DataError: if it cannot be decoded, has more than 8 bits a channel, or several frames or
            pages, or a size that cannot be trained on.
        MemoryError: if memory ends.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        # What Pillow warns of is refused by its size, or is metadata that nothing here hangs on.
        with (
            warnings.catch_warnings(action="ignore"),
            Image.open(io.BytesIO(content), formats=_FORMATS) as image,
        ):
            _check(image, content, where, has_size=size is not None)
            upright = ImageOps.exif_transpose(image)
            was_transparent = upright.has_transparency_data
            plain = _over_white(upright) if was_transparent else _plain(upright)
            pixels = np.asarray(plain if size is None else resized(plain, size))
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
    pixels_CHW = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
    return DecodedImage(pixels_CHW, was_transparent)


def _plain(image: "Image") -> "Image":
    mode = _MODES[image.mode]
    return image if image.mode == mode else image.convert(mode)


def _over_white(image: "Image") -> "Image":
    """What is seen of an image on white paper: alpha x colour + (1 - alpha) x 255, rounded."""
    from PIL.Image import fromarray

    layers_HWC = np.asarray(image.convert(_WITH_ALPHA[_MODES[image.mode]])).astype(np.uint16)
    colour_HWC, alpha_HWC = layers_HWC[..., :-1], layers_HWC[..., -1:]
    seen_HWC = (colour_HWC * alpha_HWC + 255 * (255 - alpha_HWC) + 127) // 255
    pixels = seen_HWC.astype(np.uint8)
    return fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def _check(image: Any, content: bytes, where: str, *, has_size: bool) -> None:
    """Refuse by what stands in the header, before anything is decoded."""
    width, height = image.size
    if not has_size:
        check_sides(height, width, what=f"{where} is")
    bits = _bits(image, content)
    if bits > 8:
        raise DataError(
            f"{where} has {bits} bits a channel; expected grey or RGB of 8 bits: convert it"
        )
    if image.mode not in _MODES:
        raise DataError(
            f"{where} has the mode {image.mode}; expected grey or RGB of 8 bits: convert it"
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
    if image.format == "PPM" and image.mode == "RGB":
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
