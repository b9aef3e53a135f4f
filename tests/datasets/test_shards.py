"""Parquet shards: all of one export, each once, under one naming of the classes."""

from pathlib import Path

import pytest

from actwise.datasets import info, load
from actwise.errors import DataError
from made.data import CLASSES, encode_image, made_images, write_shard

IMAGES = [encode_image(image) for image in made_images(3, seed=1)]
OTHERS = [encode_image(image) for image in made_images(3, seed=2)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write(folder: Path, names: list[str], part: str = "train") -> str:
    other = "test" if part == "train" else "train"
    for name in names:
        write_shard(folder / f"{part}-{name}.parquet", IMAGES, [0, 1, 2])
    write_shard(folder / f"{other}-00000-of-00001.parquet", OTHERS, [0, 1, 2])
    return f"parquet:{folder}"


WHOLE = [
    ["00000-of-00001"],
    ["00000-of-00002", "00001-of-00002"],
    ["00000-of-00002-0f3c", "00001-of-00002-0f3c"],
    ["0", "1", "2"],
    ["1", "2"],
    ["all"],
]


@pytest.mark.parametrize("names", WHOLE)
def test_whole_exports_are_read(names: list[str], tmp_path: Path) -> None:
    assert info(write(tmp_path, names)).num_train == 3 * len(names)


MIXED = [
    (["00000-of-00003", "00001-of-00003"], "2 of 00003 .* are there; shard 2 is missing"),
    (["00000-of-00002", "00002-of-00002"], "2 of 00002 .* are there; shard 1 is missing"),
    (["00001-of-00001"], "1 of 00001 .* are there; shard 0 is missing"),
    (["00000-of-00002", "0-of-00002"], "shard 0 of .* is there more than once"),
    (["00000-of-00001", "00000-of-00002"], "more than one number of shards: 00001, 00002"),
    (["00000-of-00002-aa", "00001-of-00002-bb"], "more than one suffix: -aa, -bb"),
    (["00000-of-00002", "00001-of-00002-bb"], "more than one suffix: none, -bb"),
    (["00000-of-00001-aa", "00000-of-00001-bb"], "more than one suffix: -aa, -bb"),
    (["00000-of-00001", "0"], "more than one number of shards: none, 00001"),
    (["0", "2"], "only 2 .* are there; shard 1 is missing"),
    (["5"], "only 1 .* are there; shard 1 is missing"),
    (["0", "copy"], "copy.parquet is not named like a shard"),
    (["x-of-2"], "x-of-2.parquet is not named like a shard"),
]


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(("names", "message"), MIXED)
def test_missing_double_and_mixed_shards_are_refused(
    names: list[str], message: str, part: str, tmp_path: Path
) -> None:
    # In the order of their names, whatever part they are.
    with pytest.raises(DataError, match=message if names[0] != "0" else message.split(":")[0]):
        load(write(tmp_path, names, part))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("bee", "ant", "cat"), "calls class 0 'bee' but .*train.* 'ant'"),
        (("ant", "bee", "dog"), "calls class 2 'dog' but .* 'cat'"),
        (("ant", "bee"), "calls class 2 None but .* 'cat'"),
        (("ant", "bee", "cat", "dog"), "calls class 3 'dog' but .* None"),
    ],
)
@pytest.mark.parametrize("shard", ["test-00000-of-00001", "train-00001-of-00002"])
def test_class_names_must_be_equal_in_all_shards(
    shard: str, names: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    assert names != CLASSES
    level = write(tmp_path, ["00000-of-00002", "00001-of-00002"])
    write_shard(tmp_path / f"{shard}.parquet", OTHERS, [0, 1, 0], class_names=names)
    with pytest.raises(DataError, match=rf"{shard}\.parquet {message}"):
        load(level)
