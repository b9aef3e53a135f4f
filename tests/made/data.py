"""Small made data sets in every published form, and a line of the table for them: ``tiny``.

The archives are made when this module is imported, so that the entry can hold their MD5 sums just
as the real entries do. ``write_tiny(form, folder)`` puts one form into a folder.
"""

import gzip
import hashlib
import io
import json
import struct
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from actwise.datasets import DATASETS
from actwise.datasets.content.entry import DatasetEntry, Published
from actwise.datasets.formats.cifar import CifarLayout, Packing, cifar_forms
from actwise.datasets.formats.parquet import parquet_form

CLASSES = ("ant", "bee", "cat")
NUM_TRAIN, NUM_TEST = 60, 30
BATCHES = ("batch_1", "batch_2", "test_batch")


def made_images(num_images: int, *, seed: int, shape: tuple[int, ...] = (3, 32, 32)) -> np.ndarray:
    """Random uint8 images (N, *shape)."""
    return np.random.default_rng(seed).integers(0, 256, (num_images, *shape), dtype=np.uint8)


def made_labels(num_images: int, num_classes: int = len(CLASSES)) -> np.ndarray:
    """0, 1, 2, 0, 1 ... as int64 (N,)."""
    return np.arange(num_images) % num_classes


TRAIN_IMAGES, TRAIN_LABELS = made_images(NUM_TRAIN, seed=1), made_labels(NUM_TRAIN)
TEST_IMAGES, TEST_LABELS = made_images(NUM_TEST, seed=2), made_labels(NUM_TEST)


def python2_batch(images_NCHW: np.ndarray, labels: Sequence[int], *, key: bytes) -> bytes:
    """A batch exactly as Python 2 pickled the published ones (protocol 2, byte strings)."""
    pixels = images_NCHW.reshape(len(images_NCHW), -1)
    shape = b"".join(b"J" + struct.pack("<i", size) for size in pixels.shape) + b"\x86"
    dtype = (
        b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    )
    content = pixels.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
        b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<i", len(content)) + content + b"tb"
    )
    written = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    entries = {b"batch_label": b"U\x04made", b"data": array, key: written}
    items = b"".join(b"U" + bytes([len(k)]) + k + v for k, v in entries.items())
    return b"\x80\x02}(" + items + b"u."


def binary_batch(images_NCHW: np.ndarray, labels: Sequence[int]) -> bytes:
    """Records of two label bytes, a coarse class of no interest and the class, and the pixels."""
    rows = zip(labels, images_NCHW, strict=True)
    return b"".join(bytes([7, label]) + image.tobytes() for label, image in rows)


def make_archive(members: Mapping[str, bytes]) -> bytes:
    """A .tar.gz with these members and fixed times."""
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w") as archive,
    ):
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def encode_image(image_CHW: np.ndarray, *, kind: str = "png") -> bytes:
    """One image as a lossless file."""
    pixels = image_CHW[0] if len(image_CHW) == 1 else image_CHW.transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **({"lossless": True} if kind == "webp" else {}))
    return file.getvalue()


def idx(array: np.ndarray) -> bytes:
    """An array of bytes as an IDX file."""
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_shard(
    path: Path,
    images: Sequence[bytes | None],
    labels: Sequence[int | None],
    *,
    columns: tuple[str, str] = ("img", "label"),
    class_names: Sequence[str] | None = CLASSES,
    has_struct: bool = True,
) -> None:
    """One Parquet file in the Hugging Face layout."""
    image: pa.Array = pa.array(images, pa.binary())
    if has_struct:
        paths = pa.array([None] * len(images), pa.string())
        image = pa.StructArray.from_arrays([image, paths], ["bytes", "path"])
    table = pa.table({columns[0]: image, columns[1]: pa.array(labels, pa.int64())})
    if class_names is not None:
        features = {columns[1]: {"names": list(class_names), "_type": "ClassLabel"}}
        metadata = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": metadata})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def tiny_parquet(folder: Path) -> None:
    """Two training shards (PNG and WebP) in another order than the archives', and one test."""
    backwards = list(reversed(range(NUM_TRAIN)))
    for number, kind, rows in ((0, "png", backwards[:25]), (1, "webp", backwards[25:])):
        images = [encode_image(TRAIN_IMAGES[i], kind=kind) for i in rows]
        labels = [int(TRAIN_LABELS[i]) for i in rows]
        write_shard(folder / f"train-{number:05d}-of-00002.parquet", images, labels)
    images = [encode_image(image, kind="webp") for image in TEST_IMAGES]
    write_shard(folder / "test-00000-of-00001.parquet", images, TEST_LABELS.tolist())


