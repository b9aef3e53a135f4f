"""A table for other programs: one row a cell, as Arrow or as JSON."""

import json
from typing import TYPE_CHECKING, Any

from ...analysis.table import SETTINGS, Table, TableCell
from ...printable import printable_json
from ...store.tables import array_of
from .paper import paper_of

if TYPE_CHECKING:
    import pyarrow as pa


def to_arrow(table: Table) -> "pa.Table":
    """One row a cell: every setting, so that tables of several studies can be joined, and results.

    Columns after the settings: ``mean`` and ``sd`` of the response over the finished
    runs (empty without any, and below two); ``lower`` and ``upper``, the 95 % interval of the mean;
    ``n`` of these; runs ``diverged``, ``failed`` and
    ``missing``; ``aliased``; ``paper``, the paper's accuracy. A setting that is a list is JSON.
    """
    import pyarrow as pa

    types = {
        **dict.fromkeys(("mean", "sd", "lower", "upper", "paper"), pa.float64()),
        **dict.fromkeys(("n", "diverged", "failed", "missing"), pa.int64()),
        "aliased": pa.bool_(),
    }
    names = tuple(table.levels) or SETTINGS
    settings = {name: array_of([cell[name] for cell in table.cells]) for name in names}
    rows = [_results(cell) for cell in table.cells]
    results = {name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()}
    return pa.table({**settings, **results})


def render_json(table: Table) -> str:
    """One object: what the cells share (``scope``), what tells them apart (``factors``), they."""
    cells = [
        {**{name: cell[name] for name in table.factors}, **_results(cell)} for cell in table.cells
    ]
    value = {
        "studies": table.studies,
        "response": table.response.column,
        "higher_is_better": table.response.higher_is_better,
        "scope": table.scope,
        "seeds": table.seeds,
        "environments": [*table.environments],
        "factors": table.factors,
        "labels": table.labels,
        "left_out": [*map(str, table.outdated)],
        "mixtures": table.mixtures,
        "cells": cells,
    }
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    return f"{printable_json(text)}\n"


def _results(cell: TableCell) -> dict[str, Any]:
    lower, upper = cell.interval or (None, None)
    return {
        "mean": cell.mean,
        "sd": cell.sd,
        "lower": lower,
        "upper": upper,
        "n": cell.num_finished,
        "diverged": cell.num_diverged,
        "failed": cell.num_failed,
        "missing": cell.num_missing,
        "aliased": cell.is_aliased,
        "paper": paper_of(cell),
    }
