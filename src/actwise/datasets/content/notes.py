"""What is odd about a set that can be used all the same: copies, classes without images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...numbers import counted
from .canonical import pixel_hashes
from .dataset import Arrays

MOST_LISTED = 20


@dataclass(frozen=True)
class Copies:
    """Images whose pixels are those of another one.

    Attributes:
        in_train: Training images that equal an earlier one; ``in_test`` of the test part.
        shared: Test images that are also training images.
    """

    in_train: int
    in_test: int
    shared: int


def count_copies(arrays: Arrays) -> Copies:
    """Copies within the parts and between them."""
    train, test = (
        [words.tobytes() for words in pixel_hashes(split.images_NCHW)]
        for split in (arrays.train, arrays.test)
    )
    distinct = set(train)
    return Copies(
        in_train=len(train) - len(distinct),
        in_test=len(test) - len(set(test)),
        shared=sum(image in distinct for image in test),
    )


def notes_on(arrays: Arrays) -> tuple[str, ...]:
    """One sentence each, for ``plan``, ``run`` and ``data verify``."""
    return (*notes_on_labels(arrays), *notes_on_leaks(count_copies(arrays)))


def notes_on_labels(arrays: Arrays) -> tuple[str, ...]:
    """Whether every label from 0 to K - 1 has a training image."""
    is_used_K = np.bincount(arrays.train.labels_N, minlength=arrays.num_classes) > 0
    unused = [
        name if name == str(label) else f"{label} ({name})"
        for label, name in enumerate(arrays.class_names)
        if not is_used_K[label]
    ]
    if not unused:
        return ()
    return (
        f"its labels do not run from 0 to {arrays.num_classes - 1}: no training image has "
        f"{', '.join(cut(unused))}, and the network has {arrays.num_classes} outputs all the same",
    )


def notes_on_leaks(copies: Copies) -> tuple[str, ...]:
    """Whether test images can be learned by heart."""
    if not copies.shared:
        return ()
    be = "is" if copies.shared == 1 else "are"
    return (
        f"{counted(copies.shared, 'test image')} {be} also in training, so test accuracy is higher "
        "than on new images",
    )


def cut(texts: Sequence[str], *, most: int = MOST_LISTED) -> tuple[str, ...]:
    """At most the first 20, or ``most``, and how many more there are."""
    if len(texts) <= most:
        return tuple(texts)
    return (*texts[:most], f"and {len(texts) - most:,} more")
