"""Levels under the names that ``[labels]`` of a study gives them, wherever people read.

An analysis or a table is named as a whole, before anything is said of it, so that no sentence,
table or picture has to think of names. What programs read is made of what is not named.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from ...analysis import Analysis
from ...analysis.table import Table
from ...registry import format_value


class Label(str):
    """The name of a level, which knows its level."""

    level: str

    def __new__(cls, name: str, level: str) -> "Label":
        """``name``: as people read it."""
        self = super().__new__(cls, name)
        self.level = level
        return self


def level_of(value: Any) -> Any:
    """The level itself, whatever it is shown as."""
    return value.level if isinstance(value, Label) else value


def with_labels(analysis: Analysis) -> Analysis:
    """The same analysis, its levels under their names."""
    results = analysis.results
    if results.table is None or not results.table.labels:
        return analysis
    named: Analysis = _named(analysis, _namer(results.table.labels), "")
    # The name of a store is no level, whatever it looks like.
    table = table_with_labels(results.table)
    return replace(named, results=replace(named.results, name=results.name, table=table))


def table_with_labels(table: Table) -> Table:
    """The same table, its levels under their names."""
    if not table.labels:
        return table
    labels = {level: Label(name, level) for level, name in table.labels.items()}
    factors = table.factors

    def shown(setting: str, value: Any) -> Any:
        is_level = setting in factors or isinstance(value, str)
        return labels.get(format_value(value), value) if is_level else value

    cells = (
        replace(cell, settings={name: shown(name, v) for name, v in cell.settings.items()})
        for cell in table.cells
    )
    return replace(table, cells=tuple(cells), labels={})


_SENTENCES = frozenset(["name", "rule", "evidence", "excluded", "not_computed"])
"""Fields in which levels stand among other words."""
_HOLDERS = """
    a activation asked b best by_dataset by_network cell cells checks claims components condition
    conditions curves decision effects epochs evidence excluded findings gains images incomplete
    incumbent known leaders level levels logit lost missing model name network networks new
    not_computed num_classes observed outliers overall pairs precisions profiles rates refusals
    results rule rules scope second seconds separations sets strata stratum test_images these
    verdicts without_seed
"""
_FIELDS = frozenset(_HOLDERS.split())
"""Fields that are levels or hold some; all others, such as codes and factors, stay as they are."""


def _named(value: Any, name: Callable[[str, str], str], field: str) -> Any:
    """The value with its levels named; the same object where it has none."""
    if isinstance(value, str):
        return name(value, field)
    if isinstance(value, tuple):
        found = tuple(_named(item, name, field) for item in value)
        return found if any(a is not b for a, b in zip(found, value, strict=True)) else value
    if isinstance(value, Mapping):
        return {_named(k, name, field): _named(v, name, field) for k, v in value.items()}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    kept = {f.name: getattr(value, f.name) for f in fields(value) if f.name in _FIELDS}
    changed = {key: _named(item, name, key) for key, item in kept.items()}
    changed = {key: item for key, item in changed.items() if item is not kept[key]}
    return replace(value, **changed) if changed else value


def _namer(labels: Mapping[str, str]) -> Callable[[str, str], str]:
    """A function of a text and its field that says the levels in it by their names."""
    known = {level: Label(name, level) for level, name in labels.items()}
    # A number among other words may be any.
    words = sorted((x for x in known if re.search(r"[^\W\d]", x)), key=len, reverse=True)
    one = "|".join(map(re.escape, words)) or r"(?!)"
    inside = re.compile(rf"(?<![^\s(,:;'\"])({one})(?=[\s),:;'\"]|\.(?:\s|$)|$)")

    def name(text: str, field: str) -> str:
        if text in known:
            return known[text]
        return inside.sub(lambda m: known[m[1]], text) if field in _SENTENCES else text

    return name
