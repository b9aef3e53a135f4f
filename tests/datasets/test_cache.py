"""The cache: decoded once, shared, verified, and never in the way."""

import logging
import os
import shutil
import time
from pathlib import Path

import pytest
import torch

from actwise.datasets import Dataset, hand_over, info, load, load_planned, take_over
from actwise.errors import DataError
from made.data import TINY, encode_image, made_images, made_labels, write_shard, write_tiny
from made.forks import Fork

LOAD = "import sys; from actwise.datasets import load; print(load(sys.argv[1]).info.digest)"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny("parquet", tmp_path / "data")


def cached_file(cache: Path, data: Dataset) -> Path:
    return cache / "data" / data.info.digest / "train_images.npy"


def write_large(folder: Path) -> None:
    """Enough images that decoding takes a while."""
    images = [encode_image(i) for i in made_images(4000, seed=3)]
    labels = made_labels(4000).tolist()
    write_shard(folder / "train-0.parquet", images, labels)
    write_shard(folder / "test-0.parquet", images[:9], labels[:9])


def start_loading(level: str) -> Fork:
    return Fork(LOAD, level)


def test_a_second_load_decodes_nothing(folder: Path) -> None:
    first = load("tiny", folder)
    for shard in (folder / "tiny").iterdir():
        # The same size and time, but unreadable as Parquet.
        stat = shard.stat()
        shard.write_bytes(bytes(stat.st_size))
        os.utime(shard, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    second = load("tiny", folder)
    assert torch.equal(first.train_images_NCHW, second.train_images_NCHW)
    assert info("tiny", folder) == first.info


def test_what_was_handed_over_is_loaded_by_its_digest_without_the_files(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = load("tiny", folder)
    handed = hand_over("tiny", folder, digest=planned.info.digest)
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "of another machine"))
    assert take_over(*handed)
    found = load_planned("tiny", tmp_path / "not there", digest=planned.info.digest)
    assert found.info == planned.info
    assert torch.equal(found.train_images_NCHW, planned.train_images_NCHW)
    assert torch.equal(found.test_labels_N, planned.test_labels_N)
    with pytest.raises(DataError):
        load_planned("tiny", tmp_path / "not there", digest="0" * 64)


def test_a_changed_file_is_decoded_again(folder: Path) -> None:
    load("tiny", folder)
    (folder / "tiny" / "test-00000-of-00001.parquet").write_bytes(b"changed")
    with pytest.raises(DataError, match="test-00000-of-00001"):
        load("tiny", folder)


def test_two_forms_of_one_set_share_one_copy(folder: Path, cache: Path, tmp_path: Path) -> None:
    load("tiny", folder)
    load("tiny", write_tiny("binary archive", tmp_path / "other"))
    assert len(list((cache / "data").iterdir())) == 1
    assert len(list((cache / "index").iterdir())) == 2


def test_writing_to_a_loaded_tensor_does_not_change_the_cache(folder: Path) -> None:
    first = load("tiny", folder)
    before = first.train_images_NCHW.clone()
    first.train_images_NCHW.zero_()
    assert torch.equal(load("tiny", folder).train_images_NCHW, before)


@pytest.mark.parametrize("damage", ["flip a bit", "truncate", "empty", "remove", "other array"])
def test_a_damaged_cache_is_rebuilt(damage: str, folder: Path, cache: Path) -> None:
    first = load("tiny", folder)
    before = first.train_images_NCHW.clone()
    path = cached_file(cache, first)
    content = bytearray(path.read_bytes())
    # A new file each time: the first tensor is mapped to the old one.
    path.unlink()
    if damage == "flip a bit":
        content[-1] ^= 1
        path.write_bytes(content)
    elif damage == "truncate":
        path.write_bytes(content[:-100])
    elif damage == "empty":
        path.touch()
    elif damage == "other array":
        path.write_bytes((path.parent / "train_labels.npy").read_bytes())
    again = load("tiny", folder)
    assert torch.equal(again.train_images_NCHW, before)
    assert cached_file(cache, first).read_bytes() != content or damage != "flip a bit"
    assert sorted(p.name for p in path.parent.iterdir()) == [
        "test_images.npy",
        "test_labels.npy",
        "train_images.npy",
        "train_labels.npy",
    ]


