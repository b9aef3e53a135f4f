"""Parquet folders in the Hugging Face layout: shards ``train-*.parquet`` and ``test-*.parquet``.

Which shards there have to be stands in their names (:mod:`.shards`).
The image column is ``img`` or ``image``, a struct {bytes, path} or plain binary; the label column
is one of those given; the class names stand in the schema's ``huggingface`` metadata.
"""

import json
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from .check import make_split, numbered_classes
from .dataset import Arrays, Split
from .entry import Form, Found
from .files import refuse_special
from .images import decode_images
from .memory import is_memory
from .notes import cut
from .shards import find_shards

IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label")
ROWS_AT_ONCE = 1000


def parquet_form(label_columns: Sequence[str], folders: Sequence[str] = ("", "data")) -> Form:
    """The form of a Parquet folder.

    Args:
        label_columns: Names that the label column may have, the first found is taken.
        folders: Where the shards may lie, relative to the folder looked into.
    """
    find = partial(_find, label_columns=tuple(label_columns), folders=tuple(folders))
    return Form("train-*.parquet", find)


def _find(root: Path, *, label_columns: Sequence[str], folders: Sequence[str]) -> Found | None:
    for folder in (root / name for name in folders):
        train, test = (find_shards(folder, part) for part in ("train", "test"))
        if not train and not test:
            continue
        for part, shards in (("train", train), ("test", test)):
            if not shards:
                raise DataError(f"{folder} is incomplete: it has no {part}-*.parquet")
        read = partial(_read, train, test, label_columns=label_columns)
        return Found(str(folder), (*train, *test), read)
    return None


def _read(train: Sequence[Path], test: Sequence[Path], *, label_columns: Sequence[str]) -> Arrays:
    names = _same_class_names((*train, *test), label_columns)
    train_part, test_part = (_read_part(shards, label_columns) for shards in (train, test))
    if not names:
        names = numbered_classes(train_part, test_part, where=str(train[0].parent))
    return Arrays(train_part, test_part, names)


def _read_part(shards: Sequence[Path], label_columns: Sequence[str]) -> Split:
    labels: list[np.ndarray] = []

    def images() -> Iterator[tuple[str, bytes]]:
        for shard in shards:
            row = 0
            for contents, batch_labels in _batches(shard, label_columns):
                labels.append(batch_labels)
                for content in contents:
                    if content is None:
                        raise DataError(f"{shard}: row {row} has no image bytes")
                    yield f"{shard}: row {row}", content
                    row += 1

    decoded = decode_images(images())
    whole = np.concatenate(labels) if labels else np.empty(0, dtype=np.int64)
    return make_split(decoded, whole, where=str(shards[0]))


def _batches(
    shard: Path, label_columns: Sequence[str]
) -> Iterator[tuple[list[bytes | None], np.ndarray]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        refuse_special(shard)
        with pq.ParquetFile(shard) as file:
            image = _column(
                file.schema_arrow, IMAGE_COLUMNS, problem=f"{shard} has no image column"
            )
            label = _column(
                file.schema_arrow, label_columns, problem=f"{shard} has no label column"
            )
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=[image, label]):
                yield (
                    _image_bytes(batch.column(image), shard),
                    _labels(batch.column(label), shard),
                )
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(shard, error) from None


def _unreadable(shard: Path, error: Exception) -> DataError | MemoryError:
    reason = str(error).partition("\n")[0]
    if is_memory(error):
        return MemoryError(f"{shard}: {reason}")
    return DataError(f"{shard} is not a readable Parquet file: {reason}")


def _column(schema: Any, names: Sequence[str], *, problem: str) -> str:
    for name in names:
        if name in schema.names:
            return name
    has = ", ".join(cut(schema.names))
    raise DataError(f"{problem} {' or '.join(names)}; its columns are {has}")


def _image_bytes(column: Any, shard: Path) -> list[bytes | None]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_struct(column.type) and column.type.get_field_index("bytes") >= 0:
        column = pc.struct_field(column, "bytes")
    if not (pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)):
        raise DataError(f"{shard}: the image column is {column.type}, expected encoded bytes")
    contents: list[bytes | None] = column.to_pylist()
    return contents


def _labels(column: Any, shard: Path) -> np.ndarray:
    import pyarrow as pa

    if not pa.types.is_integer(column.type):
        raise DataError(f"{shard}: the label column is {column.type}, expected whole numbers")
    if column.null_count:
        raise DataError(f"{shard}: {column.null_count} rows have no label")
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


def _same_class_names(shards: Sequence[Path], label_columns: Sequence[str]) -> tuple[str, ...]:
    """The class names of all shards; () where the first has none.

    Raises:
        DataError: if two shards name classes otherwise: a label would mean two things.
    """
    first = _class_names(shards[0], label_columns)
    for shard in shards[1:]:
        names = _class_names(shard, label_columns)
        if first and names and names != first:
            label, (other, known) = next(
                (label, pair)
                for label, pair in enumerate(zip_longest(names, first))
                if pair[0] != pair[1]
            )
            raise DataError(
                f"{shard} calls class {label} {other!r} but {shards[0]} {known!r}; the class names "
                "of all shards must be the same"
            )
    return first


def _class_names(shard: Path, label_columns: Sequence[str]) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        refuse_special(shard)
        schema = pq.read_schema(shard)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(shard, error) from None
    label = _column(schema, label_columns, problem=f"{shard} has no label column")
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return tuple(str(name) for name in features[label]["names"])
    except (KeyError, TypeError, ValueError):
        return ()  # written by something else: classes are named by their number
