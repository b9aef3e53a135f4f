"""How much a report shows: as much as there may be, and one more."""

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report import analysis_text, plain
from actwise.report.figures import NARROW, Drawing, curve_figures, summary_figure
from actwise.report.figures.lines import lines_chart

NAN = math.nan


def drawn(num_series: int, num_points: int) -> list[str]:
    series = {
        f"line {k}": tuple((float(x), x + k / 10, NAN, NAN) for x in range(num_points))
        for k in range(num_series)
    }
    return lines_chart(Drawing("x", "Title", NARROW), series, unit="y", x_unit="x").shapes


@pytest.mark.parametrize(("num_points", "num_dots"), [(12, 12), (13, 0)])
def test_lines_of_up_to_twelve_points_have_dots(num_points: int, num_dots: int) -> None:
    assert sum("<circle" in shape for shape in drawn(1, num_points)) == num_dots


def test_the_ninth_line_has_the_first_colour_and_is_dashed() -> None:
    classes = [s.split('"')[1] for s in drawn(9, 13) if s.startswith("<path") and "l s" in s]
    assert classes == [*(f"l s{k}" for k in range(8)), "l s0 d"]


def test_an_interval_is_drawn_from_its_lower_to_its_upper_end() -> None:
    series = {"a": ((1.0, 2.0, 1.0, 4.0), (2.0, 3.0, NAN, 5.0))}
    shapes = lines_chart(Drawing("x", "T", NARROW), series, unit="y", x_unit="x").shapes
    (interval,) = (s for s in shapes if 'stroke-width="1.4"' in s)
    (x0, y0), (x1, y1) = (
        map(float, p.split()) for p in interval.split('d="M')[1].split('"')[0].split("L")
    )
    assert x0 == x1 and y0 > y1  # y falls upwards


def rows_of(**levels: tuple[str, ...]) -> list[dict[str, Any]]:
    """Two seeds of every cell; each level is as good as its number."""
    found = []
    for place, values in enumerate(product(*levels.values())):
        for seed in range(2):
            noise = ((place * 7 + seed * 3) % 5) / 10
            cell = dict(zip(levels, values, strict=True))
            found.append({**cell, "seed": seed, "test_accuracy": 70.0 + noise})
    return found


def numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name}{number}" for number in range(count))


@pytest.fixture(scope="module")
def conditions() -> Callable[[int], Analysis]:
    """An analysis of two activations in so many conditions of one network."""
    known: dict[int, Analysis] = {}

    def analysed(count: int) -> Analysis:
        if count not in known:
            rows = rows_of(model=("net",), regularization=numbered("r", count), activation=TWO)
            known[count] = aw.analyze(rows)
        return known[count]

    return analysed


TWO = ("relu", "elu")


@pytest.mark.parametrize(
    ("count", "where", "num_rows"), [(60, "condition", 60), (61, "network", 1)]
)
def test_the_summary_has_a_row_for_each_of_60_conditions(
    count: int, where: str, num_rows: int, conditions: Callable[[int], Analysis]
) -> None:
    (drawing,) = summary_figure(conditions(count))
    assert f"in each {where}," in drawing.title
    assert sum("<circle" in shape for shape in drawing.shapes) == num_rows


@pytest.mark.parametrize(("count", "is_cut"), [(60, False), (61, True)])
def test_a_table_in_a_terminal_has_60_rows(
    count: int, is_cut: bool, conditions: Callable[[int], Analysis]
) -> None:
    text = plain(analysis_text(conditions(count), full=True), 120)
    assert ("... and 1 more: --json has all" in text) == is_cut


@pytest.mark.parametrize("count", [12, 13])
def test_twelve_panels_of_curves_are_shown(count: int) -> None:
    levels = {"regularization": numbered("r", count), "train.epochs": ("10", "30")}
    analysis = aw.analyze(rows_of(**levels, activation=TWO))
    assert len(curve_figures(analysis)) == 12


@pytest.mark.parametrize("count", [12, 13])
def test_twelve_lines_of_a_panel_are_shown(count: int) -> None:
    levels = {"model": ("net",), "train.epochs": ("10", "30")}
    (drawing,) = curve_figures(aw.analyze(rows_of(**levels, activation=numbered("a", count))))
    assert sum('stroke-width="1.6"' in shape for shape in drawing.shapes) == 12
