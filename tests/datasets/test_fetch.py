"""``data fetch`` against a server on this machine, ``data verify`` and ``data list``."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from actwise.datasets import (
    DATASETS,
    FetchProgress,
    fetch,
    found_levels,
    info,
    listing,
    load,
    verify,
)
from actwise.datasets.content.entry import DatasetEntry, Download
from actwise.errors import DataError, SpecError, UnknownNameError
from made.data import BINARY_ARCHIVE, TINY, TRAIN_IMAGES, encode_image, write_shard, write_tiny

ARCHIVE = "tiny-binary.tar.gz"
MD5 = hashlib.md5(BINARY_ARCHIVE, usedforsecurity=False).hexdigest()


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server that offers the binary archive of ``tiny``."""
    folder = tmp_path / "offered"
    write_tiny("binary archive", folder)
    handler = partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def add_entry(request: pytest.FixtureRequest, url: str, md5: str = MD5) -> DatasetEntry:
    """A line of the table of this test's own."""
    name = f"fetched-{request.node.name.replace('_', '-')}"
    downloads = (Download(url, f"md5:{md5}"),)
    return DATASETS.add(replace(TINY, name=name, folders=(name,), downloads=downloads))


def test_a_fetched_archive_can_be_loaded_and_progress_ends_at_its_size(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, f"{server}/{ARCHIVE}")
    seen: list[FetchProgress] = []
    (path,) = fetch(entry.name, tmp_path / "data", progress=seen.append)
    assert path == tmp_path / "data" / entry.name / ARCHIVE
    size = len(BINARY_ARCHIVE)
    assert seen[-1] == FetchProgress(ARCHIVE, size, size)
    assert all(0 < step.done_bytes <= size for step in seen)
    assert load(entry.name, tmp_path / "data").info.num_train == 60


def test_a_file_that_is_there_is_not_downloaded_again(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, f"{server}/{ARCHIVE}")
    fetch(entry.name, tmp_path / "data")
    seen: list[FetchProgress] = []
    fetch(entry.name, tmp_path / "data", progress=seen.append)
    assert not seen


def test_a_wrong_digest_is_refused_and_nothing_is_left(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, f"{server}/{ARCHIVE}", md5="0" * 32)
    with pytest.raises(DataError, match="is not the published file"):
        fetch(entry.name, tmp_path / "data", num_retries=0)
    assert not any(path.is_file() for path in (tmp_path / "data").rglob("*"))


def test_a_failed_download_tells_the_address_and_the_answer(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, f"{server}/missing.tar.gz")
    with pytest.raises(DataError, match=r"missing.tar.gz could not be downloaded: .*404"):
        fetch(entry.name, tmp_path, num_retries=0)


def test_a_server_that_is_not_there_is_reported(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, "http://127.0.0.1:9/file.tar.gz")
    with pytest.raises(DataError, match="could not be downloaded: ConnectionError"):
        fetch(entry.name, tmp_path, num_retries=0)


def test_fetch_refuses_what_it_cannot_fetch(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="digits has nothing to fetch"):
        fetch("digits", tmp_path)
    with pytest.raises(UnknownNameError, match="did you mean"):
        fetch("cifar1", tmp_path)
    with pytest.raises(DataError, match="give --data DIR"):
        fetch("cifar10")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be made a folder"):
        fetch("cifar10", tmp_path / "file")


def test_a_folder_that_cannot_be_written_is_named(
    server: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    entry = add_entry(request, f"{server}/{ARCHIVE}")
    (tmp_path / entry.name).touch()
    with pytest.raises(DataError) as refusal:
        fetch(entry.name, tmp_path)
    assert str(refusal.value) == f"{tmp_path / entry.name} cannot be written: Not a directory"


def test_verify_counts_classes_and_duplicates(tmp_path: Path) -> None:
    encoded = [encode_image(image) for image in TRAIN_IMAGES[:6]]
    train = [*encoded[:4], encoded[0]]
    write_shard(tmp_path / "train-0.parquet", train, [0, 1, 0, 1, 0])
    write_shard(tmp_path / "test-0.parquet", [*encoded[3:], encoded[5]], [1, 0, 1, 1])
    report = verify(f"parquet:{tmp_path}")
    assert report.train_per_class == (3, 2, 0)
    assert report.test_per_class == (1, 3, 0)
    assert (report.train_duplicates, report.test_duplicates, report.shared_images) == (1, 1, 1)
    assert report.problems == (
        "1 test image is also in training, so test accuracy is higher than on new images",
        "class 'cat' has no training image",
        "class 'cat' has no test image",
    )
    assert not report.is_sound


def test_verify_reports_other_content_under_a_published_name(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    assert TINY.published is not None
    published = replace(TINY.published, digest="0" * 64)
    DATASETS.add(replace(TINY, name=request.node.name, published=published))
    folder = write_tiny("parquet", tmp_path)
    report = verify(request.node.name, folder)
    assert report.info.digest == info("tiny", folder).digest
    assert report.pinned_digest == "0" * 64
    (problem,) = report.problems
    assert report.info.digest in problem
    with pytest.raises(DataError, match="is not the published"):
        load(request.node.name, folder)


def test_verify_finds_a_sound_set_sound(tmp_path: Path) -> None:
    report = verify("tiny", write_tiny("python archive", tmp_path))
    assert report.is_sound
    assert report.where == str(tmp_path / "tiny-python.tar.gz")
    assert sum(report.train_per_class) == 60


def test_the_listing_tells_what_is_found_and_what_is_cached(tmp_path: Path) -> None:
    folder = write_tiny("binary folder", tmp_path)
    lines = {line.level: line for line in listing(folder)}
    assert lines["tiny"].where == str(tmp_path / "tiny-binary")
    assert not lines["tiny"].is_cached
    assert lines["cifar10"].where is None
    assert (lines["cifar10"].num_train, lines["cifar10"].num_test) == (50_000, 10_000)
    assert lines["digits"].where is not None
    assert "folder:PATH" in lines
    load("tiny", folder)
    assert {line.level: line.is_cached for line in listing(folder)}["tiny"]
    (tmp_path / "tiny-binary" / "batch_1.bin").unlink()
    problem = {line.level: line.problem for line in listing(folder)}["tiny"]
    assert problem is not None
    assert "batch_1.bin is missing" in problem


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DataError) as refusal:
        list(found_levels(tmp_path))
    assert str(refusal.value) == f"{tmp_path} cannot be read: Permission denied"
