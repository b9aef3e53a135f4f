"""Means of all cells with intervals: the form of the paper's tables, or a plain list."""

import math
from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from ..analysis.numbers import UNKNOWN, number, span
from ..analysis.reading import level_text
from ..analysis.results import Analysis, CellRow
from ..analysis.table import Observations
from ..analysis.table_intervals import Interval, interval_within, possible_range
from .views import View, adjustment, digits_of, interval_name, make_view
from .wording import printable

MOST_COLUMNS = 8
"""Conditions side by side; with more, every cell has a row of its own."""


def cell_views(analysis: Analysis) -> Iterator[View]:
    """A grid a data set, levels by conditions, or one list of all cells."""
    observed = analysis.source.observed
    if observed is None:
        if analysis.source.summaries:
            yield _summaries_view(analysis)
        return
    if not analysis.cells:
        return
    grids: dict[str, dict[str, dict[str, CellRow]]] = defaultdict(lambda: defaultdict(dict))
    focus = observed.position(observed.focus)
    for row in sorted(analysis.cells, key=partial(_place_in_table, observed)):
        dataset = observed.dataset_of(row.cell)
        rest = [
            level_text(observed.factors[place], level)
            for place, level in enumerate(row.cell)
            if place != focus
            and observed.factors[place] != observed.dataset_factor
            and len(observed.levels[place]) > 1
        ]
        grids[dataset][", ".join(rest) or "mean"][row.cell[focus]] = row
    if max(len(columns) for columns in grids.values()) > MOST_COLUMNS:
        yield _list_view(analysis)
        return
    for dataset, columns in grids.items():
        yield _grid_view(analysis, dataset, columns)


def _place_in_table(observed: Observations, row: CellRow) -> tuple[int, ...]:
    """The order of ``actwise table``: by regularization, then by model, then by the others."""
    first = {"regularization": 0, "model": 1}
    places = sorted(
        range(len(observed.factors)), key=lambda place: first.get(observed.factors[place], 2)
    )
    return tuple(observed.levels[place].index(row.cell[place]) for place in places)


def published_views(analysis: Analysis) -> Iterator[View]:
    """The figures of a bank's paper beside our means, where it sums runs up otherwise."""
    observed, bank = analysis.source.observed, analysis.source.bank
    if observed is None or bank is None or not analysis.source.published:
        return
    varying = [place for place, levels in enumerate(observed.levels) if len(levels) > 1]
    rows = [
        (
            *(row.cell[place] for place in varying),
            number(row.mean.value if row.mean else None, 4),
            number(row.as_published, 4),
        )
        for row in analysis.cells
    ]
    names = tuple(observed.factors[place] for place in varying)
    header = (*names, "mean over runs", "as published")
    note = f"As published: {bank.as_published_text}. Everything else here rests on the mean."
    yield make_view(
        f"Cells as published: {observed.response}",
        header,
        rows,
        left=len(names),
        note=note,
        most_rows=len(rows),
    )


def _grid_view(analysis: Analysis, dataset: str, columns: dict[str, dict[str, CellRow]]) -> View:
    observed = analysis.source.observed
    assert observed is not None
    limits = possible_range(observed)
    best = {name: _best(rows, higher=observed.higher_is_better) for name, rows in columns.items()}
    levels = [
        level
        for level in observed.levels_of(observed.focus)
        if any(level in rows for rows in columns.values())
    ]
    digits = digits_of(analysis)
    # The lines of an entry are ours: only names are made printable.
    rows = tuple(
        (
            printable(level),
            *(
                _entry(found.get(level), limits, digits, is_best=level in best[name])
                for name, found in columns.items()
            ),
        )
        for level in levels
    )
    names = tuple(map(printable, columns))
    title = observed.response.replace("_", " ")
    note = (
        f"Mean and SD of the cell's n completed runs, below them the {interval_name(analysis)} of "
        f"the mean; * the best mean of its column, if no run of it diverged. {adjustment(analysis)}"
    )
    name = title if dataset == "all" else f"{title} on {dataset}"
    return View(printable(name), (printable(observed.focus), *names), rows, names, note.strip())


def _entry(row: CellRow | None, limits: Interval, digits: int, *, is_best: bool) -> str:
    """Mean and deviation; below them the runs and the interval; then what diverged."""
    if row is None:
        return ""
    diverged = f"\ndiverged {row.num_diverged}" if row.num_diverged else ""
    if row.mean is None:
        return f"{UNKNOWN}{diverged}"
    mark = "*" if is_best else ""
    within = f" {span(*interval_within(row.mean, limits), digits)}" if row.mean.is_testable else ""
    spread = "" if math.isnan(row.sd) else f" SD {number(row.sd, digits)}"
    return f"{number(row.mean.value, digits)}{mark}{spread}\nn={row.num_runs}{within}{diverged}"


def _best(rows: dict[str, CellRow], *, higher: bool) -> set[str]:
    means = {
        level: row.mean.value
        for level, row in rows.items()
        if row.mean is not None and not row.num_diverged
    }
    if len(means) < 2:
        return set()
    top = max(means.values()) if higher else min(means.values())
    return {level for level, value in means.items() if abs(value - top) < 1e-9}


def _list_view(analysis: Analysis) -> View:
    observed = analysis.source.observed
    assert observed is not None
    varying = [place for place, levels in enumerate(observed.levels) if len(levels) > 1]
    limits, digits = possible_range(observed), digits_of(analysis)
    rows = [
        (
            *(row.cell[place] for place in varying),
            number(row.mean.value if row.mean else None, digits),
            span(*interval_within(row.mean, limits), digits) if row.mean else UNKNOWN,
            number(row.sd, digits),
            str(row.num_runs),
            str(row.num_diverged),
        )
        for row in analysis.cells
    ]
    names = tuple(observed.factors[place] for place in varying)
    header = (*names, "mean", interval_name(analysis), "SD", "n", "diverged")
    note = adjustment(analysis)
    return make_view(f"Cells: {observed.response}", header, rows, left=len(names), note=note)


def _summaries_view(analysis: Analysis) -> View:
    rows = [
        (row.name, number(row.mean), number(row.sd, 3), str(row.num_runs))
        for row in analysis.source.summaries
    ]
    return make_view("Published means", ("activation", "mean", "SD", "n"), rows)
