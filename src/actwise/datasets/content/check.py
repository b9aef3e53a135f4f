"""What every reader's outcome has to be, whatever the format: checked once, at the border."""

from typing import Any

import numpy as np

from ...errors import DataError
from .dataset import Arrays, Split
from .resize import resized_all

MIN_PIXELS, USUAL_PIXELS, MAX_PIXELS = 28, 32, 64
# Predictions are stored as 16-bit class indices.
MAX_CLASSES = 2**16


class ImageSizeError(DataError):
    """Images are too small or too large, or of several sizes: resizing them would help.

    Attributes:
        fitting: A size to bring them to, in pixels a side.
    """

    def __init__(self, message: str, *, fitting: int = MAX_PIXELS) -> None:
        super().__init__(message)
        self.fitting = fitting


def make_split(images: Any, labels: Any, *, where: str, size: int | None = None) -> Split:
    """Images and labels, as a reader found them, as a Split.

    Args:
        images: uint8, (N, H, W), (N, C, H, W) or (N, H, W, C) with 1 or 3 channels.
        labels: Whole numbers (N,).
        where: The file or folder, for messages.
        size: What to bring the images to, in pixels a side; None leaves them.

    Raises:
        DataError: for another type, shape or size.
    """
    array, classes = np.asarray(images), np.asarray(labels)
    if array.dtype != np.uint8:
        raise DataError(f"{where}: images must be uint8, not {array.dtype}: 0 is black, 255 white")
    if classes.ndim != 1 or classes.dtype.kind not in "iu":
        one_hot = "; of one-hot rows take .argmax(1)" if classes.ndim == 2 else ""
        raise DataError(
            f"{where}: labels must be whole numbers in one dimension, "
            f"not {classes.dtype} of shape {classes.shape}{one_hot}"
        )
    if len(array) != len(classes):
        raise DataError(f"{where}: {len(array)} images but {len(classes)} labels")
    if not len(array):
        raise DataError(f"{where} holds no images")
    images_NCHW = _as_nchw(array, where)
    if size is None:
        check_sides(*images_NCHW.shape[2:], what=f"{where}: images are")
    else:
        images_NCHW = resized_all(images_NCHW, size)
    return Split(np.ascontiguousarray(images_NCHW), classes.astype(np.int64))


def check_sides(height: int, width: int, *, what: str) -> None:
    """Whether images of this size can be trained on; ``what``: "FILE is", for the message.

    Raises:
        ImageSizeError: if not.
    """
    if not all(MIN_PIXELS <= side <= MAX_PIXELS for side in (height, width)):
        raise ImageSizeError(
            f"{what} {height}x{width}; expected {MIN_PIXELS} to {MAX_PIXELS} pixels",
            fitting=MAX_PIXELS if max(height, width) > MAX_PIXELS else USUAL_PIXELS,
        )


def check_arrays(arrays: Arrays, *, where: str) -> None:
    """Hold both parts against each other and against the classes.

    Raises:
        DataError: if shapes differ, or a label is out of range.
    """
    train_shape, test_shape = arrays.train.images_NCHW.shape[1:], arrays.test.images_NCHW.shape[1:]
    if train_shape != test_shape:
        kind = DataError if train_shape[1:] == test_shape[1:] else ImageSizeError
        raise kind(
            f"{where}: training images are {describe_shape(train_shape)}, "
            f"test images {describe_shape(test_shape)}"
        )
    if arrays.num_classes < 2:
        raise DataError(f"{where} has {arrays.num_classes} class; at least 2 are needed")
    for part, split in (("training", arrays.train), ("test", arrays.test)):
        low, high = int(split.labels_N.min()), int(split.labels_N.max())
        if low < 0 or high >= arrays.num_classes:
            raise DataError(
                f"{where}: a {part} label is {low if low < 0 else high}; "
                f"expected 0 to {arrays.num_classes - 1}"
            )


def numbered_classes(*splits: Split, where: str) -> tuple[str, ...]:
    """Names "0", "1" ... up to the largest label, for sets that do not name their classes.

    Raises:
        DataError: if a label is too large to be one of a class.
    """
    largest = max(int(split.labels_N.max()) for split in splits)
    if largest >= MAX_CLASSES:
        raise DataError(f"{where}: a label is {largest}; expected 0 to {MAX_CLASSES - 1}")
    return tuple(str(label) for label in range(largest + 1))


def describe_shape(shape: tuple[int, ...]) -> str:
    """``(3, 32, 48)`` as ``RGB 32x48`` (height x width)."""
    channels, height, width = shape
    return f"{'RGB' if channels == 3 else 'grey'} {height}x{width}"


def _as_nchw(images: np.ndarray, where: str) -> np.ndarray:
    nchw = images
    if images.ndim == 3:
        nchw = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in (1, 3):
        nchw = images.transpose(0, 3, 1, 2)
    if nchw.ndim != 4 or nchw.shape[1] not in (1, 3):
        raise DataError(f"{where}: images of shape {images.shape}; expected 1 or 3 channels")
    return nchw
