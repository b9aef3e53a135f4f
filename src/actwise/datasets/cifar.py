"""CIFAR-10 and CIFAR-100 as published: archives or unpacked folders, Python or binary version.

An archive is never extracted: after its MD5 is checked, named members are read into memory. An
image is 3,072 bytes (red, green and blue planes of 32 rows); a binary record has its label bytes in
front, the class last among them. https://www.cs.toronto.edu/~kriz/cifar.html
"""

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ..errors import DataError
from .check import make_split
from .dataset import Arrays, Split
from .entry import Form, Found
from .pickles import read_batch

IMAGE_SHAPE = (3, 32, 32)
IMAGE_BYTES = 3 * 32 * 32
# The largest published member (CIFAR-100's pickled training batch) has 155 MB.
MAX_MEMBER_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Packing:
    """One published version: its archive, the folder inside it, the batches in that folder."""

    archive: str
    archive_md5: str
    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def batches(self) -> tuple[str, ...]:
        return self.train + self.test


@dataclass(frozen=True)
class CifarLayout:
    """How one data set of the CIFAR family is packed.

    Attributes:
        label_key: Key of the classes in a pickled batch.
        num_label_bytes: Label bytes of a binary record; the last one is the class.
    """

    python: Packing
    binary: Packing
    label_key: bytes
    num_label_bytes: int
    class_names: tuple[str, ...]


def cifar_forms(layout: CifarLayout) -> tuple[Form, ...]:
    """The four forms in which the set is published, the unpacked folder before its archive."""
    return tuple(
        form
        for packing, decode in (
            (layout.python, partial(_decode_python, layout)),
            (layout.binary, partial(_decode_binary, layout)),
        )
        for form in (
            Form(packing.folder, partial(_find_folder, layout, packing, decode)),
            Form(packing.archive, partial(_find_archive, layout, packing, decode)),
        )
    )


Decode = Callable[[bytes, str], Split]
"""(content of a batch, its name for messages) -> its images."""


def _find_folder(layout: CifarLayout, packing: Packing, decode: Decode, root: Path) -> Found | None:
    for folder in (root / packing.folder, root):
        files = {name: folder / name for name in packing.batches}
        missing = [name for name, path in files.items() if not path.is_file()]
        if len(missing) == len(files):
            continue
        if missing:
            raise DataError(f"{folder} is incomplete: {', '.join(missing)} is missing")
        read = partial(_read_folder, layout, packing, decode, folder)
        return Found(str(folder), tuple(files.values()), read)
    return None


def _read_folder(layout: CifarLayout, packing: Packing, decode: Decode, folder: Path) -> Arrays:
    contents = {name: (folder / name).read_bytes() for name in packing.batches}
    return _join(layout, packing, decode, contents, prefix=f"{folder}/")


def _find_archive(
    layout: CifarLayout, packing: Packing, decode: Decode, root: Path
) -> Found | None:
    path = root / packing.archive
    if not path.is_file():
        return None

    def read() -> Arrays:
        contents = _read_members(path, packing)
        return _join(layout, packing, decode, contents, prefix=f"{path}:")

    return Found(str(path), (path,), read)


def _read_members(path: Path, packing: Packing) -> dict[str, bytes]:
    wanted = {f"{packing.folder}/{name}": name for name in packing.batches}
    contents: dict[str, bytes] = {}
    with path.open("rb") as file:
        md5 = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
        if md5 != packing.archive_md5:
            raise DataError(
                f"{path} is not the published archive or is truncated: "
                f"its MD5 is {md5}, expected {packing.archive_md5}"
            )
        file.seek(0)
        try:
            with tarfile.open(fileobj=file, mode="r:gz") as archive:
                for member in archive:
                    if member.name in wanted:
                        contents[wanted[member.name]] = _read_member(archive, member, path)
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise DataError(f"{path} is not a readable archive: {error}") from None
    missing = [name for name in packing.batches if name not in contents]
    if missing:
        raise DataError(f"{path} has no {packing.folder}/{missing[0]}")
    return contents


def _read_member(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bytes:
    file = archive.extractfile(member) if member.isreg() else None
    if file is None:
        raise DataError(f"{path}: {member.name} is not a plain file")
    if member.size > MAX_MEMBER_BYTES:
        raise DataError(
            f"{path}: {member.name} has {member.size} bytes, at most {MAX_MEMBER_BYTES} are read"
        )
    return file.read()


def _join(
    layout: CifarLayout,
    packing: Packing,
    decode: Decode,
    contents: Mapping[str, bytes],
    *,
    prefix: str,
) -> Arrays:
    def part(names: Sequence[str]) -> Split:
        batches = [decode(contents[name], f"{prefix}{name}") for name in names]
        return Split(
            np.concatenate([batch.images_NCHW for batch in batches]),
            np.concatenate([batch.labels_N for batch in batches]),
        )

    return Arrays(part(packing.train), part(packing.test), layout.class_names)


def _decode_python(layout: CifarLayout, content: bytes, where: str) -> Split:
    batch = read_batch(content, where=where)
    data, labels = batch.get(b"data"), batch.get(layout.label_key)
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != IMAGE_BYTES:
        raise DataError(f"{where} has no data of {IMAGE_BYTES} bytes an image")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"{where} has no list of {layout.label_key.decode()}")
    return make_split(data.reshape(-1, *IMAGE_SHAPE), labels, where=where)


def _decode_binary(layout: CifarLayout, content: bytes, where: str) -> Split:
    record_bytes = layout.num_label_bytes + IMAGE_BYTES
    if len(content) % record_bytes:
        raise DataError(
            f"{where} is truncated: {len(content)} bytes are not a multiple of "
            f"the {record_bytes} of a record"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, record_bytes)
    images = records[:, layout.num_label_bytes :].reshape(-1, *IMAGE_SHAPE)
    return make_split(images, records[:, layout.num_label_bytes - 1], where=where)
