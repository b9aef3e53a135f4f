"""Runs that are no replicates: trained before users' code or data changed under their label.

A label is every setting as asked but the seed. What it stands for changes with the code and the
data that it names, and the cell of its runs, which holds their digests, changes with it. The
newest start says which cell is meant. Runs of other cells are outdated, unless a start took them
in its place (``--accept-code-digest``). An imported line keeps the time at which it was asked for.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from ...numbers import counted
from ...usercode import file_of_module
from ..database import chunks
from ..database.schema import runs, study_runs

Line = tuple[str, str]
"""Label and run id."""
_TIME = func.coalesce(study_runs.c.asked_at, runs.c.recorded_at, "")
"""When a line was last asked for; of a store that did not note it, when it had its result."""
_ASKED = func.coalesce(study_runs.c.asked_cell, runs.c.cell_hash)
"""The cell that its label was then."""


@dataclass(frozen=True)
class Outdated:
    """Runs with a result that are left out, and what has changed since.

    Attributes:
        modules: Of users' code, whose statements changed, came or went; none where that is not
            known.
        digests: Code digests of these runs that those in their place do not have.
        has_other_data: Whether the data changed.
        num_runs: How many.
    """

    modules: tuple[str, ...]
    digests: tuple[str, ...]
    has_other_data: bool = False
    num_runs: int = 1

    def __str__(self) -> str:
        files = ", ".join(file_of_module(name) for name in self.modules)
        what = [f"of older code{files and f' of {files}'}"] if self.digests else []
        what += ["on other data"] if self.has_other_data else []
        runs = f"{counted(self.num_runs, 'run')} {' and '.join(what) or 'planned otherwise'}"
        them, as_is = ("it", "it is") if self.num_runs == 1 else ("them", "they are")
        trained = f"start {them} again to train {them} anew"
        if not self.digests or self.has_other_data:
            return f"{runs} ({trained})"
        options = " ".join(f"--accept-code-digest {digest[:8]}" for digest in self.digests)
        return f"{runs} ({trained}, with {options} to take {them} as {as_is})"


def read_outdated(connection: Connection, study: str | None) -> dict[Line, str]:
    """The outdated lines of a study's plan (None: of all plans), each with the cell meant now."""
    joined = study_runs.join(runs, runs.c.run_id == study_runs.c.run_id)
    group = (study_runs.c.label, runs.c.engine_version)
    of_study: ColumnElement[bool] = study_runs.c.study.is_not(None)
    if study is not None:
        of_study = study_runs.c.study == study
    num_cells = func.count(runs.c.cell_hash.distinct())
    mixed = (
        select(study_runs.c.label)
        .select_from(joined)
        .where(of_study)
        .group_by(*group)
        .having(num_cells > 1)
    )
    labels = list(dict.fromkeys(connection.execute(mixed).scalars()))
    lines = (
        select(*group, study_runs.c.run_id, runs.c.cell_hash, _ASKED.label("asked"))
        .select_from(joined)
        .where(of_study)
        .order_by(_TIME, study_runs.c.study, study_runs.c.position)
    )
    found = [
        row
        for chunk in chunks(labels)
        for row in connection.execute(lines.where(study_runs.c.label.in_(chunk)))
    ]
    meant = {(row.label, row.engine_version): row.asked for row in found}
    current = {
        (row.label, row.run_id)
        for row in found
        if meant[row.label, row.engine_version] in (row.cell_hash, row.asked)
    }
    return {
        (row.label, row.run_id): meant[row.label, row.engine_version]
        for row in found
        if (row.label, row.run_id) not in current
    }


def read_changes(
    connection: Connection, outdated: Mapping[Line, str], chosen: Collection[Line]
) -> tuple[Outdated, ...]:
    """Why runs are outdated, those of one reason together; each run counts once.

    Args:
        connection: Of a transaction.
        outdated: From :func:`read_outdated`.
        chosen: Those of its lines that are told of.
    """
    cells = {run_id: outdated[label, run_id] for label, run_id in chosen}
    query = select(runs.c.run_id, runs.c.settings)
    settings = {
        run_id: json.loads(text)
        for chunk in chunks(cells)
        for run_id, text in connection.execute(query.where(runs.c.run_id.in_(chunk)))
    }
    now = _settings_of(connection, cells.values())
    counts: dict[Outdated, int] = {}
    for run_id, cell in cells.items():
        change = what_changed(settings[run_id], now.get(cell, {}))
        counts[change] = counts.get(change, 0) + 1
    return tuple(replace(change, num_runs=count) for change, count in counts.items())


def what_changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Outdated:
    """What tells two cells of one label apart, from what their ids were made of."""
    pairs = [*zip(before.get("code", ()), now.get("code", ()), strict=False)]
    changed = {old: new for (_, old), (_, new) in pairs if old != new}
    modules: set[str] = set()
    for old, new in changed.items():
        ours, theirs = (s.get("code_modules", {}).get(d) for s, d in ((before, old), (now, new)))
        known = ours is not None and theirs is not None
        modules |= {name for name, _ in ours.items() ^ theirs.items()} if known else set()
    return Outdated(
        tuple(sorted(modules)),
        tuple(changed),
        has_other_data=before.get("data") != now.get("data"),
    )


def _settings_of(connection: Connection, cells: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The settings of a run that each cell stands for."""
    joined = study_runs.join(runs, runs.c.run_id == study_runs.c.run_id)
    query = select(_ASKED, func.min(runs.c.settings)).select_from(joined).group_by(_ASKED)
    return {
        cell: json.loads(text)
        for chunk in chunks(dict.fromkeys(cells))
        for cell, text in connection.execute(query.where(_ASKED.in_(chunk)))
    }
