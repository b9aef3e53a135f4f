"""Values for forged exports: any type, edges of ranges, and what stands elsewhere in the tables."""

import io
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


def values_of(tables: Mapping[str, pa.Table]) -> st.SearchStrategy[Any]:
    """Anything, edges, and what stands in other places of the tables."""
    present: dict[str, Any] = {}
    for table in tables.values():
        for column in table.columns:
            if not pa.types.is_large_list(column.type):
                present |= {repr(value): value for value in column.slice(0, 40).to_pylist()}
    edges: list[Any] = [
        *(0, 1, -1, 2, 50, 99, 100, 101, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64),
        *(0.0, -0.0, 0.5, 100.0, 100.5, 1e100, 1.7e308, 5e-324, float("nan"), float("inf")),
        *("", "finished", "diverged", "failed", "pending", "[]", "{}", "null", "=1+1", "\x1b[31m"),
        *(
            "2026-02-31T00:00:00+00:00",
            "9" * 400,
            "\0",
            "\u202e",
            "[" * 3000,
            b"",
            [],
            [0],
            [70000],
        ),
    ]
    anything = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.floats(0, 100),
        st.text(max_size=30),
        st.binary(max_size=10),
        st.lists(st.integers(-2, 70000), max_size=6),
        st.dates(min_value=date(1900, 1, 1)),
        st.datetimes(min_value=datetime(1900, 1, 1)),
        st.decimals(allow_nan=False, allow_infinity=False, places=2),
        json_values(),
    )
    known = [present[key] for key in sorted(present)]
    return st.one_of(anything, st.sampled_from(edges), st.sampled_from(known))


def json_values() -> st.SearchStrategy[Json]:
    """Values of JSON, levels and numbers that JSON cannot hold among them."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-3, 2**65),
        st.floats(),
        st.text(max_size=12),
        st.sampled_from(["relu", "elu(0.5)", "bn+dropout", "digits", "0..9", "", "x" * 300]),
    )
    return cast(
        "st.SearchStrategy[Json]",
        st.recursive(
            leaves,
            lambda inner: st.one_of(
                st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
            ),
            max_leaves=6,
        ),
    )


def array_of(values: list[Any], type: pa.DataType) -> pa.Array:
    """Of this type; where the values cannot be, of theirs; where Parquet cannot, as text."""
    for wanted in (type, None):
        try:
            array = pa.array(values, wanted)
            pq.write_table(pa.table({"any": array}), io.BytesIO())
            return array
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            continue
    return pa.array([None if v is None else _plain_text(v) for v in values])


def _plain_text(value: object) -> str:
    return (
        (str(value) if isinstance(value, Decimal) else repr(value))
        .encode("utf-8", "replace")
        .decode()
    )
