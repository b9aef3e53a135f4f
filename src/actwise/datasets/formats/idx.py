"""IDX files, the format of MNIST and the sets made like it, plain or gzip.

Header: two zero bytes, the type (0x08 = unsigned byte), the number of dimensions, then each
dimension as a big-endian 32-bit integer. Copies are often compressed again, so what is verified
is the payload, never the .gz.
"""

import gzip
import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...files import open_file, read_file
from ..content import Arrays, Form, Found, Split, make_split
from .files import has_file

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
# EMNIST's largest set has 697,932 training images.
MAX_PAYLOAD_BYTES = 2**30


@dataclass(frozen=True)
class IdxLayout:
    """How one data set lies in four IDX files of one folder, each plain or with ``.gz``.

    Attributes:
        class_names: In the order of the labels.
        payload_md5: MD5 of the uncompressed content by file name; a file without one is
            checked by its header only.
        others_md5: MD5 of the labels of other sets that have files of these names -> the set.
        train, test: Names of the files of images and of labels.
        first_label: Label of the first class.
        is_transposed: Whether rows are written as columns.
    """

    class_names: tuple[str, ...]
    payload_md5: Mapping[str, str] = field(default_factory=dict)
    others_md5: Mapping[str, str] = field(default_factory=dict)
    train: tuple[str, str] = TRAIN
    test: tuple[str, str] = TEST
    first_label: int = 0
    is_transposed: bool = False


def idx_form(layout: IdxLayout) -> Form:
    """The form of four IDX files in one folder."""
    return Form(f"{layout.train[0]}[.gz]", partial(_find, layout=layout))


def read_idx(
    path: Path,
    *,
    num_dimensions: int,
    md5: str | None = None,
    others_md5: Mapping[str, str] | None = None,
) -> np.ndarray:
    """The uint8 array of one IDX file.

    Args:
        path: The file, plain or gzip.
        num_dimensions: That it must have.
        md5: That its uncompressed content must have; None = any but ``others_md5``.
        others_md5: MD5 -> the set whose file it is.

    Raises:
        DataError: for a damaged compression, a wrong magic number, type or number of dimensions, a
            length that is not the one the header promises, or another MD5.
        OSError: if the file cannot be read.
    """
    content = _payload(path)
    if len(content) < 4 or content[:2] != b"\0\0" or content[2:4] != bytes([8, num_dimensions]):
        raise DataError(
            f"{path} begins with {content[:4].hex(' ') or 'nothing'}; an IDX file of bytes in "
            f"{num_dimensions} dimensions begins with 00 00 08 {num_dimensions:02x}"
        )
    start = 4 + 4 * num_dimensions
    if len(content) < start:
        raise DataError(f"{path} is truncated inside its header")
    shape = struct.unpack(f">{num_dimensions}I", content[4:start])
    # Python's integers: a header can promise more than 64 bits hold.
    promised = 1
    for size in shape:
        promised *= size
    if len(content) - start != promised:
        raise DataError(
            f"{path} holds {len(content) - start} bytes after its header, "
            f"which promises {'x'.join(map(str, shape))} = {promised}"
        )
    if md5 or others_md5:
        actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
        if md5 not in (None, actual):
            raise DataError(f"{path} is not the published file: MD5 {actual}, expected {md5}")
        if others_md5 and actual in others_md5:
            raise DataError(f"{path} is of {others_md5[actual]}; each set needs its own folder")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _find(folder: Path, *, layout: IdxLayout) -> Found | None:
    files: dict[str, Path] = {}
    wanted = layout.train + layout.test
    for name in wanted:
        # Kaggle's copies have a dot before idx: train-images.idx3-ubyte.
        for spelled in (name, name.replace("-idx", ".idx")):
            for path in (folder / spelled, folder / f"{spelled}.gz"):
                if has_file(path):
                    files.setdefault(name, path)
    if not files:
        return None
    missing = [name for name in wanted if name not in files]
    if missing:
        raise DataError(f"{folder} is incomplete: {missing[0]} (or .gz) is missing")
    # Several sets have files of these names. The smallest tells them apart before any is read.
    _read_labels(files, layout.test[1], layout=layout)

    def read() -> Arrays:
        train, test = (
            _read_part(files, names, layout=layout) for names in (layout.train, layout.test)
        )
        return Arrays(train, test, layout.class_names)

    return Found(str(folder), tuple(files.values()), read)


def _read_part(files: Mapping[str, Path], names: tuple[str, str], *, layout: IdxLayout) -> Split:
    path = files[names[0]]
    images_NHW = read_idx(path, num_dimensions=3, md5=layout.payload_md5.get(names[0]))
    if layout.is_transposed:
        images_NHW = images_NHW.transpose(0, 2, 1)
    labels = _read_labels(files, names[1], layout=layout).astype(np.int64) - layout.first_label
    return make_split(images_NHW, labels, where=str(path))


def _read_labels(files: Mapping[str, Path], name: str, *, layout: IdxLayout) -> np.ndarray:
    md5 = layout.payload_md5.get(name)
    return read_idx(files[name], num_dimensions=1, md5=md5, others_md5=layout.others_md5)


def _payload(path: Path) -> bytes:
    with open_file(path) as file:
        is_compressed = file.read(2) == b"\x1f\x8b"
    if not is_compressed:
        return read_file(path, most_bytes=MAX_PAYLOAD_BYTES)
    with open_file(path) as file:
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                content = unpacked.read(MAX_PAYLOAD_BYTES + 1)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{path} is damaged: {error}") from None
    if len(content) > MAX_PAYLOAD_BYTES:
        raise DataError(f"{path} unpacks to more than {MAX_PAYLOAD_BYTES} bytes")
    return content
