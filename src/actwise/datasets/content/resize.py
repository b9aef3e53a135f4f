"""Brings images to one size: the shorter side scaled, the longer one cut at both ends.

Bilinear with antialiasing, which is Pillow's filter: whole-number arithmetic on 8 bits, the same
on every machine. Scaling and cutting are one step, so both sides have one scale and the centre is
where it was; with a scaled longer side of whole, even excess it is cutting what was scaled.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image


def resized(image: "Image", size: int) -> "Image":
    """One image of mode L or RGB at ``size`` x ``size`` pixels."""
    from PIL.Image import Resampling

    width, height = image.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Resampling.BILINEAR, box=box)


def resized_all(images_NCHW: np.ndarray, size: int) -> np.ndarray:
    """Uint8 images of 1 or 3 channels at (N, C, ``size``, ``size``)."""
    from PIL.Image import fromarray

    sized_NCHW = np.empty((*images_NCHW.shape[:2], size, size), dtype=np.uint8)
    for image, sized in zip(images_NCHW, sized_NCHW, strict=True):
        is_grey = len(image) == 1
        pixels = image[0] if is_grey else np.ascontiguousarray(image.transpose(1, 2, 0))
        small = np.asarray(resized(fromarray(pixels), size))
        sized[:] = small if is_grey else small.transpose(2, 0, 1)
    return sized_NCHW
