"""The form of the paper's Tables 3 and 4: a grid a data set, activations by everything else.

Rows are activations; columns are the combinations of all other factors, regularization first, so
that the networks stand side by side as in the paper. The star has one rule, here: the best mean of
its column, never of a cell with diverged, stuck or failed runs, whose survivors flatter it, and
never without a rival.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ...analysis.table import Table, TableCell
from ...numbers import UNKNOWN, number, span
from ...printable import printable
from ...spec import TASK
from ...store.tables import setting_of
from ..words import digits_for, level_of, setting_text, short
from .paper import paper_of
from .view import View

ALIAS_MARK = "†"
BEST_MARK = "*"


@dataclass(frozen=True)
class GridEntry:
    """A cell and where it stands.

    Attributes:
        dataset, activation: Of its grid, and of its row.
        heading: Of its column, ready to print; ``order`` sorts columns.
        mean: In the unit of the response; None without a finished run.
        sd: Of its runs; NaN for one.
        num_finished: Runs behind the mean.
        interval: Of the mean; None without.
        lost: What became of other runs and how many they are, of ``num_runs`` in all.
        remark: Another line below.
        paper: The paper's accuracy in percent, where it has this cell.
        is_aliased: Whether another label stands for the same network and data.
        is_best: Whether it has the star.
    """

    dataset: str
    activation: str
    heading: tuple[str, ...]
    order: tuple[int, ...]
    mean: float | None
    sd: float
    num_finished: int
    interval: tuple[float, float] | None
    lost: tuple[tuple[str, int], ...]
    num_runs: int
    remark: str = ""
    paper: float | None = None
    is_aliased: bool = False
    is_best: bool = False

    @property
    def shortfalls(self) -> list[str]:
        """``diverged 1/3``."""
        found = [f"{word} {count}/{self.num_runs}" for word, count in self.lost if count]
        return found + ([self.remark] if self.remark else [])

    @property
    def is_rival(self) -> bool:
        """Whether its mean may be the best: where runs are lost the others' flatters."""
        gone = sum(count for word, count in self.lost if word != "missing")
        return self.mean is not None and not gone

    def value(self, digits: int = 2) -> str:
        """Mean and spread; no spread for a single run."""
        if self.mean is None:
            return UNKNOWN
        spread = "" if math.isnan(self.sd) else f" ± {number(self.sd, digits)}"
        return number(self.mean, digits) + spread

    def support(self, digits: int = 2) -> list[str]:
        """The number of runs, the interval of their mean, and the paper's number."""
        found = [f"n={self.num_finished}"] if self.num_finished else []
        found += [span(*self.interval, digits)] if self.interval else []
        return found + ([] if self.paper is None else [f"paper {self.paper:.2f}"])

    def below(self, digits: int = 2) -> str:
        """What stands under the value, in one line."""
        return ", ".join((*self.support(digits), *self.shortfalls))


@dataclass(frozen=True)
class Column:
    """A line of heading for each factor, and an entry a row; None where there is no cell."""

    heading: tuple[str, ...]
    entries: tuple[GridEntry | None, ...]


@dataclass(frozen=True)
class TableGrid:
    """The results on one data set; names are ready to print."""

    dataset: str
    activations: tuple[str, ...]
    columns: tuple[Column, ...]


def make_grids(table: Table) -> list[TableGrid]:
    """One grid for each data set, in the order of the study."""
    first = ("regularization", "model")
    factors = (*first, *(f for f in table.factors if f not in ("dataset", "activation", *first)))
    is_task, levels = table.response.is_task, table.levels
    if is_task:
        factors = tuple(f for f in factors if len(levels.get(f, ())) > 1)
    ranks = {f: {repr(v): rank for rank, v in enumerate(table.levels[f])} for f in table.levels}
    entries = []
    for cell in table.cells:
        named = [(f, setting_text(cell[f])) for f in factors]
        order = tuple(ranks[f][repr(cell[f])] for f in factors)
        heading = tuple(headings(named)) or (setting_of(table.response.column),)
        entries.append(_entry(cell, heading, order))
    datasets, activations = (
        [*map(str, levels.get(name, ()))] for name in ("dataset", "activation")
    )
    grids = arrange(
        entries, datasets, activations, higher_is_better=table.response.higher_is_better
    )
    return [replace(g, dataset="") if is_task and g.dataset == TASK else g for g in grids]


