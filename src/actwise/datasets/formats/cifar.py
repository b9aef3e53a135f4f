"""CIFAR-10 and CIFAR-100 as published: archives or unpacked folders, Python or binary version.

An archive is never extracted: after its MD5 is checked, named members are read into memory. An
image is 3,072 bytes (red, green and blue planes of 32 rows); a binary record has its label bytes in
front, the class last among them. https://www.cs.toronto.edu/~kriz/cifar.html
"""

import hashlib
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...files import open_file, read_file
from ..content import Arrays, Form, Found, Split, make_split
from .files import has_file, refuse_special
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
    decode_python = partial(_decode_python, label_key=layout.label_key)
    decode_binary = partial(_decode_binary, num_label_bytes=layout.num_label_bytes)
    return (
        *_Version(layout.python, layout.class_names, decode_python).forms(),
        *_Version(layout.binary, layout.class_names, decode_binary).forms(),
    )


@dataclass(frozen=True)
class _Version:
    """Finds and reads one published version.

    Attributes:
        decode: (content of a batch, its name for messages) -> its images.
    """

    packing: Packing
    class_names: tuple[str, ...]
    decode: Callable[[bytes, str], Split]

    def forms(self) -> tuple[Form, Form]:
        return (
            Form(self.packing.folder, self._find_folder),
            Form(self.packing.archive, self._find_archive),
        )

    def _find_folder(self, root: Path) -> Found | None:
        for folder in (root / self.packing.folder, root):
            files = {name: folder / name for name in self.packing.batches}
            missing = [name for name, path in files.items() if not path.is_file()]
            if folder != root or len(missing) < len(files):
                for path in files.values():
                    refuse_special(path)
            if not missing:
                read = partial(self._read_folder, folder)
                return Found(str(folder), tuple(files.values()), read)
            # In a folder of another name, a file called "test" need not be a batch.
            if folder != root and len(missing) < len(files):
                raise DataError(f"{folder} is incomplete: {', '.join(missing)} is missing")
        return None

    def _find_archive(self, root: Path) -> Found | None:
        path = root / self.packing.archive
        if not has_file(path):
            return None
        return Found(str(path), (path,), partial(self._read_archive, path))

    def _read_folder(self, folder: Path) -> Arrays:
        contents = {
            name: read_file(folder / name, most_bytes=MAX_MEMBER_BYTES)
            for name in self.packing.batches
        }
        return self._join(contents, prefix=f"{folder}/")

    def _read_archive(self, path: Path) -> Arrays:
        return self._join(_read_members(path, self.packing), prefix=f"{path}:")

    def _join(self, contents: Mapping[str, bytes], *, prefix: str) -> Arrays:
        def part(names: Sequence[str]) -> Split:
            batches = [self.decode(contents[name], f"{prefix}{name}") for name in names]
            return Split(
                np.concatenate([batch.images_NCHW for batch in batches]),
                np.concatenate([batch.labels_N for batch in batches]),
            )

        return Arrays(part(self.packing.train), part(self.packing.test), self.class_names)


def _read_members(path: Path, packing: Packing) -> dict[str, bytes]:
    wanted = {f"{packing.folder}/{name}": name for name in packing.batches}
    contents: dict[str, bytes] = {}
    with open_file(path) as file:
        md5 = hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
        if md5 != packing.archive_md5:
            raise DataError(
                f"{path} is not the published archive or is truncated: "
                f"its MD5 is {md5}, expected {packing.archive_md5}"
            )
        file.seek(0)
        with tarfile.open(fileobj=file, mode="r:gz") as archive:
            for member in archive:
                name, content = wanted.get(member.name), archive.extractfile(member)
                if name is not None and content is not None:
                    contents[name] = content.read()
    return contents


def _decode_python(content: bytes, where: str, *, label_key: bytes) -> Split:
    batch = read_batch(content, where=where)
    data, labels = batch.get(b"data"), batch.get(label_key)
    if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != IMAGE_BYTES:
        raise DataError(f"{where} has no data of {IMAGE_BYTES} bytes an image")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise DataError(f"{where} has no list of {label_key.decode()}")
    return make_split(data.reshape(-1, *IMAGE_SHAPE), labels, where=where)


def _decode_binary(content: bytes, where: str, *, num_label_bytes: int) -> Split:
    record_bytes = num_label_bytes + IMAGE_BYTES
    if len(content) % record_bytes:
        raise DataError(
            f"{where} is truncated: {len(content)} bytes are not a multiple of "
            f"the {record_bytes} of a record"
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, record_bytes)
    images = records[:, num_label_bytes:].reshape(-1, *IMAGE_SHAPE)
    return make_split(images, records[:, num_label_bytes - 1], where=where)