def _batches(
    encode: Callable[[np.ndarray, list[int]], bytes], suffix: str = ""
) -> dict[str, bytes]:
    half = NUM_TRAIN // 2
    parts = (
        (TRAIN_IMAGES[:half], TRAIN_LABELS[:half]),
        (TRAIN_IMAGES[half:], TRAIN_LABELS[half:]),
        (TEST_IMAGES, TEST_LABELS),
    )
    return {
        name + suffix: encode(images, labels.tolist())
        for name, (images, labels) in zip(BATCHES, parts, strict=True)
    }


PYTHON_BATCHES = _batches(lambda i, n: python2_batch(i, n, key=b"fine_labels"))
BINARY_BATCHES = _batches(binary_batch, ".bin")
PYTHON_ARCHIVE = make_archive({f"tiny-python/{k}": v for k, v in PYTHON_BATCHES.items()})
# Names that would leave the folder, were the archive ever extracted; they are not looked at.
BINARY_ARCHIVE = make_archive(
    {"../escaped": b"no", "/escaped": b"no"}
    | {f"tiny-binary/{k}": v for k, v in BINARY_BATCHES.items()}
)


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


_WRITERS: dict[str, Callable[[Path], None]] = {
    "python archive": lambda f: _write_files(f, {"tiny-python.tar.gz": PYTHON_ARCHIVE}),
    "python folder": lambda f: _write_files(f / "tiny-python", PYTHON_BATCHES),
    "binary archive": lambda f: _write_files(f, {"tiny-binary.tar.gz": BINARY_ARCHIVE}),
    "binary folder": lambda f: _write_files(f / "tiny-binary", BINARY_BATCHES),
    "bare files": lambda f: _write_files(f, BINARY_BATCHES),
    "parquet": lambda f: tiny_parquet(f / "tiny"),
    "parquet, bare": tiny_parquet,
}
FORMS = tuple(_WRITERS)


def write_tiny(form: str, folder: Path) -> Path:
    """Put ``tiny`` in one of :data:`FORMS` into ``folder``, a data folder."""
    _WRITERS[form](folder)
    return folder


def _packing(version: str, archive: bytes, suffix: str) -> Packing:
    return Packing(
        archive=f"tiny-{version}.tar.gz",
        archive_md5=hashlib.md5(archive, usedforsecurity=False).hexdigest(),
        folder=f"tiny-{version}",
        train=tuple(name + suffix for name in BATCHES[:2]),
        test=(BATCHES[2] + suffix,),
    )


TINY = DATASETS.add(
    DatasetEntry(
        name="tiny",
        description="made images, for tests",
        folders=("tiny",),
        forms=(
            parquet_form(["label"]),
            *cifar_forms(
                CifarLayout(
                    python=_packing("python", PYTHON_ARCHIVE, ""),
                    binary=_packing("binary", BINARY_ARCHIVE, ".bin"),
                    label_key=b"fine_labels",
                    num_label_bytes=2,
                    class_names=CLASSES,
                )
            ),
        ),
        published=Published((3, 32, 32), NUM_TRAIN, NUM_TEST, CLASSES),
    )
)


def write_folder(root: Path, images_of: Mapping[str, Sequence[np.ndarray]]) -> Path:
    """One PNG an image, in a subfolder a class."""
    for name, images in images_of.items():
        (root / name).mkdir(parents=True)
        for number, image in enumerate(images):
            (root / name / f"{number:04d}.png").write_bytes(encode_image(image))
    return root