@pytest.mark.parametrize("place", ["index/*.json", "data/*/train_images.npy"])
def test_a_pipe_in_the_cache_is_not_waited_for(place: str, folder: Path, cache: Path) -> None:
    facts = load("tiny", folder).info
    (path,) = cache.glob(place)
    path.unlink()
    os.mkfifo(path)
    assert load("tiny", folder).info == facts


@pytest.mark.parametrize("content", ["", "{", "[]", '{"digest": 1}'])
def test_a_damaged_index_is_rebuilt(content: str, folder: Path, cache: Path) -> None:
    facts = load("tiny", folder).info
    (index,) = (cache / "index").iterdir()
    index.write_text(content)
    assert info("tiny", folder) == facts


def test_a_cache_that_cannot_be_written_costs_one_logged_sentence(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = load("tiny", folder)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "file" / "cache"))
    with caplog.at_level(logging.WARNING):
        data = load("tiny", folder)
    assert torch.equal(data.train_images_NCHW, expected.train_images_NCHW)
    (record,) = caplog.records
    assert "cannot be written" in record.getMessage()


def test_a_pinned_set_needs_no_data_folder_once_it_is_cached(tmp_path: Path) -> None:
    from dataclasses import replace

    from actwise.datasets import DATASETS

    assert TINY.published is not None
    folder = write_tiny("binary folder", tmp_path / "data")
    digest = info("tiny", folder).digest
    published = replace(TINY.published, digest=digest)
    DATASETS.add(replace(TINY, name="pinned", published=published))
    assert info("pinned").digest == digest
    assert torch.equal(load("pinned").test_labels_N, load("tiny", folder).test_labels_N)
    # A folder that is given must hold the data: a setting is never silently without effect.
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="is not in"):
        load("pinned", tmp_path / "empty")


def test_what_a_killed_writer_left_is_removed_after_an_hour(folder: Path, cache: Path) -> None:
    old, new = cache / "data" / ".new-old", cache / "data" / ".new-new"
    for left in (old, new):
        left.mkdir(parents=True)
        (left / "train_images.npy").write_bytes(b"half")
    hours_ago = time.time() - 7200
    os.utime(old, (hours_ago, hours_ago))
    load("tiny", folder)
    assert not old.exists()
    assert new.exists()


def test_a_copy_that_another_process_put_there_first_is_taken(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rename = Path.rename

    def come_second(made: Path, target: Path) -> Path:
        if target.parent == cache / "data":
            shutil.copytree(made, target)
        return rename(made, target)

    monkeypatch.setattr(Path, "rename", come_second)
    data = load("tiny", folder)
    assert data.info.num_train == 60 and not caplog.records
    assert [path.name for path in (cache / "data").iterdir()] == [data.info.digest]


def test_a_folder_that_cannot_be_put_in_place_is_told_and_the_data_are_read(
    folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(made: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device") if made.is_dir() else FileNotFoundError

    monkeypatch.setattr(Path, "rename", refuse)
    assert load("tiny", folder).info.num_train == 60
    assert [record.getMessage() for record in caplog.records] == [
        f"the data cache {cache} cannot be written (No space left on device); tiny is decoded "
        "anew by every process"
    ]
    assert not any((cache / "data").iterdir())


@pytest.mark.slow
def test_two_processes_decode_at_once_and_both_get_the_data(tmp_path: Path, cache: Path) -> None:
    write_large(tmp_path / "large")
    level = f"parquet:{tmp_path / 'large'}"
    with start_loading(level) as first, start_loading(level) as second:
        digests = {process.rest(seconds=120)[0] for process in (first, second)}
        assert [first.wait(), second.wait()] == [0, 0]
    assert digests == {load(level).info.digest + "\n"}
    assert len(list((cache / "data").iterdir())) == 1


@pytest.mark.slow
def test_a_process_killed_while_decoding_leaves_a_usable_cache(tmp_path: Path, cache: Path) -> None:
    write_large(tmp_path / "large")
    level = f"parquet:{tmp_path / 'large'}"
    with start_loading(level) as process:
        while not (cache / "locks").is_dir() or not any((cache / "locks").iterdir()):
            assert process.poll() is None
            time.sleep(0.01)
    assert not (cache / "data").exists()
    assert load(level).info.num_train == 4000
