"""Which levels a folder of data offers: in order, each once, and no more than can be read."""

from dataclasses import replace
from pathlib import Path

import pytest

from actwise.datasets import DATASETS, found_levels, info, listing
from made.data import TINY, encode_image, made_images, write_folder, write_shard, write_tiny


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def write_photos(root: Path) -> None:
    write_folder(root, {name: list(made_images(5, seed=s)) for s, name in enumerate("ab")})


def write_shards(root: Path) -> None:
    images = [encode_image(image) for image in made_images(4, seed=1)]
    for part in ("train", "test"):
        write_shard(root / f"{part}-0.parquet", images, [0, 1, 0, 1], class_names=["a", "b"])


def made_levels(folder: Path | None) -> list[str]:
    """Without what other tests have in the table."""
    return [
        level for level in found_levels(folder) if ":" in level or level in ("digits", TINY.name)
    ]


def test_data_of_ones_own_come_after_the_published_in_the_order_of_their_names(
    folder: Path,
) -> None:
    for name in ("zebras", "ants", "mice"):
        write_photos(folder / name)
    write_shards(folder / "birds")
    write_tiny("binary folder", folder)
    assert made_levels(folder) == [
        "digits",
        "tiny",
        f"folder:{folder / 'ants'}",
        f"parquet:{folder / 'birds'}",
        f"folder:{folder / 'mice'}",
        f"folder:{folder / 'zebras'}",
    ]


def test_a_folder_that_is_a_set_itself_is_offered_before_what_lies_in_it(folder: Path) -> None:
    for part in ("train", "test"):
        write_photos(folder / part)
    places = (folder, folder / "test", folder / "train")
    assert made_levels(folder)[1:] == [f"folder:{place}" for place in places]


def test_a_place_that_may_be_read_in_two_ways_is_offered_once(folder: Path) -> None:
    write_photos(folder / "both")
    write_shards(folder / "both")
    assert made_levels(folder)[1:] == [f"folder:{folder / 'both'}"]


def test_hidden_places_and_what_cannot_be_read_are_not_offered(folder: Path) -> None:
    write_photos(folder / ".trash")
    write_photos(folder / "broken")
    (folder / "broken" / "a" / "notes.txt").touch()
    (folder / "empty").mkdir()
    assert made_levels(folder) == ["digits"]


def test_the_files_of_a_published_set_are_not_offered_as_data_of_ones_own(folder: Path) -> None:
    write_tiny("parquet", folder)
    write_photos(folder / "tinier")
    assert made_levels(folder) == ["digits", "tiny", f"folder:{folder / 'tinier'}"]


def test_two_hundred_places_of_a_folder_are_looked_into(folder: Path) -> None:
    for number in range(199):
        (folder / f"{number:03}").mkdir()
    write_shards(folder / "last")
    write_shards(folder / "later")
    assert made_levels(folder)[1:] == [f"parquet:{folder / 'last'}"]


def test_a_pinned_set_is_offered_from_the_cache_where_no_folder_is_given(folder: Path) -> None:
    assert TINY.published is not None
    digest = info("tiny", write_tiny("binary folder", folder / "there")).digest
    DATASETS.add(
        replace(TINY, name="pinned-offer", published=replace(TINY.published, digest=digest))
    )
    assert "pinned-offer" in found_levels()
    assert "pinned-offer" not in found_levels(folder)
    lines = {line.level: line for line in listing(folder)}
    assert (lines["pinned-offer"].where, lines["pinned-offer"].is_cached) == (None, True)
    assert (lines["folder:PATH"].where, lines["folder:PATH"].is_cached) == (None, False)
    assert (lines["folder:PATH"].num_train, lines["folder:PATH"].num_test) == (None, None)


def test_a_published_set_that_is_incomplete_is_not_offered(folder: Path) -> None:
    write_tiny("binary folder", folder)
    (folder / "tiny-binary" / "batch_1.bin").unlink()
    assert "tiny" not in found_levels(folder)
