"""IDX files, image folders, Parquet columns and the embedded digits."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from actwise.datasets import DATASETS, channel_statistics, info, listing, load
from actwise.datasets.content.entry import DatasetEntry
from actwise.datasets.formats.builtin import upsample
from actwise.datasets.formats.idx import TEST, TRAIN, IdxLayout, idx_form, read_idx
from actwise.errors import DataError
from made.data import (
    CLASSES,
    TRAIN_IMAGES,
    encode_image,
    idx,
    made_images,
    made_labels,
    write_shard,
)

DATASETS.add(
    DatasetEntry(
        name="tiny-idx",
        description="made grey images, for tests",
        folders=("tiny-idx",),
        forms=(idx_form(IdxLayout(CLASSES)),),
    )
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write_idx(folder: Path, *, is_compressed: bool) -> None:
    folder.mkdir(parents=True)
    images = made_images(18, seed=4, shape=(28, 28))
    for names, rows in ((TRAIN, slice(0, 12)), (TEST, slice(12, 18))):
        contents = idx(images[rows]), idx(made_labels(18)[rows])
        for name, content in zip(names, contents, strict=True):
            if is_compressed:
                (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
            else:
                (folder / name).write_bytes(content)


def write_images(folder: Path, images: np.ndarray, *, kind: str = "png") -> None:
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        (folder / f"{number}.{kind}").write_bytes(encode_image(image, kind=kind))


def write_small(folder: Path) -> None:
    small = made_images(1, seed=1, shape=(3, 16, 16))[0]
    (folder / "9.png").write_bytes(encode_image(small))


def test_plain_and_compressed_idx_files_are_one_data_set(tmp_path: Path) -> None:
    write_idx(tmp_path / "plain" / "tiny-idx", is_compressed=False)
    write_idx(tmp_path / "compressed", is_compressed=True)
    plain = load("tiny-idx", tmp_path / "plain")
    assert plain.info == info("tiny-idx", tmp_path / "compressed")
    assert plain.info.input_shape == (1, 28, 28)
    assert (plain.info.num_train, plain.info.num_test) == (12, 6)


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("renamed", [TRAIN + TEST, TRAIN, TEST[:1]])
def test_idx_files_may_have_a_dot_in_their_names(
    renamed: tuple[str, ...], suffix: str, tmp_path: Path
) -> None:
    write_idx(tmp_path / "tiny-idx", is_compressed=bool(suffix))
    for name in renamed:
        path = tmp_path / "tiny-idx" / (name + suffix)
        path.rename(path.with_name(path.name.replace("-idx", ".idx")))
    assert info("tiny-idx", tmp_path).num_train == 12


@pytest.mark.parametrize("is_compressed", [True, False])
@pytest.mark.parametrize("where", ["mnist", "MNIST/raw", "."])
def test_idx_files_of_another_set_are_not_taken_for_mnist(
    where: str, is_compressed: bool, tmp_path: Path
) -> None:
    folder = tmp_path / where
    write_idx(folder / "made", is_compressed=is_compressed)
    for path in (folder / "made").iterdir():
        path.rename(folder / path.name)
    for name in ("mnist", "fashion-mnist"):
        is_there = name == "mnist" or where == "."
        (line,) = (line for line in listing(tmp_path) if line.level == name)
        assert line.where is None
        assert ("is not the published file" in str(line.problem)) == is_there
        with pytest.raises(DataError):
            load(name, tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "begins with nothing"),
        (b"\x00\x00\x0d\x03" + bytes(12), "begins with 00 00 0d 03; .*begins with 00 00 08 03"),
        (b"\x00\x00\x08\x01\x00\x00\x00\x00", "in 3 dimensions begins with 00 00 08 03"),
        (b"\x00\x00\x08\x03\x00\x00", "truncated inside its header"),
        (idx(np.zeros((2, 28, 28)))[:-1], "holds 1567 bytes .*promises 2x28x28 = 1568"),
        (idx(np.zeros((2, 28, 28))) + b"0", "holds 1569 bytes"),
        (b"\x00\x00\x08\x03" + b"\xff" * 12, "promises 4294967295x4294967295x4294967295"),
        (gzip.compress(idx(np.zeros((2, 28, 28))), mtime=0)[:-9], "is damaged"),
        (b"\x1f\x8b" + b"0" * 40, "is damaged"),
    ],
)
def test_a_bad_idx_file_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_idx(path, num_dimensions=3)


def test_the_payload_of_an_idx_file_is_verified_not_its_compression(tmp_path: Path) -> None:
    content, md5 = idx(np.arange(3)), "e7a1ed0e2a2ba08d7dc3b7b6ac6a1b6a"
    path = tmp_path / "labels.gz"
    for level in (1, 9):
        path.write_bytes(gzip.compress(content, level, mtime=0))
        with pytest.raises(DataError, match=f"expected {md5}"):
            read_idx(path, num_dimensions=1, md5=md5)
        assert read_idx(path, num_dimensions=1).tolist() == [0, 1, 2]


def test_numbers_of_images_and_labels_must_agree(tmp_path: Path) -> None:
    write_idx(tmp_path / "tiny-idx", is_compressed=False)
    (tmp_path / "tiny-idx" / TRAIN[1]).write_bytes(idx(np.zeros(11)))
    with pytest.raises(DataError, match="12 images but 11 labels"):
        load("tiny-idx", tmp_path)
    (tmp_path / "tiny-idx" / TRAIN[1]).unlink()
    with pytest.raises(DataError, match=f"{TRAIN[1]} .*is missing"):
        load("tiny-idx", tmp_path)


def test_a_folder_with_train_and_test_keeps_its_split(tmp_path: Path) -> None:
    images = made_images(5, seed=6)
    for part, num_images in (("train", 5), ("test", 2)):
        for name in ("zebra", "ant"):
            write_images(tmp_path / part / name, images[:num_images])
    data = load(f"folder:{tmp_path}")
    assert data.info.class_names == ("ant", "zebra")
    assert (data.info.num_train, data.info.num_test) == (10, 4)


def test_a_folder_without_split_gives_every_fifth_image_of_a_class_to_the_test_part(
    tmp_path: Path,
) -> None:
    for seed, (name, num_images) in enumerate((("ant", 10), ("bee", 25), ("cat", 5))):
        write_images(tmp_path / name, made_images(num_images, seed=seed), kind="webp")
    data = load(f"folder:{tmp_path}")
    assert data.test_labels_N.bincount().tolist() == [2, 5, 1]
    assert data.train_labels_N.bincount().tolist() == [8, 20, 4]


def test_a_relative_folder_is_found_under_the_data_folder(tmp_path: Path) -> None:
    for seed, name in enumerate(("ant", "bee")):
        write_images(tmp_path / "photos" / name, made_images(5, seed=seed))
    assert info("folder:photos", tmp_path).num_classes == 2


def test_grey_and_palette_images_keep_their_channels(tmp_path: Path) -> None:
    for seed, name in enumerate(("ant", "bee")):
        write_images(tmp_path / name, made_images(5, seed=seed, shape=(1, 40, 30)))
    assert info(f"folder:{tmp_path}").input_shape == (1, 40, 30)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda root: (root / "train").mkdir(),
            "train/ has no test/, val/, valid/ or validation/ beside it",
        ),
        (lambda root: (root / "test").mkdir(), "test/ has no train/ beside it"),
        (lambda root: (root / "cat").mkdir(), "cat holds no images"),
        (lambda root: (root / "ant" / "notes.txt").touch(), "notes.txt is not an image"),
        (
            lambda root: (root / "ant" / "deeper").mkdir(),
            r"deeper is a folder inside the class folder .*; expected PATH/CLASS/\*\.png, or",
        ),
        (lambda root: (root / "ant" / "x.png").touch(), "x.png is not a readable image"),
        (lambda root: (root / "ant" / "0.png").unlink(), "ant has 4 images; at least 5"),
        (lambda root: write_small(root / "ant"), "9.png is 16x16; expected 28 to 64 pixels"),
    ],
)
def test_a_broken_image_folder_is_refused(
    spoil: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    for seed, name in enumerate(("ant", "bee")):
        write_images(tmp_path / name, made_images(5, seed=seed))
    spoil(tmp_path)
    with pytest.raises(DataError, match=message):
        load(f"folder:{tmp_path}")


def test_a_class_that_only_the_test_part_has_is_refused(tmp_path: Path) -> None:
    for part, names in (("train", ("ant", "bee")), ("test", ("ant", "wasp"))):
        for name in names:
            write_images(tmp_path / part / name, made_images(2, seed=1))
    with pytest.raises(DataError, match=r"wasp is a class that .*train does not have"):
        load(f"folder:{tmp_path}")


@pytest.mark.parametrize("columns", [("image", "label"), ("img", "fine_label")])
@pytest.mark.parametrize("has_struct", [True, False])
def test_parquet_columns_may_have_any_of_the_usual_names_and_types(
    columns: tuple[str, str], has_struct: bool, tmp_path: Path
) -> None:
    images = [encode_image(image) for image in TRAIN_IMAGES[:6]]
    for part in ("train", "test"):
        write_shard(
            tmp_path / "data" / f"{part}-0.parquet",
            images,
            [0, 1, 2, 0, 1, 2],
            columns=columns,
            class_names=None,
            has_struct=has_struct,
        )
    assert info(f"parquet:{tmp_path}").class_names == ("0", "1", "2")


def test_digits_are_embedded_and_split_by_class() -> None:
    data = load("digits")
    assert data.info == info("digits")
    assert data.info.input_shape == (1, 32, 32)
    assert (data.info.num_train, data.info.num_test) == (1437, 360)
    assert set(data.test_labels_N.bincount().tolist()) == {35, 36, 37}
    assert int(data.train_images_NCHW.max()) == 255


def test_digits_are_enlarged_bilinearly_in_whole_numbers() -> None:
    ramp = np.tile(np.arange(8) * 2, (1, 8, 1))
    row = upsample(ramp)[0, 0].astype(int)
    # Pixel centres: output 2 lies at 1/8 of the way from input 0 to input 1, 16 -> 255.
    assert row[:8].tolist() == [0, 0, 4, 12, 20, 28, 36, 44]
    assert (upsample(np.full((1, 8, 8), 16)) == 255).all()
    assert (upsample(ramp)[0] == upsample(ramp.transpose(0, 2, 1))[0].T).all()


def test_channel_statistics_are_those_of_numpy() -> None:
    import torch

    images = made_images(50, seed=8) // np.array([1, 2, 3], dtype=np.uint8)[:, None, None]
    tensor = torch.from_numpy(images)
    means, deviations = channel_statistics(tensor)
    scaled = images / 255
    assert means == pytest.approx(scaled.mean(axis=(0, 2, 3)), rel=1e-12)
    assert deviations == pytest.approx(scaled.std(axis=(0, 2, 3)), rel=1e-12)
    # More images than are looked at together.
    indices_M = torch.arange(2500) % 49
    assert channel_statistics(tensor, indices_M) == channel_statistics(tensor[indices_M])
    assert channel_statistics(tensor, indices_M)[0] == pytest.approx(
        scaled[indices_M.numpy()].mean(axis=(0, 2, 3)), rel=1e-12
    )
