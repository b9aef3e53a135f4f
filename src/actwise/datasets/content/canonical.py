"""The one order of a data set's images, and the digest that names its content.

Images are sorted by the SHA-256 of their pixels (bytes in the order channel, row, column), then by
label. So the published archives and the Parquet copies of one data set, whose orders differ, give
one tensor, one digest and one run id.
"""

import hashlib
from dataclasses import replace

import numpy as np

from .dataset import Arrays, Split


def canonical(arrays: Arrays) -> Arrays:
    """The same images in canonical order."""
    return replace(arrays, train=in_order(arrays.train), test=in_order(arrays.test))


def digest(arrays: Arrays) -> str:
    """SHA-256 of the content; the images must be in canonical order.

    Hashed are, in turn: the line ``actwise-data 1 K N_train N_test C H W`` with a newline; the
    training images, their labels (little-endian int64), the test images, their labels. Names of
    classes do not enter.
    """
    sizes = (arrays.num_classes, len(arrays.train), len(arrays.test), *arrays.input_shape)
    whole = hashlib.sha256(f"actwise-data 1 {' '.join(map(str, sizes))}\n".encode())
    for split in (arrays.train, arrays.test):
        whole.update(np.ascontiguousarray(split.images_NCHW).data)
        whole.update(np.ascontiguousarray(split.labels_N, dtype="<i8").data)
    return whole.hexdigest()


def pixel_hashes(images_NCHW: np.ndarray) -> np.ndarray:
    """SHA-256 of every image's pixels as four big-endian words: uint64 (N, 4)."""
    images = np.ascontiguousarray(images_NCHW)
    hashes = b"".join(hashlib.sha256(image.data).digest() for image in images)
    return np.frombuffer(hashes, dtype=">u8").reshape(-1, 4)


def in_order(split: Split) -> Split:
    """The same images in canonical order."""
    words = pixel_hashes(split.images_NCHW)
    # lexsort's last key is the first to sort by.
    order = np.lexsort((split.labels_N, words[:, 3], words[:, 2], words[:, 1], words[:, 0]))
    return Split(split.images_NCHW[order], split.labels_N[order])
