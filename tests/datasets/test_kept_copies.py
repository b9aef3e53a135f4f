"""Where decoded images are kept, under which level they are told, and what is handed on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from actwise.datasets import DATASETS, hand_over, info, load, require_files, take_over, verify
from actwise.datasets.content.entry import DatasetEntry
from actwise.errors import DataError
from made.data import TINY, made_images, write_folder, write_tiny


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def pinned(request: pytest.FixtureRequest, folder: Path) -> DatasetEntry:
    """A line of the table of this test's own, with the digest of ``tiny``."""
    assert TINY.published is not None
    published = replace(TINY.published, digest=info("tiny", folder).digest)
    return DATASETS.add(replace(TINY, name=request.node.name, published=published))


def test_the_cache_lies_in_the_home_folder_unless_it_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ACTWISE_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    digest = load("tiny", write_tiny("binary folder", tmp_path / "data")).info.digest
    assert (tmp_path / "home" / ".cache" / "actwise" / "data" / digest).is_dir()


def test_a_set_from_the_cache_has_the_level_that_was_asked_for(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "photos", {n: list(made_images(5, seed=ord(n))) for n in "ab"})
    for level in (f"folder:{root}", f"folder({root})"):
        assert load(level).info.level == info(level).level == level


def test_a_set_that_cannot_be_kept_is_said_not_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny("binary folder", tmp_path / "data")
    handed = hand_over("tiny", folder, digest=info("tiny", folder).digest)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "file" / "cache"))
    assert take_over(*handed) is False


def test_what_is_handed_over_is_no_view_of_a_file(tmp_path: Path) -> None:
    folder = write_tiny("binary folder", tmp_path / "data")
    digest = info("tiny", folder).digest
    facts, arrays = hand_over("tiny", folder, digest=digest)
    assert facts.digest == digest
    for part in (arrays.train, arrays.test):
        assert {type(part.images_NCHW), type(part.labels_N)} == {np.ndarray}


def test_files_are_required_where_neither_they_nor_the_cache_are_there(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny("binary folder", tmp_path / "data")
    (tmp_path / "empty").mkdir()
    entry = pinned(request, folder)
    require_files(entry.name)
    require_files(entry.name, folder)
    with pytest.raises(DataError, match="is not in"):
        require_files(entry.name, tmp_path / "empty")
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "new"))
    require_files(entry.name, folder)
    require_files("tiny")  # is not pinned, so it was read for the plan
    with pytest.raises(DataError, match="needs a data folder"):
        require_files(entry.name)


def test_pinned_content_without_copies_has_no_note_on_them(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = write_tiny("binary folder", tmp_path / "data")
    report = verify(pinned(request, folder).name, folder)
    assert (report.train_duplicates, report.test_duplicates, report.shared_images) == (0, 0, 0)
    assert report.is_sound and report.notes == ()
    assert report.pinned_digest == report.info.digest
