"""Every form of a data set gives one tensor and one digest; nothing in a file is executed."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from actwise.datasets import Dataset, info, load
from actwise.datasets.formats.pickles import read_batch
from actwise.errors import DataError
from made.data import (
    CLASSES,
    FORMS,
    TRAIN_IMAGES,
    TRAIN_LABELS,
    encode_image,
    write_shard,
    write_tiny,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def load_form(form: str, folder: Path) -> Dataset:
    return load("tiny", write_tiny(form, folder))


def assert_same_data(one: Dataset, other: Dataset) -> None:
    assert one.info == other.info
    for name in ("train_images_NCHW", "train_labels_N", "test_images_NCHW", "test_labels_N"):
        assert torch.equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("form", FORMS[1:])
def test_every_form_gives_the_tensors_and_digest_of_the_python_archive(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = load_form("python archive", tmp_path / "one")
    # An own cache: the other form must be decoded, not remembered.
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "second cache"))
    assert_same_data(archive, load_form(form, tmp_path / "two"))


def test_images_are_sorted_by_the_hash_of_their_pixels_and_keep_their_labels(
    tmp_path: Path,
) -> None:
    data = load_form("binary folder", tmp_path)
    hashes = [hashlib.sha256(image.numpy().tobytes()).digest() for image in data.train_images_NCHW]
    assert hashes == sorted(hashes)
    label_of = {
        image.tobytes(): int(label) for image, label in zip(TRAIN_IMAGES, TRAIN_LABELS, strict=True)
    }
    for image, label in zip(data.train_images_NCHW, data.train_labels_N, strict=True):
        assert label_of[image.numpy().tobytes()] == int(label)


def test_equal_images_are_sorted_by_label(tmp_path: Path) -> None:
    image = encode_image(TRAIN_IMAGES[0])
    for labels in ([2, 0, 1], [1, 2, 0]):
        folder = tmp_path / str(labels[0])
        for part in ("train", "test"):
            write_shard(folder / f"{part}-0.parquet", [image] * 3, labels)
    one, other = (load(f"parquet:{tmp_path / name}") for name in ("2", "1"))
    assert one.train_labels_N.tolist() == [0, 1, 2]
    assert one.info.digest == other.info.digest


def test_the_digest_changes_with_a_pixel_a_label_and_the_number_of_classes(tmp_path: Path) -> None:
    def digest(name: str, pixel: int, label: int, classes: tuple[str, ...]) -> str:
        images = TRAIN_IMAGES[:6].copy()
        images[0, 0, 0, 0] = pixel
        encoded = [encode_image(image) for image in images]
        for part in ("train", "test"):
            path = tmp_path / name / f"{part}-0.parquet"
            write_shard(path, encoded, [label, 1, 2, 0, 1, 2], class_names=classes)
        return info(f"parquet:{tmp_path / name}").digest

    classes = CLASSES
    digests = {
        digest("a", 0, 0, classes),
        digest("b", 1, 0, classes),
        digest("c", 0, 1, classes),
        digest("d", 0, 0, (*classes, "dog")),
    }
    assert len(digests) == 4
    assert digest("renamed", 0, 0, ("x", "y", "z")) in digests


def test_info_tells_what_load_gives(tmp_path: Path) -> None:
    folder = write_tiny("binary archive", tmp_path)
    facts = info("tiny", folder)
    data = load("tiny", folder)
    assert facts == data.info
    assert facts.input_shape == tuple(data.train_images_NCHW.shape[1:]) == (3, 32, 32)
    assert (facts.num_train, facts.num_test) == (60, 30)
    assert facts.class_names == CLASSES
    assert data.train_images_NCHW.dtype == torch.uint8
    assert data.test_labels_N.dtype == torch.int64


def test_an_archive_is_read_without_writing_any_of_its_members(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    load_form("binary archive", folder)
    assert [path.name for path in folder.rglob("*")] == ["tiny-binary.tar.gz"]
    assert not (tmp_path / "escaped").exists()


def test_a_file_that_is_called_like_a_batch_does_not_hide_another_form(tmp_path: Path) -> None:
    (tmp_path / "test_batch").touch()
    assert load_form("binary archive", tmp_path).info.num_train == 60


def test_a_batch_pickled_by_a_present_numpy_is_read() -> None:
    pixels = TRAIN_IMAGES[:2].reshape(2, -1)
    batch = pickle.dumps({b"data": pixels, b"labels": [0, 1]}, protocol=2)
    assert np.array_equal(read_batch(batch, where="batch")[b"data"], pixels)
    transposed = pickle.dumps({b"data": np.asfortranarray(pixels)}, protocol=2)
    assert np.array_equal(read_batch(transposed, where="batch")[b"data"], pixels)


class Gadget:
    """Pickles to a call of ``function`` with ``argument``."""

    def __init__(self, function: object, argument: object) -> None:
        self.call = (function, (argument,))

    def __reduce__(self) -> tuple[object, tuple[object]]:
        return self.call


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps({b"data": Gadget(print, "executed")}), "it names builtins.print"),
        (pickle.dumps({b"data": Gadget(eval, "1/0")}, protocol=2), "it names __builtin__.eval"),
        (b"cos\nsystem\n(S'true'\ntR.", "it names os.system"),
        (pickle.dumps({b"data": np.zeros(3)}, protocol=2), "of type 'f8', not uint8"),
        (pickle.dumps({b"data": np.array([{}])}, protocol=2), "of type 'O8', not uint8"),
        (pickle.dumps([1, 2]), "it holds a list"),
        (pickle.dumps({b"data": b"1"})[:-3], "is not a readable batch"),
        # An attribute set on one of the allowed functions, to change what it does later.
        (b"cnumpy\ndtype\n(N}U\x05__doc__U\x01xstb.", "is not a readable batch"),
    ],
)
def test_a_pickle_that_is_more_than_bytes_is_refused(
    content: bytes, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(DataError, match="batch_1") as caught:
        read_batch(content, where="batch_1")
    assert message in str(caught.value)
    assert "executed" not in capsys.readouterr().out
