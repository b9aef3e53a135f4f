"""Parquet folders in the Hugging Face layout: shards ``train-*.parquet`` and ``test-*.parquet``.

Which shards there have to be stands in their names (:mod:`.shards`).
The image column is ``img`` or ``image``, a struct {bytes, path} or plain binary; the label column
is one of those given; the class names stand in the schema's ``huggingface`` metadata. In a folder
of one's own a part may be one file, ``train.parquet``, the test part may be called
``validation``, and the columns may have other names where that metadata tells which they are.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataError
from ..content import Arrays, Form, Found, is_memory, make_split, numbered_classes
from .columns import LABEL_COLUMNS, ColumnNames, features_of
from .decoder import Decoder
from .files import refuse_special
from .parts import TESTS, TRAIN, notes_on_parts, or_list
from .shards import find_part, find_shards, is_begun

ROWS_AT_ONCE = 100
_Find = Callable[[Path, str], tuple[Path, ...]]


def parquet_form(label_columns: Sequence[str], folders: Sequence[str] = ("", "data")) -> Form:
    """The form of a published set, whose files and columns have the names of its authors.

    Args:
        label_columns: Names that the label column may have, the first found is taken.
        folders: Where the shards may lie, relative to the folder looked into.
    """
    columns = ColumnNames(tuple(label_columns))
    find = partial(_find, columns=columns, folders=tuple(folders), find_part=find_shards)
    return Form("train-*.parquet", partial(find, tests=TESTS[:1], size=None))


def any_parquet_form(size: int | None = None) -> Form:
    """The form of a Parquet folder of one's own, which may have other names too.

    Args:
        size: What to bring the images to, in pixels a side; None leaves them.
    """
    columns = ColumnNames(LABEL_COLUMNS, takes_features=True)
    find = partial(_find, columns=columns, folders=("", "data"), find_part=find_part)
    return Form("train-*.parquet or train.parquet", partial(find, tests=TESTS, size=size))


def _find(
    root: Path,
    *,
    columns: ColumnNames,
    folders: Sequence[str],
    find_part: _Find,
    tests: Sequence[str],
    size: int | None,
) -> Found | None:
    for folder in (root / name for name in folders):
        train = find_part(folder, TRAIN)
        test_names = [name for name in tests if is_begun(folder, name)]
        test = find_part(folder, test_names[0]) if test_names else ()
        if not train and not test:
            continue
        if not train or not test:
            lacking = or_list([f"{name}-*.parquet" for name in (tests if train else (TRAIN,))])
            raise DataError(f"{folder} is incomplete: it has no {lacking}")
        read = partial(_read, train, test, columns=columns, size=size, others=test_names[1:])
        notes = notes_on_parts(test_names[0], unread=test_names[1:])
        return Found(str(folder), (*train, *test), read, notes=notes)
    return None


def _read(
    train: Sequence[Path],
    test: Sequence[Path],
    *,
    columns: ColumnNames,
    size: int | None,
    others: Sequence[str],
) -> Arrays:
    """``others``: parts that might be the test part."""
    class_names = _same_class_names((*train, *test), columns)
    decoder = Decoder(size, where=train[0].parent)
    decoded = [_decode(shards, decoder, columns=columns) for shards in (train, test)]
    if others and (decoded[1][1] == -1).all():
        raise DataError(
            f"{test[0]} has no labels, -1 stands for none: move it away, and {others[0]} is the "
            "test part"
        )
    train_part, test_part = (
        make_split(decoder.join(images), labels, where=str(shards[0]))
        for shards, (images, labels) in zip((train, test), decoded, strict=True)
    )
    if not class_names:
        class_names = numbered_classes(train_part, test_part, where=str(train[0].parent))
    return Arrays(train_part, test_part, class_names, decoder.notes)


def _decode(
    shards: Sequence[Path], decoder: Decoder, *, columns: ColumnNames
) -> tuple[list[np.ndarray], np.ndarray]:
    """The images of one part, and its labels."""
    labels: list[np.ndarray] = []

    def images() -> Iterator[tuple[str, bytes]]:
        for shard in shards:
            row = 0
            for contents, batch_labels in _batches(shard, columns):
                labels.append(batch_labels)
                for content in contents:
                    if content is None:
                        raise DataError(f"{shard}: row {row} has no image bytes")
                    yield f"{shard}: row {row}", content
                    row += 1

    decoded = decoder.decode(images())
    return decoded, np.concatenate(labels) if labels else np.empty(0, dtype=np.int64)


def _batches(shard: Path, columns: ColumnNames) -> Iterator[tuple[list[bytes | None], np.ndarray]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        refuse_special(shard)
        with pq.ParquetFile(shard) as file:
            image = columns.image(file.schema_arrow, shard)
            label = columns.label(file.schema_arrow, shard)
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


def _same_class_names(shards: Sequence[Path], columns: ColumnNames) -> tuple[str, ...]:
    """The class names of all shards; () where the first has none.

    Raises:
        DataError: if two shards name classes otherwise: a label would mean two things.
    """
    first = _class_names(shards[0], columns)
    for shard in shards[1:]:
        names = _class_names(shard, columns)
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


def _class_names(shard: Path, columns: ColumnNames) -> tuple[str, ...]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        refuse_special(shard)
        schema = pq.read_schema(shard)
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(shard, error) from None
    label = columns.label(schema, shard)
    try:
        return tuple(str(name) for name in features_of(schema)[label]["names"])
    except (KeyError, TypeError):
        return ()  # classes are named by their number
