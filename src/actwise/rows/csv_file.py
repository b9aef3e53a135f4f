"""CSV files as other programs write them, and rows that know where they stand.

Spreadsheets write semicolons and decimal commas, tabs, byte order marks and blanks: what a file
means is found by itself. What cannot be read is named with its line.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import DataError, shortened
from ..files import read_file
from ..numbers import counted

_MOST_BYTES, _MOST_CHARACTERS = 50_000_000, 500_000
"""Of a file, and of one line: a run takes 300 or so."""

_SEPARATORS = (",", ";", "\t")
_DECIMAL_COMMA = re.compile(r"^([+-]?\d+),(\d+(?:[eE][+-]?\d+)?)$")


class PlacedRow(dict[str, Any]):
    """A row and its place, such as "runs.csv, line 5"; the names of its columns in its table."""

    def __init__(
        self, values: Mapping[str, Any], *, table: str, place: str, columns: Sequence[str] = ()
    ) -> None:
        super().__init__(values)
        self.table = table
        self.place = place
        self.columns = columns

    def with_values(self, values: Mapping[str, Any], columns: Sequence[str] = ()) -> "PlacedRow":
        """Other values in its place."""
        columns = columns or self.columns
        return PlacedRow(values, table=self.table, place=self.place, columns=columns)


def placed(rows: Iterable[Mapping[str, Any]], *, table: str) -> list[PlacedRow]:
    """The rows with their places; rows at hand are counted from 1.

    Raises:
        DataError: for a row that is no mapping.
    """
    found: list[PlacedRow] = []
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, Mapping):
            raise DataError(
                f"row {number} is no dictionary of a run's columns, but {shortened(row)}"
            )
        if not isinstance(row, PlacedRow):
            row = PlacedRow(row, table=table, place=f"row {number}")
        found.append(row)
    return found


def refuse_twins(names: Iterable[object], table: str) -> None:
    """Refuse columns of one name.

    Raises:
        DataError: naming it.
    """
    for name, count in Counter(names).items():
        if name and count > 1:
            raise DataError(f"{table} has {count} columns named {name!r}; give each its name")


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header; each is a :class:`PlacedRow`.

    Columns are separated by commas, semicolons or tabs: by what gives the header most names.
    Where no comma separates them, it may be a decimal sign. Names and values stand without blanks
    around them; lines without a value are skipped.

    Raises:
        DataError: if the file is missing, is not UTF-8 text, is empty, has a ragged row or two
            columns of one name.
    """
    text = _text(path)
    separator = max(_SEPARATORS, key=lambda separator: _num_names(text, separator))
    try:
        rows = list(_rows(text, separator, path))
    except csv.Error as error:
        raise DataError(f"{path} cannot be read as a CSV file: {error}") from None
    if not rows:
        raise DataError(f"{path} has no rows below its header")
    return rows


def _text(path: Path) -> str:
    try:
        content = read_file(path, most_bytes=_MOST_BYTES)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path} cannot be read as a CSV file: {reason}") from None
    if content.startswith((b"\x1f\x8b", b"PK\3\4")):
        raise DataError(f"{path} is packed (gzip or zip); unpack it first")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content[:4]:
        raise DataError(f"{path} cannot be read as a CSV file: it is UTF-16; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{path} cannot be read as a CSV file: line {line} is not UTF-8; save it as UTF-8"
        ) from None


def _num_names(text: str, separator: str) -> int:
    """Names in the header; none where it is no header with this separator."""
    try:
        return len(next(_lines(text, separator))[1])
    except (csv.Error, StopIteration):
        return 0


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that holds anything: its number, as an editor counts, and its fields."""
    reader = csv.reader(_short_lines(text), delimiter=separator, skipinitialspace=True)
    for fields in reader:
        stripped = [field.strip() for field in fields]
        if any(stripped):
            yield reader.line_num, stripped


def _short_lines(text: str) -> Iterator[str]:
    for line in io.StringIO(text, newline=""):
        if len(line) > _MOST_CHARACTERS:
            raise csv.Error(f"a line has more than {_MOST_CHARACTERS:,} characters")
        yield line


def _rows(text: str, separator: str, path: Path) -> Iterator[dict[str, str]]:
    lines = _lines(text, separator)
    _, header = next(lines, (0, []))
    refuse_twins(header, path.name)
    for number, fields in lines:
        place = f"{path.name}, line {number}"
        if len(fields) != len(header):
            found = f"{counted(len(fields), 'field')} instead of the header's {len(header)}"
            is_cut = len(fields) < len(header) and not any(lines)
            raise DataError(f"{place}: {found}{'; the file may be cut off' * is_cut}")
        if separator != ",":
            fields = [_DECIMAL_COMMA.sub(r"\1.\2", field) for field in fields]
        yield PlacedRow(dict(zip(header, fields, strict=True)), table=path.name, place=place)
