"""Forged exports: any value, of any type, in any column; rows, columns and the manifest changed.

A forger knows the rules: the manifest always holds the right SHA-256, and where asked for, ids and
hashes are made to fit what was forged, so that the content itself is reached.
"""

import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from actwise.store.database.schema import to_json

from .fitting import Tables, make_ids_fit
from .values import Json, array_of, json_values, values_of

_JSON_COLUMNS = {
    "studies": ("spec", "registered"),
    "study_runs": ("asked", "settings"),
    "runs": ("spec", "observed"),
    "environments": ("details",),
}
_TYPES = (
    *(pa.null(), pa.bool_(), pa.int8(), pa.int64(), pa.uint64(), pa.float16(), pa.float64()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.date32(), pa.timestamp("us", "UTC")),
    *(pa.list_(pa.int64()), pa.large_list(pa.uint16()), pa.list_(pa.list_(pa.uint16()))),
    *(pa.dictionary(pa.int32(), pa.string()), pa.decimal128(10, 2), pa.struct({"a": pa.int8()})),
)


@dataclass(frozen=True)
class Export:
    """An export as it was written: tables, each as a file too, and manifest."""

    tables: Mapping[str, pa.Table]
    files: Mapping[str, bytes]
    manifest: Mapping[str, Any]

    def write(self, folder: Path) -> None:
        """Write it into a new folder, the manifest with the SHA-256 of what is there."""
        folder.mkdir()
        manifest = dict(self.manifest)
        for name, content in self.files.items():
            (folder / f"{name}.parquet").write_bytes(content)
        if isinstance(manifest.get("sha256"), dict):
            manifest["sha256"] |= {
                f"{name}.parquet": hashlib.sha256(content).hexdigest()
                for name, content in self.files.items()
            }
        (folder / "manifest.json").write_text(json.dumps(manifest))


def read_export(folder: Path) -> Export:
    """Read a sound export, in order to forge it."""
    files = {path.stem: path.read_bytes() for path in sorted(folder.glob("*.parquet"))}
    tables = {name: pq.read_table(io.BytesIO(content)) for name, content in files.items()}
    return Export(tables, files, json.loads((folder / "manifest.json").read_text()))


def forged(export: Export) -> st.SearchStrategy[Export]:
    """The export with one to three changes."""
    changes: list[st.SearchStrategy[_Change]] = [
        _cells(export),
        _cells(export),
        _texts(export),
        _columns(export),
        _rows(export),
    ]
    return st.builds(
        lambda made, fits, manifest: _apply(export, made, fits=fits, manifest=manifest),
        st.lists(st.one_of(*changes), min_size=1, max_size=3),
        st.booleans(),
        st.one_of(st.just({}), st.just({}), st.just({}), _manifests()),
    )


_Change = Callable[[Tables], None]


def _apply(
    export: Export, changes: list[_Change], *, fits: bool, manifest: Mapping[str, Any]
) -> Export:
    tables = dict(export.tables)
    for change in changes:
        change(tables)
    if fits:
        make_ids_fit(tables)
    files = {
        name: export.files[name] if table is export.tables[name] else _parquet(table)
        for name, table in tables.items()
    }
    return Export(tables, files, {**export.manifest, **manifest})


def _parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


def _cells(export: Export) -> st.SearchStrategy[_Change]:
    """A value in one row, or in all, of the column's type where it can have that."""

    def change(place: tuple[str, str], row: int, value: Any, is_everywhere: bool) -> _Change:
        def into(tables: Tables) -> None:
            name, column = place
            table = tables[name]
            if table.column_names.count(column) != 1 or not table.num_rows:
                return
            values = table[column].to_pylist()
            chosen = range(len(values)) if is_everywhere else [row % len(values)]
            for index in chosen:
                values[index] = value
            _set(tables, name, column, array_of(values, table.schema.field(column).type))

        return into

    return st.builds(
        change, _places(export), st.integers(0, 1000), values_of(export.tables), st.booleans()
    )


def _texts(export: Export) -> st.SearchStrategy[_Change]:
    """Inside the JSON of a column: a value replaced, taken away or added."""
    places = [(n, c) for n, columns in _JSON_COLUMNS.items() for c in columns if n in export.tables]

    def change(place: tuple[str, str], path: list[int], value: Json, key: str | None) -> _Change:
        def into(tables: Tables) -> None:
            name, column = place
            if tables[name].column_names.count(column) != 1:
                return
            values = tables[name][column].to_pylist()
            for index, text in enumerate(values):
                values[index] = _edited(text, path, value, key) if isinstance(text, str) else text
            _set(tables, name, column, array_of(values, pa.string()))

        return into

    keys = st.one_of(st.none(), st.just(""), st.sampled_from(["train", "code", "width", "seed"]))
    paths = st.lists(st.integers(0, 30), max_size=4)
    return st.builds(change, st.sampled_from(places), paths, json_values(), keys)


def _edited(text: str, path: list[int], value: Json, key: str | None) -> str:
    """``key`` None: replace; "": take away; else: add."""
    try:
        root: dict[str, Json] = {"whole": json.loads(text)}
    except ValueError:
        return text
    node: Any = root
    at: Any = "whole"
    for step in path:
        below = node[at]
        if not isinstance(below, dict | list) or not below:
            break
        at = step % len(below) if isinstance(below, list) else sorted(below)[step % len(below)]
        node = below
    if key is None:
        node[at] = value
    elif not key:
        del node[at]
    elif isinstance(node, dict):
        node[key] = value
    return to_json(root.get("whole"))


def _columns(export: Export) -> st.SearchStrategy[_Change]:
    """A column taken away, doubled, renamed, or empty and of any type."""

    def change(place: tuple[str, str], how: int, type: pa.DataType) -> _Change:
        def into(tables: Tables) -> None:
            name, column = place
            table = tables[name]
            if table.column_names.count(column) != 1:
                return
            if how == 0:
                tables[name] = table.drop_columns(column)
            elif how == 1:
                tables[name] = table.append_column(column, table[column])
            elif how == 2:
                tables[name] = table.rename_columns({column: f"{column}2"})
            else:
                _set(tables, name, column, pa.nulls(table.num_rows, type))

        return into

    return st.builds(change, _places(export), st.integers(0, 5), st.sampled_from(_TYPES))


def _rows(export: Export) -> st.SearchStrategy[_Change]:
    """Rows taken away, doubled, or in another order."""

    def change(name: str, how: int, row: int) -> _Change:
        def into(tables: Tables) -> None:
            table = tables[name]
            if not table.num_rows:
                return
            order = list(range(table.num_rows))
            at = row % len(order)
            order = {
                0: order[:at] + order[at + 1 :],
                1: [*order, at],
                2: order[at:] + order[:at],
                3: [],
            }[how]
            tables[name] = table.take(pa.array(order, pa.int64()))

        return into

    names = st.sampled_from(sorted(export.tables))
    return st.builds(change, names, st.integers(0, 3), st.integers(0, 1000))


def _manifests() -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(["format", "schema_version", "sha256", "actwise"])
    return st.dictionaries(
        names, st.one_of(json_values(), st.integers(0, 5)), min_size=1, max_size=2
    )


def _places(export: Export) -> st.SearchStrategy[tuple[str, str]]:
    return st.sampled_from(
        [(name, column) for name, t in sorted(export.tables.items()) for column in t.column_names]
    )


def _set(tables: Tables, name: str, column: str, array: pa.Array) -> None:
    table = tables[name]
    places = table.schema.get_all_field_indices(column)
    tables[name] = table.set_column(places[0], column, array)
