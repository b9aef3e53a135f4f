"""Which images are trained on and which are held out: equal for all activations.

The validation part is one fold of a stratified split that is the same for every seed (so that
folds of different seeds do not overlap); the seed chooses the fold. ``train_size`` images are then
drawn from the rest, class by class, and nested: a seed's 1,000 images are among its 2,000. Copies
of one image are held out together (:mod:`actwise.datasets.content.folds`).
"""

from dataclasses import dataclass

import numpy as np

from ..datasets import deal_folds
from ..errors import SpecError
from ..rng import stream


@dataclass(frozen=True)
class SplitIndices:
    """Indices into the training part, rising.

    Attributes:
        train_indices_N: Images that are trained on, int64.
        validation_indices_N: Images held out, int64; empty without a validation split.
    """

    train_indices_N: np.ndarray
    validation_indices_N: np.ndarray


def split_images(
    labels_N: np.ndarray,
    *,
    seed: int,
    validation_fraction: float,
    train_size: int | None,
    pictures_N: np.ndarray | None = None,
) -> SplitIndices:
    """Split the training part of a data set.

    Args:
        labels_N: Class of every training image, int64.
        seed: The run's seed: it chooses the fold, and the images of ``train_size``.
        validation_fraction: Part held out; it is 1 / round(1 / fraction) of every class.
        train_size: Images trained on; None = all that remain.
        pictures_N: The picture of every image (:func:`actwise.datasets.pictures_of`); None = all
            are different, or as if they were.

    Raises:
        SpecError: if there are too few images for either setting.
    """
    if not validation_fraction:
        is_held_out_N = np.zeros(len(labels_N), dtype=bool)
    else:
        num_folds = round(1 / validation_fraction)
        fold_N = deal_folds(labels_N, num_folds, pictures_N=pictures_N).fold_N
        is_held_out_N = fold_N == seed % num_folds
        if not is_held_out_N.any():
            raise SpecError(
                f"train.validation_fraction={validation_fraction:g} holds out no image of "
                f"{len(labels_N)}; it must be at least {1 / len(labels_N):.2g}"
            )
    rest_N = np.flatnonzero(~is_held_out_N)
    if train_size is not None:
        rest_N = _subset(rest_N, labels_N[rest_N], seed=seed, size=train_size)
    return SplitIndices(train_indices_N=rest_N, validation_indices_N=np.flatnonzero(is_held_out_N))


def _subset(indices_N: np.ndarray, labels_N: np.ndarray, *, seed: int, size: int) -> np.ndarray:
    if size > len(indices_N):
        raise SpecError(
            f"train.train_size={size} is more than the {len(indices_N)} images there are"
        )
    classes, counts = np.unique(labels_N, return_counts=True)
    chosen = [
        stream(seed, "subset", str(label)).permutation(indices_N[labels_N == label])[:quota]
        for label, quota in zip(classes, _quotas(counts, size), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _quotas(counts_K: np.ndarray, size: int) -> np.ndarray:
    """``size`` shared out in proportion; what rounding leaves goes to the largest remainders."""
    shares_K = counts_K * size
    quotas_K: np.ndarray = shares_K // counts_K.sum()
    remainders_K = shares_K % counts_K.sum()
    largest_first = np.argsort(-remainders_K, kind="stable")
    quotas_K[largest_first[: size - quotas_K.sum()]] += 1
    return quotas_K
