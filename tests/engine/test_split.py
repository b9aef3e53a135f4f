"""The validation split and the subset of training images."""

import numpy as np
import pytest

from actwise.engine import split_images
from actwise.errors import SpecError

LABELS_N = np.repeat(np.arange(4), (50, 30, 15, 5))


def test_without_settings_every_image_is_trained_on() -> None:
    split = split_images(LABELS_N, seed=3, validation_fraction=0.0, train_size=None)
    np.testing.assert_array_equal(split.train_indices_N, np.arange(100))
    assert len(split.validation_indices_N) == 0


def test_the_folds_of_successive_seeds_cover_every_image_once() -> None:
    held_out = [
        split_images(LABELS_N, seed=s, validation_fraction=0.2, train_size=None) for s in range(5)
    ]
    everything = np.concatenate([split.validation_indices_N for split in held_out])
    np.testing.assert_array_equal(np.sort(everything), np.arange(100))


def test_seeds_that_are_equal_modulo_the_folds_share_a_fold() -> None:
    first = split_images(LABELS_N, seed=2, validation_fraction=0.2, train_size=None)
    again = split_images(LABELS_N, seed=7, validation_fraction=0.2, train_size=None)
    np.testing.assert_array_equal(first.validation_indices_N, again.validation_indices_N)


def test_a_fold_holds_the_same_share_of_every_class() -> None:
    split = split_images(LABELS_N, seed=0, validation_fraction=0.2, train_size=None)
    counts = np.bincount(LABELS_N[split.validation_indices_N])
    np.testing.assert_array_equal(counts, [10, 6, 3, 1])


def test_training_and_validation_images_are_disjoint_and_rising() -> None:
    split = split_images(LABELS_N, seed=1, validation_fraction=0.25, train_size=40)
    assert not set(split.train_indices_N) & set(split.validation_indices_N)
    assert (np.diff(split.train_indices_N) > 0).all()
    assert (np.diff(split.validation_indices_N) > 0).all()


@pytest.mark.parametrize("size", [1, 7, 20, 99, 100])
def test_train_size_is_met_and_shared_out_in_proportion(size: int) -> None:
    split = split_images(LABELS_N, seed=5, validation_fraction=0.0, train_size=size)
    counts = np.bincount(LABELS_N[split.train_indices_N], minlength=4)
    assert counts.sum() == size
    assert np.abs(counts - np.array([50, 30, 15, 5]) * size / 100).max() < 1


def test_smaller_subsets_lie_within_larger_ones() -> None:
    small = split_images(LABELS_N, seed=5, validation_fraction=0.0, train_size=20)
    large = split_images(LABELS_N, seed=5, validation_fraction=0.0, train_size=60)
    assert (len(small.train_indices_N), len(large.train_indices_N)) == (20, 60)
    assert set(small.train_indices_N) <= set(large.train_indices_N)


def test_another_seed_draws_another_subset() -> None:
    first = split_images(LABELS_N, seed=0, validation_fraction=0.0, train_size=50)
    other = split_images(LABELS_N, seed=1, validation_fraction=0.0, train_size=50)
    assert set(first.train_indices_N) != set(other.train_indices_N)


def test_a_subset_larger_than_what_remains_is_refused() -> None:
    with pytest.raises(SpecError, match="train_size=81 is more than the 80 images"):
        split_images(LABELS_N, seed=0, validation_fraction=0.2, train_size=81)


def test_a_fraction_that_holds_out_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match=r"validation_fraction=0.001 holds out no image of 100"):
        split_images(LABELS_N, seed=500, validation_fraction=0.001, train_size=None)
