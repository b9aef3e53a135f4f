"""Copies and labels of more images than are looked at together, and the labels at the border."""

from pathlib import Path

import numpy as np
import pytest
import torch

from actwise.datasets import Dataset, DatasetInfo, deal_folds, info, pictures_of
from actwise.errors import DataError, SpecError
from made.data import made_images


def dataset_of(images_NCHW: np.ndarray) -> Dataset:
    number = len(images_NCHW)
    images, labels = torch.from_numpy(images_NCHW), torch.zeros(number, dtype=torch.int64)
    facts = DatasetInfo("made", "e" * 64, (1, 1, 3), 2, number, number, ("a", "b"))
    return Dataset(facts, images, labels, images, labels)


@pytest.mark.parametrize("first", [0, 1, 998, 999, 1000, 1001, 1999, 2000, 2098])
def test_neighbours_that_are_alike_are_one_picture_wherever_they_lie(first: int) -> None:
    numbers = np.arange(2100)
    numbers[first + 1 :] -= 1
    images_NCHW = np.stack([numbers % 251, numbers // 251, numbers * 0], axis=1).astype(np.uint8)
    found = pictures_of(dataset_of(images_NCHW[:, None, None]))
    assert found is not None and found.tolist() == numbers.tolist()


def test_images_that_differ_in_one_pixel_are_two_pictures() -> None:
    images_NCHW = np.zeros((3, 1, 2, 2), dtype=np.uint8)
    images_NCHW[1:, 0, 1, 1] = 1
    assert pictures_of(dataset_of(images_NCHW)).tolist() == [0, 1, 1]  # type: ignore[union-attr]


def test_as_many_folds_as_pictures_are_dealt_and_one_more_is_refused() -> None:
    labels_N, pictures_N = np.zeros(12, dtype=np.int64), np.arange(12) // 3
    folds = deal_folds(labels_N, 4, pictures_N=pictures_N)
    assert sorted(folds.fold_N[::3].tolist()) == [0, 1, 2, 3]
    with pytest.raises(SpecError) as refusal:
        deal_folds(labels_N, 5, pictures_N=pictures_N)
    assert str(refusal.value) == (
        "train.validation_fraction=0.2 asks for 5 folds of 4 different training images; copies of "
        "an image stay in one fold, so it must be at least 0.25"
    )


def write_arrays(path: Path, train: list[int], test: list[int]) -> str:
    images = made_images(len(train) + len(test), seed=1, shape=(28, 28))
    parts = {"x_train": images[: len(train)], "x_test": images[len(train) :]}
    np.savez(path, **parts, y_train=np.array(train), y_test=np.array(test))
    return f"arrays:{path}"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def test_the_largest_label_is_looked_for_in_both_parts(tmp_path: Path) -> None:
    assert info(write_arrays(tmp_path / "x.npz", [0, 1], [0, 3])).num_classes == 4
    assert info(write_arrays(tmp_path / "y.npz", [0, 5], [0, 3])).num_classes == 6


def test_65536_classes_are_taken_and_no_more(tmp_path: Path) -> None:
    assert info(write_arrays(tmp_path / "x.npz", [0, 65_535], [0])).num_classes == 65_536
    with pytest.raises(DataError, match=r"a label is 65536; expected 0 to 65535$"):
        info(write_arrays(tmp_path / "y.npz", [0, 1], [65_536]))


def test_a_label_below_zero_is_told_before_one_that_is_too_large(tmp_path: Path) -> None:
    for train, test, said in (
        ([0, 1], [-3, -1], "a test label is -3; expected 0 to 1"),
        ([-2, 4], [0, 1], "a training label is -2; expected 0 to 4"),
    ):
        with pytest.raises(DataError) as refusal:
            info(write_arrays(tmp_path / "x.npz", train, test))
        assert str(refusal.value) == f"{tmp_path / 'x.npz'}: {said}"


def test_two_classes_are_enough_and_one_is_not(tmp_path: Path) -> None:
    assert info(write_arrays(tmp_path / "x.npz", [0, 1], [1])).class_names == ("0", "1")
    with pytest.raises(DataError, match=r"has 1 class; at least 2 are needed$"):
        info(write_arrays(tmp_path / "y.npz", [0, 0], [0]))
