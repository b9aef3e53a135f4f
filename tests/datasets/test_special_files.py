"""FIFOs, sockets and devices in place of files of data are refused; nothing waits for them."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from actwise.datasets import fetch, load
from actwise.datasets.content.entry import DATASETS, DatasetEntry, Download
from actwise.datasets.formats.idx import TEST, TRAIN, IdxLayout, idx_form
from actwise.errors import DataError
from actwise.files import read_file
from made.data import CLASSES, made_images, write_folder, write_tiny

DATASETS.add(
    DatasetEntry(
        name="tiny-idx-special",
        description="made grey images, for tests",
        folders=("tiny-idx",),
        forms=(idx_form(IdxLayout(CLASSES)),),
    )
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def make_socket(path: Path) -> None:
    # A path of more than 107 bytes cannot be bound.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a socket": make_socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


def in_folder(root: Path) -> tuple[str, Path]:
    images_of = {name: list(made_images(6, seed=s)) for s, name in enumerate("ab")}
    folder = write_folder(root / "photos", images_of)
    return f"folder:{folder}", folder / "a" / "0003.png"


def in_idx(root: Path) -> tuple[str, Path]:
    (root / "tiny-idx").mkdir(parents=True)
    for name in TRAIN + TEST:
        (root / "tiny-idx" / name).write_bytes(b"\0\0\x08\x01\0\0\0\0")
    return "tiny-idx-special", root / "tiny-idx" / TRAIN[0]


def in_parquet(root: Path) -> tuple[str, Path]:
    write_tiny("parquet", root)
    return f"parquet:{root / 'tiny'}", root / "tiny" / "test-00000-of-00001.parquet"


def in_tiny(form: str, file: str) -> Callable[[Path], tuple[str, Path]]:
    return lambda root: ("tiny", write_tiny(form, root) / file)


PLACES: dict[str, Callable[[Path], tuple[str, Path]]] = {
    "image": in_folder,
    "IDX": in_idx,
    "shard": in_parquet,
    "pickle": in_tiny("python folder", "tiny-python/batch_1"),
    "binary batch": in_tiny("binary folder", "tiny-binary/batch_2.bin"),
    "bare batch": in_tiny("bare files", "batch_2.bin"),
    "archive": in_tiny("python archive", "tiny-python.tar.gz"),
}


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("place", PLACES)
def test_what_is_no_file_is_refused_and_never_read(place: str, kind: str, tmp_path: Path) -> None:
    level, path = PLACES[place](tmp_path / "data")
    path.unlink()
    SPECIAL[kind](path)
    with pytest.raises(DataError, match=f"{path.name} is {kind}; a file is expected"):
        load(level, tmp_path / "data")


def test_a_folder_in_place_of_a_shard_is_refused(tmp_path: Path) -> None:
    level, path = in_parquet(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match="is no file; a Parquet file is expected"):
        load(level)


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_file_that_became_something_else_is_not_read(kind: str, tmp_path: Path) -> None:
    SPECIAL[kind](tmp_path / "x")
    with pytest.raises(OSError, match=f"{kind} and no file"):
        read_file(tmp_path / "x", most_bytes=100)


def test_a_download_is_not_compared_with_a_fifo(tmp_path: Path) -> None:
    download = Download("http://127.0.0.1:9/made.tar.gz", "md5:0")
    entry = DatasetEntry(
        name="tiny-fifo",
        description="made",
        folders=("made",),
        forms=(idx_form(IdxLayout(CLASSES)),),
        downloads=(download,),
    )
    DATASETS.add(entry)
    (tmp_path / "made").mkdir()
    os.mkfifo(tmp_path / "made" / "made.tar.gz")
    with pytest.raises(DataError, match="is a pipe"):
        fetch("tiny-fifo", tmp_path, progress=lambda _: None)
