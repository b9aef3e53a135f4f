"""The figures of a report: which charts an analysis needs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..analysis.contrasts import Condition
from ..analysis.evidence import is_percent
from ..analysis.reading import LearningCurve
from ..analysis.results import Analysis
from ..errors import StoreError
from .drawing import Drawing, to_svg
from .line_chart import Series, lines_chart
from .raster import to_png
from .row_charts import Interval, bars_chart, intervals_chart
from .views import digits_of, interval_name, place, term_text, verdict_name
from .wording import printable

MOST_PANELS = 12
"""Panels of one kind in a report."""
MOST_ROWS = 36
"""Rows of one forest plot."""
_MOST_SERIES = 12
_MOST_POINTS = 60


def ranking_figures(analysis: Analysis) -> list[Drawing]:
    """How far each level is behind the best."""
    rows = [
        Interval(
            f"{row.level}{'' if row.may_be_best else ' (not the best)'}",
            row.behind_best.value,
            *row.behind_best.interval(),
            series=0 if row.may_be_best else 7,
        )
        for row in analysis.differences.ranking[:MOST_ROWS]
    ]
    if not rows:
        return []
    title = f"How far behind the best other level, with {interval_name(analysis)}s"
    unit = f"{_difference_unit(analysis)} (below 0: ahead)"
    digits = digits_of(analysis)
    return [intervals_chart("ranking", title, _printable(rows), unit=unit, digits=digits)]


def margin_figures(analysis: Analysis) -> list[Drawing]:
    """Interaction plots: each level's mean over the levels of another factor."""
    groups: dict[tuple[str, str], dict[str, dict[str, tuple[float, float, float]]]] = defaultdict(
        lambda: defaultdict(dict)
    )
    for row in analysis.margins:
        entry = (row.mean.value, *row.mean.interval())
        groups[row.dataset, row.factor][row.level][row.at] = entry
    drawings: list[Drawing] = []
    for (dataset, factor), lines in list(groups.items())[:MOST_PANELS]:
        names = list(dict.fromkeys(at for values in lines.values() for at in values))
        series = [
            Series(printable(level), tuple((float(names.index(at)), *v) for at, v in found.items()))
            for level, found in list(lines.items())[:_MOST_SERIES]
        ]
        where = "" if dataset == "all" else f"{dataset}: "
        drawings.append(
            lines_chart(
                f"interaction-{len(drawings) + 1}",
                printable(f"{where}{_focus(analysis)} by {factor}"),
                series,
                unit=_unit(analysis),
                digits=digits_of(analysis),
                groups=[printable(name) for name in names],
            )
        )
    return drawings


def forest_figures(analysis: Analysis) -> list[Drawing]:
    """Differences of pairs with 90 % intervals and the margin, a panel a data set."""
    pool = analysis.source.observed.dataset_factor if analysis.source.observed else None
    groups: dict[str, list[Interval]] = defaultdict(list)
    margins: dict[str, float] = {}
    for row in analysis.differences.simple:
        levels = dict(row.condition)
        dataset = levels.pop(pool, "") if pool else ""
        groups[dataset].append(
            Interval(
                f"{row.high} - {row.low}: {row.verdict}",
                row.estimate.value,
                *row.estimate.verdict_interval(),
                series={"better": 2, "worse": 1, "equivalent": 0}.get(row.verdict, 7),
                group=place(tuple(levels.items()), analysis.source.observed) if levels else "",
            )
        )
        margins[dataset] = row.margin
    drawings: list[Drawing] = []
    for dataset, rows in list(groups.items())[:MOST_PANELS]:
        more = f", first {MOST_ROWS} of {len(rows)}" if len(rows) > MOST_ROWS else ""
        band = " and margin" if margins[dataset] > 0 else ""
        title = printable(f"{dataset or 'Differences'}: {verdict_name(analysis)}s{band}{more}")
        drawings.append(
            intervals_chart(
                f"differences-{len(drawings) + 1}",
                title,
                _printable(rows[:MOST_ROWS]),
                unit=f"{_difference_unit(analysis)}, first minus second",
                digits=digits_of(analysis),
                margin=margins[dataset] if margins[dataset] > 0 else None,
            )
        )
    return drawings


