"""Runs that are no replicates: trained before users' code or data changed under their label.

A label is every setting as asked but the seed. What it stands for changes with the code and the
data that it names, and the cell of its runs, which holds their digests, changes with it. The
newest start of a study says which cell it means. Runs of other cells are outdated there, unless a
start took runs of their cell in its place (``--accept-code-digest``). An imported line keeps the
time at which it was asked for. Where no start was noted, nothing tells what was accepted from what
was mixed up: all runs count, and the mixture is told.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from ...numbers import counted
from ...usercode import file_of_module
from ..database import chunks
from ..database.schema import runs, study_runs

Line = tuple[str, str, str]
"""Study, label and run id."""
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
        is_known: Whether the store has a run of the cell that is meant; without one, what changed
            is not known, and ``digests`` are all that these runs have.
        study: Where they are current, if another study is why they are left out.
    """

    modules: tuple[str, ...]
    digests: tuple[str, ...]
    has_other_data: bool = False
    num_runs: int = 1
    is_known: bool = True
    study: str = ""

    def __str__(self) -> str:
        if self.study:
            return (
                f"{self._runs(self.study)} (a later start of another study has other code or data: "
                f"with --study {self.study} they count)"
            )
        them, as_is = ("it", "it is") if self.num_runs == 1 else ("them", "they are")
        trained = f"start {them} again to train {them} anew"
        if not self.digests or self.has_other_data:
            return f"{self._runs()} ({trained})"
        return f"{self._runs()} ({trained}, with {self._options} to take {them} as {as_is})"

    @property
    def as_mixture(self) -> str:
        """What to say where they are not left out, since no start says what is meant."""
        what = " and ".join(["code"] * bool(self.digests) + ["data"] * self.has_other_data)
        took = self.digests and not self.has_other_data
        return (
            f"runs of more than one version of the {what or 'plan'}: {self._runs()} count with the "
            "others, since the store does not say what was accepted (the next start does"
            f"{f', with {self._options} to keep them' if took else ''})"
        )

    def _runs(self, study: str = "") -> str:
        files = ", ".join(file_of_module(name) for name in self.modules)
        what = [f"of older code{files and f' of {files}'}"] if self.digests else []
        what += ["on other data"] if self.has_other_data else []
        if not self.is_known:
            what = ["of other code or data, what changed is not known"]
        named = f"{counted(self.num_runs, 'run')}{study and f' of study {study}'}"
        return f"{named} {' and '.join(what) or 'planned otherwise'}"

    @property
    def _options(self) -> str:
        return " ".join(f"--accept-code-digest {digest[:8]}" for digest in self.digests)


@dataclass(frozen=True)
class Versions:
    """The lines of a plan whose label has runs of several cells.

    Attributes:
        outdated: Those of another cell than their study means, each with the cell meant.
        apart: Those that another study has left, where all studies are read at once: each with the
            cell of the newest start of all.
        mixed: Those of labels of which no start says what is meant, by time: each with its label
            and engine, and its cell.
    """

    outdated: Mapping[Line, str]
    apart: Mapping[Line, str]
    mixed: Mapping[Line, tuple[tuple[str, int], str]]

    @property
    def left_out(self) -> set[Line]:
        """The lines that are in no table of all that was read."""
        return {*self.outdated, *self.apart}


def read_versions(connection: Connection, study: str | None) -> Versions:
    """Of a study's plan (None: of all plans)."""
    found = _read_lines(connection, study)
    outdated = _not_meant(found, _of_study)
    rest = [row for row in found if _line(row) not in outdated]
    newest = {_of_all(row): row for row in rest}
    cells: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for row in rest:
        cells[_of_all(row)].add(row.cell_hash)
    mixed = {
        _line(row): (_of_all(row), row.cell_hash)
        for row in rest
        if newest[_of_all(row)].asked_at is None and len(cells[_of_all(row)]) > 1
    }
    return Versions(outdated, _not_meant(rest, _of_all), mixed)


def _read_lines(connection: Connection, study: str | None) -> list[Any]:
    """The lines of labels with runs of several cells, by the time at which they were asked for."""
    joined = study_runs.join(runs, runs.c.run_id == study_runs.c.run_id)
    group = (study_runs.c.label, runs.c.engine_version)
    of_study: ColumnElement[bool] = study_runs.c.study.is_not(None)
    if study is not None:
        of_study = study_runs.c.study == study
    num_cells = func.count(runs.c.cell_hash.distinct())
    several = (
        select(study_runs.c.label)
        .select_from(joined)
        .where(of_study)
        .group_by(*group)
        .having(num_cells > 1)
    )
    labels = list(dict.fromkeys(connection.execute(several).scalars()))
    of_line = (study_runs.c.study, study_runs.c.run_id, study_runs.c.asked_at, runs.c.cell_hash)
    lines = (
        select(*group, *of_line, _ASKED.label("asked"))
        .select_from(joined)
        .where(of_study)
        .order_by(_TIME, study_runs.c.study, study_runs.c.position)
    )
    return [
        row
        for chunk in chunks(labels)
        for row in connection.execute(lines.where(study_runs.c.label.in_(chunk)))
    ]


