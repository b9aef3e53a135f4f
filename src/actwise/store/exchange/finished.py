"""``aw.runs``: the runs of a store that have a result, one row each, every setting a column."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from ...shown import Shown
from ...spec import RunSpec
from ..store import RunStore
from ..tables import own_settings
from .export import export_table
from .formats import plain_value

_Row = Mapping[str, Any]


@dataclass(frozen=True, repr=False)
class Runs(Shown, Sequence[_Row]):
    """Runs as rows, in the order of their plans; the sequence of these.

    Attributes:
        store: Where they lie.
        rows: The columns of ``export --what runs``, with all settings in place of ``spec``:
            ``train.epochs`` and so on, ``task.NAME`` of trainings of the user's own. A run that
            stands under several labels has a row for each, with ``aliased``.
    """

    store: str
    rows: tuple[_Row, ...]

    @overload
    def __getitem__(self, index: int) -> _Row: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[_Row]: ...

    def __getitem__(self, index: int | slice) -> _Row | Sequence[_Row]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[_Row]:
        return iter(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """The store and its runs; docs/json.md has the columns."""
        return {"store": self.store, "runs": self.to_rows()}

    def to_rows(self) -> list[_Row]:
        """The rows."""
        return [*self.rows]


def runs(
    store: RunStore | str | Path,
    *,
    study: str | None = None,
    where: Sequence[str] = (),
    artifacts: Path | None = None,
) -> Runs:
    """The runs of a store that finished, diverged or failed.

    Args:
        store: An open store, its folder, or a database URL.
        study: Only this study.
        where: Conditions ``FIELD=VALUE`` on the columns of ``export --what runs``.
        artifacts: Of a URL, its folder.

    Raises:
        StoreError: if the store cannot be read.
        SpecError: if a condition is not FIELD=VALUE, or names a field, or a value, or ``study`` a
            study, that is not there.
    """
    if not isinstance(store, RunStore):
        with RunStore.open(store, artifacts=artifacts) as opened:
            return runs(opened, study=study, where=where)
    found = export_table(store, "runs", study=study, where=where)
    return Runs(str(store), tuple(map(_with_settings, found.to_pylist())))


def _with_settings(row: dict[str, Any]) -> _Row:
    """The row with its settings before its results."""
    text, names = row.pop("spec"), [*row]
    labels = names[: names.index("status")]
    values = {name: plain_value(row[name]) for name in names}
    return {name: values[name] for name in labels} | _settings(text) | values


def _settings(text: str) -> dict[str, Any]:
    spec = json.loads(text)
    if spec.get("task"):
        return own_settings(RunSpec.model_validate(spec))
    return {f"train.{name}": value for name, value in spec["train"].items()}