def effect_figures(analysis: Analysis) -> list[Drawing]:
    """Shares of what involves the compared factor, on both scales."""
    if not analysis.points or not analysis.points.pooled:
        return []
    found = [size for size in analysis.points.pooled.sizes if size.share == size.share]
    if not found:
        return []
    logit = analysis.logit.pooled if analysis.logit else None
    other = {size.term: size.share for size in logit.sizes} if logit else {}
    rows = [
        (printable(term_text(size.term)), [size.share, *([other[size.term]] if other else [])])
        for size in sorted(found, key=lambda size: -size.share)[:MOST_ROWS]
    ]
    series = ["points", "logit scale"] if other else [_unit(analysis)]
    title = f"Shares of what involves {_focus(analysis)}"
    return [bars_chart("effects", title, rows, series=series)]


def curve_figures(analysis: Analysis) -> list[Drawing]:
    """Mean learning curves, a panel a condition, a line a level."""
    observed = analysis.source.observed
    if observed is None:
        return []
    focus = observed.position(observed.focus)
    panels: dict[Condition, list[LearningCurve]] = defaultdict(list)
    for curve in analysis.source.curves:
        named = tuple(zip(observed.factors, curve.cell, strict=True))
        panels[named[:focus] + named[focus + 1 :]].append(curve)
    levels = observed.levels_of(observed.focus)
    drawings: list[Drawing] = []
    for condition, curves in list(panels.items())[:MOST_PANELS]:
        ordered = sorted(curves, key=lambda curve: levels.index(curve.cell[focus]))
        series = [Series(printable(c.cell[focus]), _points(c)) for c in ordered[:_MOST_SERIES]]
        measure = ordered[0].measure.replace("_", " ")
        drawings.append(
            lines_chart(
                f"curves-{len(drawings) + 1}",
                printable(place(condition, observed)),
                series,
                unit=f"{measure}, percent",
                x_unit="epoch",
            )
        )
    return drawings


def all_figures(analysis: Analysis) -> Iterator[Drawing]:
    """Every figure of the report, in its order."""
    for make in (ranking_figures, margin_figures, forest_figures, effect_figures, curve_figures):
        yield from make(analysis)


def write_figures(analysis: Analysis, folder: Path) -> list[Path]:
    """Write every figure as SVG and as PNG.

    Raises:
        StoreError: if the folder cannot be written.
    """
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for drawing in all_figures(analysis):
            svg, png = (folder / f"{drawing.name}.{kind}" for kind in ("svg", "png"))
            svg.write_text(to_svg(drawing, standalone=True), encoding="utf-8")
            png.write_bytes(to_png(drawing))
            paths += [svg, png]
    except OSError as error:
        raise StoreError(f"{str(folder)!r} cannot be written: {error.strerror}") from None
    return paths


def _points(curve: LearningCurve) -> tuple[tuple[float, float, float, float], ...]:
    """At most :data:`_MOST_POINTS` of a curve, its last epoch included."""
    nan = float("nan")
    step = max(1, -(-len(curve.epochs) // _MOST_POINTS))
    chosen = [*range(0, len(curve.epochs) - 1, step), len(curve.epochs) - 1]
    return tuple((float(curve.epochs[i]), curve.mean[i], nan, nan) for i in chosen)


def _printable(rows: Sequence[Interval]) -> list[Interval]:
    return [
        Interval(printable(r.name), r.value, r.lower, r.upper, r.series, printable(r.group))
        for r in rows
    ]


def _focus(analysis: Analysis) -> str:
    observed = analysis.source.observed
    return observed.focus if observed else "activation"


def _unit(analysis: Analysis) -> str:
    observed = analysis.source.observed
    name = observed.response.replace("_", " ") if observed else ""
    return f"{name}, percent" if "accuracy" in name or "error" in name else name


def _difference_unit(analysis: Analysis) -> str:
    """Differences of percentages are points."""
    observed = analysis.source.observed
    name = observed.response.replace("_", " ") if observed else ""
    return f"points of {name}" if observed and is_percent(observed) else name
