"""Reading one Parquet table of an export: every column of its type, every value in its range.

What a column may hold stands with the tables of the database, from which exports are made.
Nothing is decompressed before the file's own account of its size was looked at.
"""

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Column

from ...errors import StoreError
from ..database.values import Allowed, allowed_in

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_BYTES = 2**31
"""Of the columns of one file, decompressed: the predictions of 100,000 runs on CIFAR are half."""
_MOST_CLASSES = 2**29
"""Class indices in one file, and for each of its rows."""
_MOST_IMAGES = 2**22
_MOST_CHARACTERS = 2**24
"""Of one text, such as a traceback; a plan's settings have a thousand."""
_WORDS: Mapping[type, str] = {
    str: "texts",
    int: "whole numbers",
    float: "numbers",
    bool: "truth values",
    bytes: "bytes",
    list: "lists of class indices",
}


def read_columns(
    name: str,
    content: bytes,
    columns: Mapping[str, Column[Any]],
    *,
    most_rows: int,
    required: Sequence[str] = (),
    may_lack: Sequence[str] = (),
) -> dict[str, list[Any]]:
    """The columns of a table, each a list of plain values; class indices as uint16 arrays.

    Args:
        name: Of the file, for messages.
        content: The file.
        columns: What it must hold; further columns are not looked at.
        most_rows: More rows than belong into it are refused.
        required: Columns that are empty in no row, beside those that the database says.
        may_lack: Columns that older files do not have: empty.

    Raises:
        StoreError: naming the column, the row and the value.
    """
    import pyarrow as pa

    try:
        found = _read(name, content, columns, most_rows=most_rows, may_lack=may_lack)
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
        raise StoreError(f"{name} is no Parquet file that can be read: {brief(error)}") from None
    values = {}
    for key, column in columns.items():
        if key in found.column_names:
            needs_value = not column.nullable or key in required
            values[key] = _values(name, key, found[key], column, needs_value=needs_value)
        else:
            values[key] = [None] * found.num_rows
    return values


def brief(value: object) -> str:
    """A value in a message: one line, not too long; control characters escaped."""
    text = str(value) if isinstance(value, Exception) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:110]}..."


def _read(
    name: str,
    content: bytes,
    columns: Mapping[str, Column[Any]],
    *,
    most_rows: int,
    may_lack: Sequence[str],
) -> "pa.Table":
    import pyarrow.parquet as pq

    file = pq.ParquetFile(io.BytesIO(content))
    schema = file.schema_arrow
    if file.metadata.num_rows > most_rows:
        raise StoreError(
            f"{name} holds {file.metadata.num_rows:,} rows, and at most {most_rows:,} belong there"
        )
    chosen = []
    for key, column in columns.items():
        places = schema.get_all_field_indices(key)
        if len(places) == 1:
            _check_type(name, schema.field(places[0]), column)
            chosen.append(key)
        elif places or key not in may_lack:
            raise StoreError(f"{name} has the column {key!r} {len(places)} times; once is expected")
    _check_size(name, file.metadata, chosen)
    # A text that stands in a million rows is read once.
    texts = [key for key in chosen if columns[key].type.python_type is str]
    plain = [key for key in texts if not _is_dictionary(schema.field(key).type)]
    table = pq.ParquetFile(io.BytesIO(content), read_dictionary=plain).read(
        columns=chosen, use_threads=False
    )
    table.validate(full=True)
    return table


def _is_dictionary(type: "pa.DataType") -> bool:
    import pyarrow as pa

    return bool(pa.types.is_dictionary(type))


def _check_type(name: str, field: "pa.Field", column: Column[Any]) -> None:
    """Widths may differ from ours, kinds may not; a column without a value may have no type."""
    import pyarrow.types as types

    kind = column.type.python_type
    found = field.type
    if types.is_dictionary(found):
        found = found.value_type
    is_list = types.is_list(found) or types.is_large_list(found)
    fits = {
        str: types.is_string(found) or types.is_large_string(found),
        int: types.is_integer(found) and not types.is_uint64(found),
        float: types.is_floating(found) or types.is_integer(found),
        bool: types.is_boolean(found),
        bytes: types.is_binary(found) or types.is_large_binary(found),
        list: is_list and types.is_integer(found.value_type),
    }[kind]
    is_plain = kind is str or not types.is_dictionary(field.type)
    if not (fits and is_plain) and not types.is_null(found):
        raise StoreError(
            f"{name}: the column {field.name!r} holds {brief(str(field.type))}, and "
            f"{_WORDS[kind]} are expected"
        )


def _check_size(name: str, metadata: Any, chosen: Sequence[str]) -> None:
    num_bytes, num_values = 0, Counter[str]()
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for place in range(row_group.num_columns):
            part = row_group.column(place)
            path = part.path_in_schema
            if path in chosen or path.partition(".")[0] in chosen:
                num_bytes += part.total_uncompressed_size
                num_values[path] += part.num_values
    most = max(num_values.values(), default=0)
    if num_bytes > _MOST_BYTES or most > min(_MOST_CLASSES, _MOST_IMAGES * metadata.num_rows):
        raise StoreError(
            f"{name} would take {num_bytes:,} bytes and {most:,} values; export fewer runs at "
            "once with --where"
        )


def _values(
    name: str, key: str, found: "pa.ChunkedArray", column: Column[Any], *, needs_value: bool
) -> list[Any]:
    import pyarrow as pa

    kind = column.type.python_type
    rule = allowed_in(column.info)
    try:
        if kind is list and not found.null_count:
            return _class_lists(name, key, found)
        values = _texts(found) if kind is str else found.cast(_arrow_type(kind)).to_pylist()
    except (pa.ArrowException, ValueError) as error:
        raise StoreError(f"{name}: the column {key!r} cannot be read: {brief(error)}") from None
    allowed: dict[Any, bool] = {None: not needs_value}
    for row, value in enumerate(values):
        if value not in allowed:
            allowed[value] = _fits(value, rule)
        if not allowed[value]:
            given = "is empty" if value is None else f"is {brief(value)}"
            words = rule.words if not isinstance(value, str) or rule.pattern else "a shorter text"
            raise StoreError(f"{name}, row {row + 1}: {key} {given}; {words} is expected")
    return values


def _arrow_type(kind: type) -> "pa.DataType":
    import pyarrow as pa

    types = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), bytes: pa.binary()}
    return types.get(kind, pa.null())


def _fits(value: Any, rule: Allowed) -> bool:
    if isinstance(value, str) and len(value) > _MOST_CHARACTERS:
        return False
    return isinstance(value, bytes) or rule.fits(value)


def _texts(found: "pa.ChunkedArray") -> list[Any]:
    """One object for a text, however many rows it stands in."""
    import pyarrow as pa

    if pa.types.is_null(found.type):
        return [None] * len(found)
    texts: list[Any] = []
    for chunk in found.chunks:
        array = chunk if _is_dictionary(chunk.type) else chunk.dictionary_encode()
        known = array.dictionary.to_pylist()
        texts += (None if i is None else known[i] for i in array.indices.to_pylist())
    return texts


def _class_lists(name: str, key: str, found: "pa.ChunkedArray") -> list[Any]:
    import pyarrow as pa

    whole = found.cast(pa.large_list(pa.uint16())).combine_chunks()
    lists = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    flat = lists.flatten()
    if flat.null_count:
        raise StoreError(f"{name}: {key} holds a class that is empty")
    ends = np.cumsum(lists.value_lengths().to_numpy(zero_copy_only=False), dtype=np.int64)
    return np.split(flat.to_numpy(), ends[:-1]) if len(ends) else []
