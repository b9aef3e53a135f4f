"""Photographs as they are met: JPEGs of any size, grey ones and transparent ones among them."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from made.data import made_images


def photo(seed: int, *, size: tuple[int, int] = (224, 224), mode: str = "RGB") -> Image.Image:
    """A smooth picture of ``size`` (height, width), so that a JPEG keeps what it shows."""
    spots = Image.fromarray(made_images(1, seed=seed, shape=(7, 9, 3))[0])
    image = spots.resize(size[::-1], Image.Resampling.BICUBIC)
    if "A" in mode:
        alpha = np.linspace(0, 255, size[0] * size[1]).reshape(size).astype(np.uint8)
        image.putalpha(Image.fromarray(alpha))
    return image.convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The content of an image file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def write_photos(root: Path, num_images_of: Mapping[str, int], *, first_seed: int = 0) -> Path:
    """JPEGs of 224 pixels on the shorter side, numbered, in a subfolder a class."""
    seed = first_seed
    for name, num_images in num_images_of.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(num_images):
            seed += 1
            size = (224, 224 + 16 * (number % 3))
            content = encoded(photo(seed, size=size), "JPEG", quality=80)
            (root / name / f"{number:03d}.jpg").write_bytes(content)
    return root
