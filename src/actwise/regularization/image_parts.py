"""Parts that act on the images and labels of a training batch.

Legend: N images, C channels, H height, W width.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from .grid import Grid
from .part import Part


@dataclass
class FlipPart(Part):
    """Half of the images mirrored, left to right."""

    def draw(
        self, stream: np.random.Generator, num_images: int, image_shape: tuple[int, ...]
    ) -> np.ndarray[Any, Any]:
        return stream.random(num_images) < 0.5

    def sample(self, grid: Grid, drawn_N: Tensor) -> Grid:
        return grid.mirror(drawn_N)


@dataclass
class CropPart(Part):
    """A random window, of the image's size, of the image with zeros around it.

    Attributes:
        padding: Zeros on every side, in pixels.
    """

    padding: int

    def draw(
        self, stream: np.random.Generator, num_images: int, image_shape: tuple[int, ...]
    ) -> np.ndarray[Any, Any]:
        """Offsets (down, right) of each window from the middle one: (N, 2)."""
        return stream.integers(-self.padding, self.padding + 1, size=(num_images, 2))

    def sample(self, grid: Grid, drawn_N: Tensor) -> Grid:
        return grid.shift(drawn_N[:, 0], drawn_N[:, 1])


@dataclass
class CutoutPart(Part):
    """A square set to zero; its centre is uniform over the image, its border may be outside.

    Attributes:
        size: Side of the square, in pixels.
    """

    size: int

    def draw(
        self, stream: np.random.Generator, num_images: int, image_shape: tuple[int, ...]
    ) -> np.ndarray[Any, Any]:
        """Top and left of each square: (N, 2)."""
        centres_N2 = stream.integers(0, image_shape[1:], size=(num_images, 2))
        return centres_N2 - self.size // 2

    def sample(self, grid: Grid, drawn_N: Tensor) -> Grid:
        return grid.cut(drawn_N[:, 0], drawn_N[:, 1], self.size)


@dataclass
class MixupPart(Part):
    """Pairs of images and of their labels, averaged; the engine draws a weight a batch."""

    mixup_alpha: float


@dataclass
class SmoothPart(Part):
    """Label smoothing."""

    smoothing: float
