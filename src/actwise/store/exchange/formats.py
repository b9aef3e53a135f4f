"""Writing a table as CSV, JSON or Parquet."""

import base64
import csv
import io
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ...errors import UnknownNameError
from ...printable import printable_bytes, printable_json
from .output import write_file

if TYPE_CHECKING:
    import pyarrow as pa

# A spreadsheet runs a text that begins so as a formula.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


def write_table(table: "pa.Table", target: Path | BinaryIO, format: str) -> None:
    """Write a table to a file, which appears when it is complete, or to a binary stream.

    csv: UTF-8, a header, floats to the last digit, empty cells for what is missing, lists as
        JSON, bytes as base64; a text that a spreadsheet would run as a formula (it begins with
        ``=``, ``+``, ``-``, ``@``, a tab or a carriage return) gets an apostrophe before it.
    json: An array of objects; what is missing or not a finite number is null.
    parquet: Every type kept.

    What goes to a stream may be shown on a terminal: control characters in it are escapes.

    Raises:
        UnknownNameError: for another format.
        SpecError: if no file may stand there.
        OutputError: if it cannot be written.
    """
    content = render_table(table, format)
    if not isinstance(target, Path):
        target.write(content if format == "parquet" else printable_bytes(content))
        return
    write_file(target, content)


def render_table(table: "pa.Table", format: str) -> bytes:
    """A table as the bytes of a file; see :func:`write_table`.

    Raises:
        UnknownNameError: for an unknown format.
    """
    if format not in FORMATS:
        raise UnknownNameError("format", format, FORMATS)
    return FORMATS[format](table)


def _csv(table: "pa.Table") -> bytes:
    text = _UnixLines(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_csv_cell, table.column_names))
    columns = [[_csv_cell(value) for value in column.to_pylist()] for column in table.columns]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


class _UnixLines(io.StringIO):
    """Rows as they are written, ended by a line feed alone.

    ``csv.writer`` puts a cell with a carriage return in quotes only where rows end with one.
    """

    def write(self, row: str) -> int:
        return super().write(row.removesuffix("\r\n") + "\n")


def _csv_cell(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_BEGINNINGS) else value
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    plain = plain_value(value)
    return plain if isinstance(plain, str) else json.dumps(plain, separators=(",", ":"))


def _json(table: "pa.Table") -> bytes:
    rows = ({name: plain_value(value) for name, value in row.items()} for row in table.to_pylist())
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    body = printable_json(",\n".join(lines))
    return f"[\n{body}\n]\n".encode() if body else b"[]\n"


def plain_value(value: Any) -> Any:
    """A value of a cell as JSON has it: bytes as base64, numbers that are not finite as None."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _parquet(table: "pa.Table") -> bytes:
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


FORMATS: Mapping[str, Callable[["pa.Table"], bytes]] = {
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}
"""The formats of ``export``."""
