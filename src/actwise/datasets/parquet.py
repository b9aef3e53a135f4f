"""Parquet folders in the Hugging Face layout: shards ``train-*.parquet`` and ``test-*.parquet``.

The image column is ``img`` or ``image``, a struct {bytes, path} or plain binary; the label column
is one of those given; the class names stand in the schema's ``huggingface`` metadata.
"""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DataError
from .check import make_split, numbered_classes
from .dataset import Arrays, Split
from .entry import Form, Found
from .images import decode_images

IMAGE_COLUMNS = ("img", "image")
LABEL_COLUMNS = ("label", "fine_label")
ROWS_AT_ONCE = 1000
_OF = re.compile(r"-of-(\d+)\.parquet$")


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
        train, test = (sorted(folder.glob(f"{part}-*.parquet")) for part in ("train", "test"))
        if not train and not test:
            continue
        for part, shards in (("train", train), ("test", test)):
            _all_shards_are_there(folder, part, shards=shards)
        read = partial(_read, train, test, label_columns=label_columns)
        return Found(str(folder), (*train, *test), read)
    return None


def _all_shards_are_there(folder: Path, part: str, *, shards: Sequence[Path]) -> None:
    if not shards:
        raise DataError(f"{folder} is incomplete: it has no {part}-*.parquet")
    totals = {match[1] for shard in shards if (match := _OF.search(shard.name))}
    if totals and {len(shards)} != {int(total) for total in totals}:
        raise DataError(
            f"{folder} is incomplete: {len(shards)} of {'/'.join(sorted(totals))} "
            f"{part}-*.parquet are there"
        )


def _read(train: Sequence[Path], test: Sequence[Path], *, label_columns: Sequence[str]) -> Arrays:
    train_part, test_part = (_read_part(shards, label_columns) for shards in (train, test))
    names = _class_names(train[0], label_columns)
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
        reason = str(error).partition("\n")[0]
        raise DataError(f"{shard} is not a readable Parquet file: {reason}") from None


def _column(schema: Any, names: Sequence[str], *, problem: str) -> str:
    for name in names:
        if name in schema.names:
            return name
    has = ", ".join(schema.names)
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


def _class_names(shard: Path, label_columns: Sequence[str]) -> tuple[str, ...]:
    import pyarrow.parquet as pq

    schema = pq.read_schema(shard)
    label = _column(schema, label_columns, problem=f"{shard} has no label column")
    try:
        features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        return tuple(str(name) for name in features[label]["names"])
    except (KeyError, TypeError, ValueError):
        return ()  # written by something else: classes are named by their number
