"""The views of cells: the paper's grids, conditions side by side, and published figures."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ...analysis import Analysis, CellRow
from ...analysis.table import Observations
from ...numbers import number
from ...printable import printable
from .. import words
from ..tables import (
    BEST_MARK,
    GridEntry,
    View,
    arrange,
    grid_view,
    headings,
    make_view,
    paper_accuracy,
)

_PAPER = ", then the paper's number (one run at full width) where it has the cell"


def cell_views(analysis: Analysis) -> Iterator[View | None]:
    """A grid a data set, the figures of a bank's paper, or its summary statistics."""
    rows = [
        (s.name, number(s.mean), number(s.sd, 3), s.num_runs) for s in analysis.results.summaries
    ]
    yield make_view("summaries", "Published means", ("activation", "mean", "SD", "n"), rows)
    if analysis.observed is not None and analysis.cells:
        yield from _grid_views(analysis, analysis.observed)
        yield _published_view(analysis, analysis.observed)


def conditions_view(analysis: Analysis) -> View | None:
    """Means of all levels in each condition, and the best against the second best."""
    model, observed = analysis.model, analysis.observed
    if model is None or observed is None:
        return None
    levels, digits = observed.levels_of(observed.focus), words.digits_of(analysis)
    factors = words.decided_factors(analysis)
    sets = {found.condition: found.kept for found in analysis.decision.conditions}
    fits = {entry.condition: entry for entry in model.conditions}
    rows = []
    for row in analysis.separations:
        if row.condition not in sets:
            continue
        entry, named = fits[row.condition], dict(row.condition)
        means = {
            level: number(mean, digits) + BEST_MARK * (level in sets[row.condition])
            for level, mean in zip(entry.levels, entry.fit.adjusted_L.tolist(), strict=True)
        }
        shown = [*(named[name] for name in factors), *(means.get(level, "") for level in levels)]
        rows.append([*shown, abs(row.judged.estimate.value), row.judged.p[-1]])
    header = (*map(words.short, factors), *levels, "gap", "p")
    note = f"{BEST_MARK} may be the best of its condition. Gap, p: best against second best, Holm."
    if any(entry.fit.is_paired and not entry.fit.is_complete for entry in model.conditions):
        note += " Runs are missing: these means are at the average seed, those of cells are plain."
    title = f"Conditions: mean {words.response_text(analysis)}"
    return make_view("conditions", title, header, rows, note, digits=digits)


def _grid_views(analysis: Analysis, observed: Observations) -> Iterator[View]:
    grids = arrange(
        [_entry(analysis, observed, row) for row in analysis.cells],
        observed.levels_of(observed.dataset_factor) if observed.dataset_factor else ("all",),
        observed.levels_of(observed.focus),
        higher_is_better=observed.higher_is_better,
    )
    name, digits = words.response_text(analysis).capitalize(), words.digits_of(analysis)
    paper = "" if observed.is_task else _PAPER
    note = (
        "Mean ± SD of the runs that count, below them their number n and the "
        f"{words.interval_name(analysis)} of the mean{paper}; {BEST_MARK} the best mean of its "
        "column, if no run of it is lost."
    )
    for place, grid in enumerate(grids, start=1):
        title = name if grid.dataset == "all" else f"{name} on {grid.dataset}"
        corner = words.focus(analysis)
        view = grid_view(grid, id=f"cells-{place}", title=title, corner=corner, digits=digits)
        yield replace(view, note=note) if place == len(grids) else view


def _entry(analysis: Analysis, observed: Observations, row: CellRow) -> GridEntry:
    named = dict(zip(observed.factors, row.cell, strict=True))
    own = {observed.focus, observed.dataset_factor}
    columns = [name for name in words.varying_factors(observed) if name not in own]
    columns.sort(key=lambda name: {"regularization": 0, "model": 1}.get(name, 2))
    lower, upper = words.mean_interval(analysis, row.mean)
    return GridEntry(
        observed.dataset_of(row.cell),
        named[observed.focus],
        tuple(map(printable, headings([(name, named[name]) for name in columns]))),
        tuple(observed.levels_of(name).index(named[name]) for name in columns),
        row.mean.value if row.mean else None,
        row.sd,
        row.num_runs,
        None if math.isnan(lower) else (lower, upper),
        (("diverged", row.num_diverged), ("stuck", row.num_stuck)),
        row.num_runs + row.num_diverged + row.num_stuck,
        remark="hardly learned" * row.is_hardly_learned,
        paper=paper_accuracy(named) if observed.response == "test_accuracy" else None,
    )


def _published_view(analysis: Analysis, observed: Observations) -> View | None:
    bank, varying = analysis.results.bank, words.varying_factors(observed)
    rows = [
        (
            words.place(tuple(zip(observed.factors, row.cell, strict=True)), varying),
            row.mean.value if row.mean else math.nan,
            row.as_published,
        )
        for row in analysis.cells
        if row.as_published is not None
    ]
    text = bank.as_published_text if bank and rows else ""
    note = f"As published: {text}. Everything else here rests on the mean."
    header = ("cell", "mean over runs", "as published")
    return make_view("published", "Cells as published", header, rows, note, digits=4)
