"""Parts of a set that keep copies of one picture together: own test splits, validation folds.

Version 1 deals out every image singly. Where that would part copies (images of the same pixels,
whatever their labels), one part would be judged by what another was trained on: version 2 deals
pictures. Those with copies come first, the most copies before fewer, each as a whole to the part
that lacks most of its classes; single images then fill up what is lacking, class by class.
"""

from dataclasses import dataclass

import numpy as np

from ...errors import SpecError
from ...rng import stream
from .dataset import Dataset
from .entry import is_pinned

_NUM_AT_ONCE = 1000


@dataclass(frozen=True)
class Folds:
    """The fold of every image of a training part, int64 (N,), and the version of the split."""

    fold_N: np.ndarray
    version: int

    @property
    def largest(self) -> int:
        """Images of the largest fold."""
        return int(np.bincount(self.fold_N).max())


def deal_folds(
    labels_N: np.ndarray, num_folds: int, *, pictures_N: np.ndarray | None = None
) -> Folds:
    """Folds of equal shares of every class, the same for every seed.

    Each class is shuffled and dealt out in turn, as one long deal.

    Args:
        labels_N: Class of every image.
        num_folds: At least 2.
        pictures_N: The picture of every image (:func:`pictures_of`); None = all are different.

    Raises:
        SpecError: if there are fewer pictures than folds where copies have to stay together.
    """
    generator = stream(0, "split")
    dealt_N = np.concatenate(
        [generator.permutation(np.flatnonzero(labels_N == k)) for k in np.unique(labels_N)]
    )
    fold_N = np.empty(len(labels_N), dtype=np.int64)
    fold_N[dealt_N] = np.arange(len(labels_N)) % num_folds
    if pictures_N is None or not parts_copies(fold_N, pictures_N):
        return Folds(fold_N, version=1)
    num_pictures = len(np.unique(pictures_N))
    if num_pictures < num_folds:
        raise SpecError(
            f"train.validation_fraction={1 / num_folds:g} asks for {num_folds} folds of "
            f"{num_pictures} different training images; copies of an image stay in one fold, so it "
            f"must be at least {1 / num_pictures:.2g}"
        )
    return Folds(keep_whole(fold_N, labels_N, pictures_N=pictures_N, dealt_N=dealt_N), version=2)


def pictures_of(dataset: Dataset) -> np.ndarray | None:
    """The picture of every training image, as :func:`number_pictures` numbers them.

    None where copies are dealt out like other images: in the sets whose content is pinned, for
    which splits are older than this rule and their few copies are known.
    """
    if is_pinned(dataset.info.digest):
        return None
    return number_pictures(dataset.train_images_NCHW.numpy())


def number_pictures(images_NCHW: np.ndarray) -> np.ndarray:
    """A number for every image, equal for images of the same pixels: int64 (N,), rising from 0.

    The images are in canonical order, where copies are neighbours.
    """
    is_new_N = np.ones(len(images_NCHW), dtype=bool)
    for start in range(1, len(images_NCHW), _NUM_AT_ONCE):
        those = images_NCHW[start : start + _NUM_AT_ONCE]
        before = images_NCHW[start - 1 : start - 1 + len(those)]
        is_new_N[start : start + len(those)] = (those != before).any(axis=(1, 2, 3))
    return np.cumsum(is_new_N) - 1


def parts_copies(part_N: np.ndarray, pictures_N: np.ndarray) -> bool:
    """Whether two copies of a picture lie in different parts."""
    is_copy = pictures_N[1:] == pictures_N[:-1]
    return bool((is_copy & (part_N[1:] != part_N[:-1])).any())


def keep_whole(
    part_N: np.ndarray, labels_N: np.ndarray, *, pictures_N: np.ndarray, dealt_N: np.ndarray
) -> np.ndarray:
    """Version 2 of a split: every picture in one part, each class shared out as near as can be.

    Args:
        part_N: The part of every image by version 1: how many of each class a part should have.
        labels_N: Class of every image.
        pictures_N: As of :func:`number_pictures`.
        dealt_N: All images in the order in which version 1 dealt them.
    """
    classes, class_N = np.unique(labels_N, return_inverse=True)
    lacking_KP = np.zeros((len(classes), part_N.max() + 1), dtype=np.int64)
    np.add.at(lacking_KP, (class_N, part_N), 1)
    turn_N = np.empty(len(part_N), dtype=np.int64)
    turn_N[dealt_N] = np.arange(len(part_N))
    whole_N = np.empty_like(part_N)

    starts, counts = np.unique(pictures_N, return_index=True, return_counts=True)[1:]
    several = np.flatnonzero(counts > 1)
    for picture in several[np.lexsort((turn_N[starts[several]], -counts[several]))]:
        copies = np.arange(starts[picture], starts[picture] + counts[picture])
        of_class, num_of_class = np.unique(class_N[copies], return_counts=True)
        # The part whose distance (in squares) to its shares falls most, then the emptiest.
        gain_P = num_of_class @ lacking_KP[of_class]
        best_P = np.flatnonzero(gain_P == gain_P.max())
        part = best_P[lacking_KP[:, best_P].sum(axis=0).argmax()]
        whole_N[copies] = part
        lacking_KP[of_class, part] -= num_of_class

    is_single_N = counts[pictures_N] == 1
    for number in range(len(classes)):
        singles = dealt_N[(class_N[dealt_N] == number) & is_single_N[dealt_N]]
        places = _most_lacking(lacking_KP, number)[: len(singles)]
        whole_N[singles] = places
        lacking_KP[number] -= np.bincount(places, minlength=lacking_KP.shape[1])
    return whole_N


def _most_lacking(lacking_KP: np.ndarray, number: int) -> np.ndarray:
    """A part for every image of one class that some part lacks, what lacks most first."""
    lacking_P = np.maximum(lacking_KP[number], 0)
    places = np.repeat(np.arange(len(lacking_P)), lacking_P)
    firsts = np.repeat(np.cumsum(lacking_P) - lacking_P, lacking_P)
    still_lacking = lacking_P[places] - (np.arange(len(places)) - firsts)
    in_all = lacking_KP.sum(axis=0)[places]
    return places[np.lexsort((places, -in_all, -still_lacking))]
