"""Files that are not what they claim to be: each is refused with one sentence that names it."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from actwise.datasets import load
from actwise.errors import DataError, SpecError, UnknownNameError
from made.data import TRAIN_IMAGES, encode_image, made_images, write_shard, write_tiny

# An EPS under any name: Pillow would hand it to Ghostscript, a program of its own.
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 32 32\n%%EndComments\nshowpage\n"
IMAGES = [encode_image(image) for image in TRAIN_IMAGES[:6]]
LABELS = [0, 1, 2, 0, 1, 2]
SHARD = "train-0.parquet"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def truncate(path: Path, num_bytes: int = 100) -> None:
    path.write_bytes(path.read_bytes()[:-num_bytes])


def replace_bytes(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))


def unreadable(path: Path) -> None:
    """A file whose reading fails, also for root."""
    path.unlink()
    path.symlink_to("/proc/self/mem")


BROKEN_TINY: list[tuple[str, str, Callable[[Path], object], str]] = [
    (
        "python archive",
        "tiny-python.tar.gz",
        truncate,
        "is not the published archive or is truncated",
    ),
    ("binary folder", "tiny-binary/batch_2.bin", truncate, "is truncated"),
    ("binary folder", "tiny-binary/batch_2.bin", Path.unlink, "batch_2.bin is missing"),
    (
        "binary folder",
        "tiny-binary/batch_1.bin",
        lambda path: replace_bytes(path, b"\x07\x00", b"\x07\x03"),
        "a training label is 3; expected 0 to 2",
    ),
    (
        "binary folder",
        "tiny-binary/batch_1.bin",
        lambda path: truncate(path, 3074),
        "it has 59 training images, expected 60",
    ),
    ("binary folder", "tiny-binary/batch_1.bin", lambda p: p.write_bytes(b""), "holds no images"),
    ("binary folder", "tiny-binary/batch_1.bin", unreadable, "cannot be read"),
    ("python folder", "tiny-python/batch_1", truncate, "is not a readable batch"),
    (
        "python folder",
        "tiny-python/batch_1",
        lambda path: replace_bytes(path, b"cnumpy\nndarray\n", b"cos\nsystem\n"),
        "it names os.system, which no published batch contains",
    ),
    (
        "python folder",
        "tiny-python/batch_1",
        lambda path: replace_bytes(path, b"\x04data", b"\x04Data"),
        "has no data of 3072 bytes an image",
    ),
    (
        "python folder",
        "tiny-python/batch_1",
        lambda path: replace_bytes(path, b"fine_labels", b"fine_lobals"),
        "has no list of fine_labels",
    ),
    ("parquet", "tiny/train-00001-of-00002.parquet", truncate, "is not a readable Parquet file"),
    ("parquet", "tiny/train-00001-of-00002.parquet", Path.unlink, "1 of 00002"),
    ("parquet", "tiny/test-00000-of-00001.parquet", Path.unlink, "it has no test-*.parquet"),
]


@pytest.mark.parametrize(("form", "file", "spoil", "message"), BROKEN_TINY)
def test_a_broken_file_is_named_and_its_fault_told(
    form: str, file: str, spoil: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    folder = write_tiny(form, tmp_path)
    spoil(folder / file)
    with pytest.raises(DataError) as caught:
        load("tiny", folder)
    assert message in str(caught.value)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


BROKEN_PARQUET: list[tuple[Callable[[Path], object], str]] = [
    (
        lambda p: write_shard(p, IMAGES, LABELS, columns=("img", "y"), class_names=None),
        "no label column called label, fine_label or labels; its columns are img, y: rename",
    ),
    (lambda p: write_shard(p, IMAGES, LABELS, columns=("x", "label")), "no image column"),
    (lambda p: write_shard(p, IMAGES, [0, 1, 2, 0, 1, None]), "1 rows have no label"),
    (lambda p: write_shard(p, [*IMAGES[:5], None], LABELS), "row 5 has no image bytes"),
    (lambda p: write_shard(p, [*IMAGES[:5], b"GIF"], LABELS), "row 5 is not a readable"),
    (lambda p: write_shard(p, [*IMAGES[:5], EPS], LABELS), "it is none of PNG, WEBP"),
    (lambda p: write_shard(p, [*IMAGES[:5], IMAGES[5][:-40]], LABELS), "row 5 is not a"),
    (lambda p: write_shard(p, IMAGES, [0, 1, 2, 0, 1, 3]), "a training label is 3"),
    (lambda p: write_shard(p, IMAGES, [0, 1, 2, 0, 1, -1]), "a training label is -1"),
    (
        lambda p: write_shard(p, IMAGES, [*LABELS[:5], 10**12], class_names=None),
        "a label is 1000000000000",
    ),
    (lambda p: write_shard(p, [], []), "holds no images"),
    (
        lambda p: [
            write_shard(p.with_name(name), IMAGES, [0] * 6, class_names=["one"])
            for name in (SHARD, "test-0.parquet")
        ],
        "has 1 class;",
    ),
    (lambda p: p.write_bytes(b"PAR1"), "is not a readable Parquet file"),
    (
        lambda p: write_columns(p, img=["a.png"] * 6, label=LABELS),
        f"{SHARD}: the image column is string, expected encoded bytes",
    ),
    (
        lambda p: write_columns(p, img=IMAGES, label=[0.5] * 6),
        f"{SHARD}: the label column is double, expected whole numbers",
    ),
    (
        lambda p: write_shard(p.with_name("train-3.parquet"), IMAGES, LABELS),
        "is incomplete: only 1 train-*.parquet are there; shard 1 is missing",
    ),
]


def write_columns(path: Path, **columns: list[Any]) -> None:
    """A Parquet file without anything that says what its columns are."""
    pq.write_table(pa.table(columns), path)


@pytest.mark.parametrize(("write", "message"), BROKEN_PARQUET)
def test_a_broken_parquet_folder_is_refused(
    write: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    write_shard(tmp_path / "test-0.parquet", IMAGES, [0] * 6)
    write(tmp_path / SHARD)
    with pytest.raises(DataError, match=re.escape(message)):
        load(f"parquet:{tmp_path}")


def test_a_wrong_image_size_is_refused_naming_both_images(tmp_path: Path) -> None:
    small = encode_image(made_images(1, seed=5, shape=(3, 28, 28))[0])
    write_shard(tmp_path / SHARD, [*IMAGES[:5], small], LABELS)
    write_shard(tmp_path / "test-0.parquet", IMAGES, LABELS)
    with pytest.raises(DataError, match=r"row 5 is RGB 28x28 but .*row 0 is RGB 32x32"):
        load(f"parquet:{tmp_path}")


def test_training_and_test_images_must_be_alike(tmp_path: Path) -> None:
    small = [encode_image(i) for i in made_images(6, seed=5, shape=(3, 28, 28))]
    write_shard(tmp_path / SHARD, IMAGES, LABELS)
    write_shard(tmp_path / "test-0.parquet", small, LABELS)
    with pytest.raises(DataError, match=r"test-0.*row 0 is RGB 28x28 but .*row 0 is RGB 32x32"):
        load(f"parquet:{tmp_path}")


def test_other_images_under_a_pinned_name_are_refused(tmp_path: Path) -> None:
    for part in ("train", "test"):
        write_shard(tmp_path / "cifar10" / f"{part}-0.parquet", IMAGES, LABELS)
    with pytest.raises(DataError, match="is not the published cifar10: it has 6 training images"):
        load("cifar10", tmp_path)


@pytest.mark.parametrize(
    ("level", "message"),
    [
        ("cifar10", "cifar10 is not in .*looked for .*cifar-10-python.tar.gz.*data fetch cifar10"),
        ("mnist", "mnist is not in .*train-images-idx3-ubyte.*data fetch mnist"),
        ("folder:missing", "folder:missing: nothing of this kind in .*subfolder per class"),
        ("parquet:missing", "parquet:missing: nothing of this kind in .*train-"),
    ],
)
def test_missing_data_say_where_was_looked_and_how_to_get_them(
    level: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=message):
        load(level, tmp_path)


def test_no_data_folder_and_a_wrong_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="give --data DIR or set ACTWISE_DATA, or fetch it"):
        load("cifar10")
    with pytest.raises(DataError, match="does not exist or is not a folder"):
        load("cifar10", tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("level", "error", "message"),
    [
        ("cifar", UnknownNameError, "did you mean cifar10"),
        ("foldr:/somewhere/else", UnknownNameError, "did you mean folder"),
        ("cifar10:/somewhere/else", SpecError, "cifar10 takes no path"),
        ("folder:", SpecError, "write folder:PATH"),
        ("folder", SpecError, "write folder:PATH"),
        ("cifar10(3)", SpecError, "takes no arguments"),
        ("cifar 10", SpecError, "is not a level"),
    ],
)
def test_a_level_that_is_no_data_set_is_refused(
    level: str, error: type[SpecError], message: str
) -> None:
    with pytest.raises(error, match=message):
        load(level)
