"""Rows of the database as Arrow tables, typed by their columns also where there are no rows."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, Select, Table, select

from ...registry import format_value
from ..database import chunks
from ..database.schema import to_json

if TYPE_CHECKING:
    import pyarrow as pa


def read_table(connection: Connection, query: Select[Any]) -> "pa.Table":
    """A query's rows as a table whose types are those of the columns, also without rows."""
    import pyarrow as pa

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    columns = query.selected_columns
    schema = pa.schema([(c.name, types.get(c.type.python_type, pa.binary())) for c in columns])
    rows = connection.execute(query).all()
    values = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table(
        [pa.array(v, field.type) for v, field in zip(values, schema, strict=True)], schema
    )


def read_of_runs(connection: Connection, table: Table, run_ids: Sequence[str]) -> "pa.Table":
    """The rows of these runs, in their order, each run once."""
    import pyarrow as pa

    keys = list(table.primary_key.columns)
    query = select(table).order_by(*keys)
    parts = [read_table(connection, query.limit(0))]
    parts += [
        read_table(connection, query.where(table.c.run_id.in_(chunk)))
        for chunk in chunks(dict.fromkeys(run_ids))
    ]
    return pa.concat_tables(parts)


def array_of(values: Sequence[Any]) -> "pa.Array":
    """Values of one setting; one that is a list (step_milestones) is written as JSON.

    Settings of users' trainings may be of several types: then all are texts.
    """
    import pyarrow as pa

    plain = [to_json(v) if isinstance(v, tuple) else v for v in values]
    kinds = {float if type(v) is int else type(v) for v in plain if v is not None}
    if len(kinds) > 1:
        plain = [None if value is None else format_value(value) for value in plain]
    array = pa.array(plain)
    return array.cast(pa.string()) if pa.types.is_null(array.type) else array


def class_lists(classes: Sequence[np.ndarray]) -> "pa.Array":
    """A list of class indices for each row."""
    import pyarrow as pa

    offsets = np.cumsum([0, *(len(row) for row in classes)])
    flat = np.concatenate([np.empty(0, np.uint16), *classes]).astype(np.uint16)
    return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), pa.array(flat))
