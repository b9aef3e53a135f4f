"""Decodes all image files of one set, one by one, so that they are alike in size and colour."""

from collections.abc import Iterable

import numpy as np

from ...signs import tell
from ..content import MIN_PIXELS, ImageSizeError, describe_shape
from .images import decode_image


class Decoder:
    """The images of one set: every part is decoded by the same one, and then joined.

    A file is held only while it is decoded; what is kept is its pixels at their final size.
    """

    def __init__(
        self, size: int | None = None, *, where: object, num_images: int | None = None
    ) -> None:
        """How far it is can be heard (:mod:`actwise.signs`).

        Args:
            size: What to bring images to, in pixels a side; None: all must have one size.
            where: The file or folder of the set.
            num_images: How many images there are, if that is known before.
        """
        self._size = size
        self._what = f"reading {where}"
        self._num_images = num_images
        self._first: tuple[str, tuple[int, ...]] | None = None
        self._num_grey = self._num_coloured = self._num_transparent = 0

    def decode(self, files: Iterable[tuple[str, bytes]]) -> list[np.ndarray]:
        """Decode (name for messages, content): uint8 (C, H, W) each, C being 1 or 3.

        Raises:
            DataError: names the first image that cannot be decoded, or whose size is another than
                that of the first one.
            MemoryError: if memory ends.
        """
        return [self._decode(where, content) for where, content in files]

    def join(self, images: list[np.ndarray]) -> np.ndarray:
        """One part as an array (N, C, H, W), once all parts are decoded; empties the list.

        Where some images of the set are grey and some are RGB, the grey ones are repeated.
        """
        if not images:
            return np.empty((0, 1, MIN_PIXELS, MIN_PIXELS), dtype=np.uint8)
        shape = (3 if self._num_coloured else 1, *images[0].shape[1:])
        joined = np.stack([np.broadcast_to(image, shape) for image in images])
        images.clear()
        return joined

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of images that were not like the others, a sentence each."""
        changes = (
            (self._num_grey if self._num_coloured else 0, "grey, made RGB"),
            (self._num_transparent, "transparent, laid over white"),
        )
        num_images = self._num_grey + self._num_coloured
        return tuple(
            f"{number:,} of {num_images:,} images {'is' if number == 1 else 'are'} {change}"
            for number, change in changes
            if number
        )

    def _decode(self, where: str, content: bytes) -> np.ndarray:
        image = decode_image(content, where, size=self._size)
        shape = image.pixels_CHW.shape
        self._first = self._first or (where, shape)
        first, first_shape = self._first
        if shape[1:] != first_shape[1:]:
            raise ImageSizeError(
                f"{where} is {describe_shape(shape)} but {first} is "
                f"{describe_shape(first_shape)}; all images must have one size"
            )
        self._num_transparent += image.was_transparent
        self._num_grey += shape[0] == 1
        self._num_coloured += shape[0] == 3
        tell(self._what, self._num_grey + self._num_coloured, self._num_images)
        return image.pixels_CHW