def _line(row: Row[Any]) -> Line:
    return row.study, row.label, row.run_id


def _of_study(row: Row[Any]) -> tuple[Any, ...]:
    return row.study, row.label, row.engine_version


def _of_all(row: Row[Any]) -> tuple[Any, ...]:
    return row.label, row.engine_version


def _not_meant(
    rows: Sequence[Row[Any]], group_of: Callable[[Row[Any]], tuple[Any, ...]]
) -> dict[Line, str]:
    """The lines of cells that the newest line of their group does not mean, with what it means.

    Runs of one cell are replicates: where a start took one of them, it took them all.
    """
    newest = {group_of(row): row for row in rows}
    meant = {group: row.asked for group, row in newest.items() if row.asked_at is not None}
    current = {*meant.items()} | {
        (group_of(row), row.cell_hash) for row in rows if row.asked == meant.get(group_of(row))
    }
    return {
        _line(row): meant[group_of(row)]
        for row in rows
        if group_of(row) in meant and (group_of(row), row.cell_hash) not in current
    }


def read_changes(
    connection: Connection, versions: Versions, chosen: Collection[Line]
) -> tuple[Outdated, ...]:
    """Why runs are left out, those of one reason together; each run counts once.

    Args:
        connection: Of a transaction.
        versions: From :func:`read_versions`.
        chosen: The lines that are told of.
    """
    left_out = versions.left_out
    taken = {(label, run_id) for _, label, run_id in set(chosen) - left_out}
    cells: dict[str, tuple[str, str]] = {}
    for line in chosen:
        study, label, run_id = line
        if (label, run_id) in taken:
            continue
        if line in versions.outdated:
            cells[run_id] = versions.outdated[line], ""
        elif line in versions.apart:
            cells.setdefault(run_id, (versions.apart[line], study))
    query = select(runs.c.run_id, runs.c.settings)
    settings = {
        run_id: json.loads(text)
        for chunk in chunks(cells)
        for run_id, text in connection.execute(query.where(runs.c.run_id.in_(chunk)))
    }
    now = _settings_of(connection, [cell for cell, _ in cells.values()])
    counts: dict[Outdated, int] = {}
    for run_id, (cell, study) in cells.items():
        change = replace(what_changed(settings[run_id], now.get(cell)), study=study)
        counts[change] = counts.get(change, 0) + 1
    return tuple(replace(change, num_runs=count) for change, count in counts.items())


def read_mixtures(
    connection: Connection, versions: Versions, chosen: Collection[Line]
) -> tuple[str, ...]:
    """What is to be said of runs of several cells that count together, a sentence each change."""
    of_cell: dict[tuple[str, int], dict[str, set[str]]] = defaultdict(dict)
    newest: dict[tuple[str, int], str] = {}
    for line, (group, cell) in versions.mixed.items():
        if line in chosen:
            of_cell[group].setdefault(cell, set()).add(line[2])
            newest[group] = cell
    settings = _settings_of(connection, [cell for known in of_cell.values() for cell in known])
    found: dict[Outdated, set[str]] = {}
    for group, known in of_cell.items():
        for cell, run_ids in known.items():
            if cell != newest[group]:
                change = what_changed(settings[cell], settings[newest[group]])
                found.setdefault(change, set()).update(run_ids)
    return tuple(
        replace(change, num_runs=len(run_ids)).as_mixture for change, run_ids in found.items()
    )


def what_changed(before: Mapping[str, Any], now: Mapping[str, Any] | None) -> Outdated:
    """What tells two cells of one label apart, from what their ids were made of (None: unknown)."""
    if now is None:
        digests = dict.fromkeys(digest for _, digest in before.get("code", ()))
        return Outdated((), tuple(digests), is_known=False)
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
    """The settings of a run of each cell, not of one in its place; not all cells have one."""
    of_cell = runs.c.cell_hash
    query = select(of_cell, func.min(runs.c.settings)).group_by(of_cell)
    return {
        cell: json.loads(text)
        for chunk in chunks(dict.fromkeys(cells))
        for cell, text in connection.execute(query.where(of_cell.in_(chunk)))
    }
