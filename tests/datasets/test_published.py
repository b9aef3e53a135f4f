"""Data under a published name that are not the published set: what differs is said, in full."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.datasets import DATASETS, info, load
from actwise.datasets.content.entry import DatasetEntry, Form, Found
from actwise.errors import DataError
from made.data import TINY, encode_image, made_images, write_shard, write_tiny

DIGEST = "0" * 64


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def add_entry(request: pytest.FixtureRequest, **changes: Any) -> DatasetEntry:
    """A line of the table of this test's own."""
    name = request.node.name.partition("[")[0].replace("_", "-")
    if name in DATASETS:
        name = f"{name}-{len(DATASETS)}"
    return DATASETS.add(replace(TINY, name=name, **changes))


@pytest.mark.parametrize(
    ("expected", "problem"),
    [
        ({"input_shape": (1, 28, 30)}, "its images are RGB 32x32, expected grey 28x30"),
        ({"num_train": 61}, "it has 60 training images, expected 61"),
        ({"num_test": 31}, "it has 30 test images, expected 31"),
        ({"class_names": ("ant", "bee")}, "it has 3 classes, expected 2"),
        ({"class_names": ("ant", "wasp", "dog")}, "its class 1 is 'bee', expected 'wasp'"),
    ],
)
def test_the_first_difference_from_the_published_set_is_said(
    expected: dict[str, Any], problem: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert TINY.published is not None
    entry = add_entry(request, published=replace(TINY.published, **expected))
    folder = write_tiny("parquet", tmp_path)
    with pytest.raises(DataError) as refusal:
        load(entry.name, folder)
    where = folder / "tiny"
    assert str(refusal.value) == f"{where} is not the published {entry.name}: {problem}"


def test_another_content_is_said_by_both_digests(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert TINY.published is not None
    entry = add_entry(request, published=replace(TINY.published, digest=DIGEST))
    folder = write_tiny("parquet", tmp_path)
    found = info("tiny", folder).digest
    with pytest.raises(DataError) as refusal:
        load(entry.name, folder)
    assert str(refusal.value) == (
        f"{folder / 'tiny'} is not the published {entry.name}: its content has the SHA-256 "
        f"{found}, expected {DIGEST}"
    )


def test_images_of_two_sizes_under_a_published_name_are_told_without_a_way_out(
    tmp_path: Path,
) -> None:
    small, large = (encode_image(made_images(1, seed=1, shape=(3, n, n))[0]) for n in (32, 40))
    train, test = (tmp_path / "tiny" / f"{part}-0.parquet" for part in ("train", "test"))
    write_shard(train, [small, large], [0, 1])
    write_shard(test, [small], [0])
    said = (
        f"{train}: row 1 is RGB 40x40 but {train}: row 0 is RGB 32x32; all images must have one "
        "size"
    )
    with pytest.raises(DataError) as refusal:
        load("tiny", tmp_path)
    assert str(refusal.value) == said
    with pytest.raises(DataError) as refusal:
        load(f"parquet:{tmp_path / 'tiny'}")
    assert str(refusal.value) == (f"{said}; parquet({tmp_path / 'tiny'}, size=64) resizes them")


def test_a_file_that_vanishes_while_it_is_looked_for_is_named(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.bin"
    form = Form("gone.bin", lambda root: Found(str(root), (gone,), lambda: pytest.fail("read")))
    entry = add_entry(request, forms=(form,))
    with pytest.raises(DataError) as refusal:
        info(entry.name, tmp_path)
    assert str(refusal.value) == f"{gone} cannot be read: No such file or directory"