def digits_of_table(table: Table) -> int:
    """Decimals: two, more for a response of users' trainings that varies too little for two."""
    if not table.response.is_task or table.response.unit == "percent":
        return 2
    return digits_for(min((cell.sd for cell in table.cells if cell.sd), default=0.0))


def headings(levels: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The network above its regularization, then what else differs, with its name."""
    others = dict(levels)
    for name in ("model", "regularization"):
        if name in others:
            yield others.pop(name)
    for factor, value in others.items():
        yield value if level_of(value) is not value else f"{short(factor)}={value}"


def arrange(
    entries: Sequence[GridEntry],
    datasets: Sequence[str],
    activations: Sequence[str],
    *,
    higher_is_better: bool = True,
) -> list[TableGrid]:
    """Entries as grids, with their stars."""
    grids = []
    for dataset in dict.fromkeys(datasets):
        mine = sorted((e for e in entries if e.dataset == dataset), key=lambda e: e.order)
        present = {entry.activation for entry in mine}
        rows = [name for name in dict.fromkeys(activations) if name in present]
        columns: dict[tuple[int, ...], dict[str, GridEntry]] = {}
        for entry in mine:
            columns.setdefault(entry.order, {})[entry.activation] = entry
        found = (
            Column(
                next(iter(column.values())).heading,
                _with_stars([column.get(name) for name in rows], higher=higher_is_better),
            )
            for column in columns.values()
        )
        grids.append(TableGrid(printable(dataset), tuple(map(printable, rows)), tuple(found)))
    return grids


def grid_view(grid: TableGrid, *, id: str, title: str, corner: str, digits: int = 2) -> View:
    """A grid as a table of words; one of many columns lies on its side."""
    names = [" ".join(column.heading) or "mean" for column in grid.columns]
    entries = [[_text(e, digits) for e in column.entries] for column in grid.columns]
    if len(names) > max(MOST_COLUMNS, len(grid.activations)):
        rows = [(name, *row) for name, row in zip(names, entries, strict=True)]
        return View(id, title, ("condition", *grid.activations), tuple(rows))
    turned = zip(grid.activations, *entries, strict=True)
    return View(id, title, (corner, *("\n".join(c.heading) for c in grid.columns)), tuple(turned))


MOST_COLUMNS = 12
"""Conditions side by side; more stand below each other."""


def _with_stars(
    column: Sequence[GridEntry | None], *, higher: bool
) -> tuple[GridEntry | None, ...]:
    rivals = [e.mean for e in column if e and e.mean is not None and e.is_rival]
    best = (max(rivals) if higher else min(rivals)) if len(rivals) > 1 else math.nan
    return tuple(
        # Equal accuracies may differ in the last bit of their mean: both are best.
        replace(e, is_best=e.is_rival and math.isclose(e.mean or 0.0, best, abs_tol=1e-9))
        if e
        else None
        for e in column
    )


def _entry(cell: TableCell, heading: tuple[str, ...], order: tuple[int, ...]) -> GridEntry:
    words = ("diverged", "failed", "missing")
    counts = (cell.num_diverged, cell.num_failed, cell.num_missing)
    return GridEntry(
        str(cell["dataset"]),
        str(cell["activation"]),
        heading,
        order,
        cell.mean,
        math.nan if cell.sd is None else cell.sd,
        cell.num_finished,
        cell.interval,
        tuple(zip(words, counts, strict=True)),
        cell.num_runs,
        paper=paper_of(cell),
        is_aliased=cell.is_aliased,
    )


def _text(entry: GridEntry | None, digits: int) -> str:
    if entry is None:
        return ""
    marks = BEST_MARK * entry.is_best + ALIAS_MARK * entry.is_aliased
    lines = [entry.value(digits) + marks, " ".join(entry.support(digits)), *entry.shortfalls]
    return "\n".join(filter(None, lines))
