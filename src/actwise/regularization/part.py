"""What a regularizer may do: one class with a neutral hook for every place where it can act.

Legend: N images (of a batch, or of an epoch where said), C channels, H height, W width.
"""

from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from .grid import Grid

BETWEEN, HEAD = "between", "head"
"""Sites of dropout: between two convolutions (or hidden layers), and before the head."""

NORM, WEIGHTS = "norm", "weights"
"""Sites of normalization (after a layer), and of what acts on convolution and linear weights."""


class Part:
    """One mechanism of a regularization; every hook here does nothing.

    A user's regularizer is a subclass (its ``__init__`` takes the level's arguments), or a
    function that returns a part. A part that changes images overrides :meth:`draw`, and then
    either :meth:`sample` (geometry, at no cost of its own) or :meth:`transform` (anything else).

    Attributes:
        name: The level's name, which also names the part's random stream. Set by ``resolve``.
        canonical: The level with its defaults left out. Set by ``resolve``.
        sites: Kinds of sites of a model where the part acts; without any of them in the model it
            has no effect there and is left out. Empty for parts that act on images or labels.
        weight_drop: Fraction of convolution and linear weights zeroed in training.
        smoothing: Mass of the label given to all classes alike.
        mixup_alpha: The parameter of Beta(alpha, alpha), 0 for no mixup.
    """

    sites: ClassVar[frozenset[str]] = frozenset()
    name: str = ""
    canonical: str = ""
    weight_drop: float = 0.0
    smoothing: float = 0.0
    mixup_alpha: float = 0.0

    def norm(self, channels: int, *, is_flat: bool = False) -> nn.Module | None:
        """A module after a convolution (or, ``is_flat``, a linear layer), before its activation."""
        return None

    def drop(self, site: str, shape: tuple[int, ...]) -> nn.Module | None:
        """A module at a dropout site, whose samples have ``shape``, (C, H, W) or (C,)."""
        return None

    def draw(
        self, stream: np.random.Generator, num_images: int, image_shape: tuple[int, ...]
    ) -> np.ndarray[Any, Any] | None:
        """All parameters of one epoch; the first dimension is the place in the epoch's order.

        ``stream`` is the part's own, so that levels share the draws of the parts that they share;
        ``image_shape`` is (C, H, W).
        """
        return None

    def sample(self, grid: Grid, drawn_N: Tensor) -> Grid:
        """``grid`` followed by this part's geometry.

        ``drawn_N`` holds the batch's rows of what :meth:`draw` returned, on the grid's device.
        """
        return grid

    def transform(self, x_NCHW: Tensor, drawn_N: Tensor) -> Tensor:
        """Changed images, same shape; called after the geometry, on normalized images."""
        return x_NCHW

    def acts_at(self, site: str) -> bool:
        """Whether this part does something at a site that is one of :attr:`sites`."""
        return True

    @property
    def is_in_layers(self) -> bool:
        """Whether this part changes the network, not only its images and labels."""
        return self.overrides("norm") or self.overrides("drop") or self.weight_drop > 0

    def overrides(self, hook: str) -> bool:
        """Whether this part does something in ``hook``, such as "sample"."""
        return getattr(type(self), hook) is not getattr(Part, hook)
