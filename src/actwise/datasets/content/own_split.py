"""Training and test part of a set that has no split of its own: four fifths and one.

The images are sorted by class, then canonically; every fifth, beginning with the first, is a test
image. The order is that of hashes, so this is a stratified draw that anyone can repeat.
"""

import numpy as np

from .canonical import in_order
from .dataset import Split
from .folds import keep_whole, number_pictures, parts_copies

SPLIT_STRIDE = 5
_TEST, _TRAIN = 0, 1


def split_every_fifth(images: Split) -> tuple[Split, Split]:
    """Version 1, which looks at no copies: (training part, test part)."""
    ordered = in_order(images)
    return _split(ordered, _every_fifth(_by_class(ordered)))


def split_whole(images: Split) -> tuple[Split, Split]:
    """Like :func:`split_every_fifth`, but copies of one picture stay on one side.

    The split is another one only where they would not, and then as near to a fifth of every
    class as whole pictures allow. A class has an image on either side if it has two pictures,
    unless all others are those of other classes too.
    """
    ordered = in_order(images)
    dealt_N = _by_class(ordered)
    part_N = _every_fifth(dealt_N)
    pictures_N = number_pictures(ordered.images_NCHW)
    if parts_copies(part_N, pictures_N):
        labels_N = ordered.labels_N
        part_N = keep_whole(part_N, labels_N, pictures_N=pictures_N, dealt_N=dealt_N)
        for label in np.unique(labels_N):
            _give_test_image(part_N, labels_N, pictures_N=pictures_N, label=int(label))
    return _split(ordered, part_N)


def _by_class(ordered: Split) -> np.ndarray:
    return np.argsort(ordered.labels_N, kind="stable")


def _every_fifth(dealt_N: np.ndarray) -> np.ndarray:
    part_N = np.full(len(dealt_N), _TRAIN)
    part_N[dealt_N[::SPLIT_STRIDE]] = _TEST
    return part_N


def _give_test_image(
    part_N: np.ndarray, labels_N: np.ndarray, *, pictures_N: np.ndarray, label: int
) -> None:
    """Move the picture of fewest copies to the test part of a class that has none there."""
    is_here_N = labels_N == label
    if (part_N[is_here_N] == _TEST).any():
        return
    pictures, num_copies = np.unique(pictures_N[is_here_N], return_counts=True)
    if len(pictures) > 1:
        part_N[pictures_N == pictures[num_copies.argmin()]] = _TEST


def _split(ordered: Split, part_N: np.ndarray) -> tuple[Split, Split]:
    train, test = np.flatnonzero(part_N == _TRAIN), np.flatnonzero(part_N == _TEST)
    return (
        Split(ordered.images_NCHW[train], ordered.labels_N[train]),
        Split(ordered.images_NCHW[test], ordered.labels_N[test]),
    )
