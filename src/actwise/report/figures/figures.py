"""The figures of a report: the summary on its first screen, and the curves."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ...analysis import Analysis
from ...analysis.differences import Judged
from ...analysis.reading import PROFILES, LearningCurve
from ...analysis.table import BUDGETS, Cell, Levels, Observations, condition_of
from ...numbers import places, signed, span
from ...printable import printable
from ...store.exchange import write_files
from .. import words
from .axes import NARROW, WIDE
from .drawing import Drawing, to_svg
from .forest import Bar, forest
from .lines import Points, lines_chart
from .pdf import to_pdf

MOST_PANELS = 12
"""Panels of one kind in a report."""
MOST_ROWS = 60
"""Rows of the summary; where conditions need more it shows means over them."""
_MOST_SERIES = 12
_MOST_POINTS = 60
_EXPLORATORY = "s5"
_COLOURS = {"better": "s2", "worse": "s1", "equivalent": "s0", "undecided": "s7"}


def summary_figure(analysis: Analysis, *, width: float = WIDE) -> list[Drawing]:
    """Every level against the one in use, in each condition or, with many, in each network.

    Only of the networks that are decided: where budgets vary the others are curves over them.
    """
    if not analysis.incumbent:
        return []
    incumbent = analysis.incumbent[0].incumbent
    rows, where = [*_in_conditions(analysis, incumbent)], "condition"
    if not rows or len(rows) > MOST_ROWS:
        decided = {network.network for network in analysis.decision.networks}
        found = [row for row in analysis.incumbent if row.network in decided]
        rows = [_interval(analysis, row.network, row.level, row.judged, 1) for row in found]
        where = "network"
    more = f", the first {MOST_ROWS} of {len(rows)}" if len(rows) > MOST_ROWS else ""
    name, unit = printable(incumbent), words.response_text(analysis)
    title = f"Against {name} in each {where}, {words.verdict_name(analysis)}s{more}"
    points = "points of " if words.unit(analysis) == "points" else ""
    said = {row.colour for row in rows} - {_EXPLORATORY}
    notes = "; verdicts also by the adjusted p" if said else "; exploratory: without verdicts"
    notes += "; grey band: no difference that matters" if rows[0].margin > 0 else ""
    return [
        forest(
            Drawing("summary", title, width),
            rows[:MOST_ROWS],
            unit=f"{points}{unit} more than {name}{notes}",
            legend={verdict: colour for verdict, colour in _COLOURS.items() if colour in said},
        )
    ]


def curve_figures(analysis: Analysis, *, width: float = NARROW) -> list[Drawing]:
    """Learning curves, a panel a condition, then means over the budget where it varies."""
    found = [*_learning(analysis, width)]
    for budget in BUDGETS:
        if budget in words.varying_factors(analysis.observed):
            found += _over_budget(analysis, budget, width)
    return [*found, *_signal_flow(analysis, width)]


def write_figures(analysis: Analysis, folder: Path, *, with_pdf: bool = False) -> list[Path]:
    """Write every figure of the report as SVG, and as PDF too if asked for.

    Raises:
        SpecError: if they may not stand there, or for PDF without matplotlib.
        OutputError: if they cannot be written.
    """
    analysis = words.with_labels(analysis)
    drawings = (*summary_figure(analysis), *curve_figures(analysis))
    pictures = {f"{d.name}.svg": to_svg(d, theme="light").encode() for d in drawings}
    if with_pdf:
        pictures |= {f"{d.name}.pdf": to_pdf(d) for d in drawings}
    return write_files(folder, pictures)


def _in_conditions(analysis: Analysis, incumbent: str) -> Iterator[Bar]:
    decided = {found.condition for found in analysis.decision.conditions}
    for pair in analysis.pairs:
        if pair.condition in decided and incumbent in (pair.a, pair.b):
            level, sign = (pair.a, 1) if incumbent == pair.b else (pair.b, -1)
            yield _interval(analysis, pair.condition, level, pair.judged, sign)


def _interval(analysis: Analysis, levels: Levels, level: str, judged: Judged, sign: int) -> Bar:
    """A row; ``sign`` is -1 where the one in use comes first in the difference."""
    digits, value = words.digits_of(analysis), sign * judged.estimate.value
    lower, upper = sorted(sign * limit for limit in judged.estimate.verdict_interval())
    if sign < 0 and judged.verdict in ("better", "worse"):
        judged = replace(judged, verdict="worse" if judged.verdict == "better" else "better")
    verdict, colour = words.verdict_text(judged), _COLOURS[judged.verdict]
    if judged.p[-1].method == "benjamini-hochberg":
        verdict, colour = "", _EXPLORATORY
    return Bar(
        printable(words.place(levels, words.decided_factors(analysis))),
        printable(level),
        (lower, value, upper),
        f"{signed(value, digits)} ({span(lower, upper, digits)}) {verdict}".strip(),
        colour,
        judged.margin.points,
    )


Panels = dict[Levels, dict[str, Points]]
"""Of the levels of all other factors, for each level of the compared one its line."""


def _learning(analysis: Analysis, width: float) -> Iterator[Drawing]:
    observed = analysis.results.observed
    panels: Panels = {}
    for curve in analysis.results.curves:
        where, level = _place(observed, curve.cell)
        panels.setdefault(where, {})[level] = _points(curve)
    measure = analysis.results.curves[0].measure.replace("_", " ") if panels else ""
    is_percent = observed is None or not observed.is_task or observed.unit == "percent"
    unit = f"{measure}, percent" if is_percent else measure
    yield from _panels(analysis, panels, ("curves", unit, "epoch"), width)


def _over_budget(analysis: Analysis, budget: str, width: float) -> Iterator[Drawing]:
    """Means of the cells with their intervals over epochs or training images."""
    observed = analysis.observed
    assert observed is not None, "a budget that varies is one of runs"
    panels: Panels = {}
    for row in analysis.cells:
        named = dict(zip(observed.factors, row.cell, strict=True))
        level, size = named.pop(observed.focus), named.pop(budget)
        if row.mean is not None and (size := words.level_of(size)).replace(".", "", 1).isdigit():
            point = (float(size), row.mean.value, *words.mean_interval(analysis, row.mean))
            lines = panels.setdefault(tuple(named.items()), {})
            lines[level] = tuple(sorted((*lines.get(level, ()), point)))
    name = words.short(budget)
    units = (name, words.response_text(analysis), name.replace("_", " "))
    yield from _panels(analysis, panels, units, width)


def _signal_flow(analysis: Analysis, width: float) -> Iterator[Drawing]:
    """Profiles of sites by depth and by epoch: medians over seeds, from the least to the most."""
    observed = analysis.results.observed
    for quantity, unit in PROFILES.items():
        for by, below in (
            ("depth", "activation, first to last, after training"),
            ("epoch", "epoch"),
        ):
            panels: Panels = {}
            for profile in analysis.results.profiles:
                if (profile.quantity, profile.by) == (quantity, by):
                    where, level = _place(observed, profile.cell)
                    panels.setdefault(where, {})[level] = profile.points
            names = (f"flow-{quantity.split('_')[0]}-{by}", f"{unit}, median and range", below)
            yield from _panels(analysis, panels, names, width, heading=f"by {by}")


def _place(observed: Observations | None, cell: Cell) -> tuple[Levels, str]:
    """The levels of all other factors in a cell, and that of the compared one."""
    assert observed is not None, "curves and profiles come with runs"
    where = condition_of(observed.factors, cell, focus=observed.focus)
    return where, cell[observed.position(observed.focus)]


def _panels(
    analysis: Analysis,
    panels: Panels,
    names: tuple[str, str, str],
    width: float,
    *,
    heading: str = "",
) -> Iterator[Drawing]:
    """One chart for each; ``names`` are of the files, of the values and of what is below them."""
    name, unit, x_unit = names
    observed, digits = analysis.results.observed, words.digits_of(analysis)
    varying = words.varying_factors(observed)
    order = observed.levels_of(observed.focus) if observed else ()
    for place, (levels, lines) in enumerate([*panels.items()][:MOST_PANELS], start=1):
        where = printable(words.place(levels, varying))
        titles = (heading,) if heading and len(panels) == 1 else (where, heading)
        shown = sorted(lines.items(), key=lambda line: order.index(line[0]))[:_MOST_SERIES]
        series = {printable(level): points for level, points in shown}
        drawing = Drawing(f"{name}-{place}", ", ".join(filter(None, titles)), width)
        yield lines_chart(drawing, series, unit=unit, x_unit=x_unit, digits=digits)


def _points(curve: LearningCurve) -> Points:
    """At most :data:`_MOST_POINTS` of a curve, its last epoch included."""
    chosen = places(len(curve.epochs), _MOST_POINTS)
    return tuple((float(curve.epochs[i]), curve.mean[i], math.nan, math.nan) for i in chosen)
