"""Figures: legible on a telephone, nothing cut off, no name on a line of the grid."""

from typing import Any

import pytest

import actwise as aw
from actwise.analysis.results import Analysis
from actwise.report.axes import WIDTH, nice_ticks, text_width, tick_text
from actwise.report.drawing import Box, Drawing, Label, Path, to_svg
from actwise.report.figures import all_figures
from actwise.report.line_chart import Series, lines_chart
from actwise.report.row_charts import Interval, intervals_chart

LONG = "resnet18-table2, bn+dropout(between=0.35)+aug+cutout(8)+smooth(0.1)"


def wordy() -> Analysis:
    """Levels whose names are long, and differ in their last letters only."""
    rows: list[dict[str, Any]] = [
        {
            "dataset": "cifar10",
            "model": model,
            "regularization": f"{LONG}{end}",
            "activation": f"package.module.with.a.long.path:Activation{name}",
            "seed": seed,
            "test_accuracy": 80.0 + number + seed / 3 * (1 + number % 2),
        }
        for model in ("vgg16-table1", "resnet18-table2")
        for end in ("", "x", "y", "z")
        for number, name in enumerate("ABC")
        for seed in range(3)
    ]
    return aw.analyze(rows)


@pytest.fixture(scope="module", params=["wordy", "bank:paper", "bank:trottier"])
def drawings(request: pytest.FixtureRequest) -> list[Drawing]:
    return list(all_figures(wordy() if request.param == "wordy" else aw.analyze(request.param)))


def extent(label: Label) -> tuple[float, float]:
    width = text_width(label.text, label.size, is_bold=label.is_bold)
    start = {"start": 0.0, "middle": width / 2, "end": width}[label.anchor]
    return label.x - start, label.x - start + width


def labels(drawing: Drawing) -> list[Label]:
    return [shape for shape in drawing.shapes if isinstance(shape, Label)]


def test_every_text_is_legible_on_a_telephone(drawings: list[Drawing]) -> None:
    # 320 pixels are left of 360 beside the margins of the page.
    for drawing in drawings:
        assert drawing.width == WIDTH
        assert all(label.size * min(1.0, 320 / WIDTH) >= 11 for label in labels(drawing))


def test_no_text_leaves_its_picture(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for label in labels(drawing):
            left, right = extent(label)
            assert left >= -1 and right <= drawing.width + 1, label.text
            assert 10 <= label.y <= drawing.height - 3, label.text


def test_no_name_stands_on_a_line_of_the_grid(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        upright = [
            shape.points
            for shape in drawing.shapes
            if isinstance(shape, Path) and shape.colour in ("ink", "faint")
            if shape.points[0][0] == shape.points[1][0]
        ]
        bands = [s for s in drawing.shapes if isinstance(s, Box) and s.colour == "band"]
        upright += [((b.x, b.y), (b.x, b.y + b.height)) for b in bands]
        for label in labels(drawing):
            left, right = extent(label)
            for (x, top), (_, bottom) in upright:
                assert not (left < x < right and top < label.y - 2 < bottom), label.text


def test_texts_do_not_overlap(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        found = labels(drawing)
        for number, label in enumerate(found):
            for other in found[:number]:
                if abs(label.y - other.y) < 10:
                    (a, b), (c, d) = extent(label), extent(other)
                    assert b <= c + 2 or d <= a + 2, (label.text, other.text)


def test_names_are_never_shortened(drawings: list[Drawing]) -> None:
    assert "…" not in "".join(to_svg(drawing) for drawing in drawings)


def test_an_axis_says_what_its_numbers_are() -> None:
    texts = {
        drawing.name: {label.text for label in labels(drawing)}
        for drawing in all_figures(aw.analyze("bank:paper"))
    }
    assert "points of test accuracy (below 0: ahead)" in texts["ranking"]
    assert "points of test accuracy, first minus second" in texts["differences-1"]
    assert "test accuracy, percent" in texts["interaction-1"]
    assert "percent" in texts["effects"]


def test_names_that_have_no_room_below_an_axis_stand_in_a_key() -> None:
    points = tuple((float(place), 1.0 + place, 0.5, 9.0) for place in range(9))
    groups = [f"regularization{place}" for place in range(9)]
    drawing = lines_chart("x", "Title", [Series("relu", points)], unit="points", groups=groups)
    texts = [label.text for label in labels(drawing)]
    assert "9" in texts and "9 = regularization8" in texts


def test_epochs_are_whole_numbers() -> None:
    nan = float("nan")
    points = ((1.0, 10.0, nan, nan), (2.0, 20.0, nan, nan))
    drawing = lines_chart("x", "Title", [Series("relu", points)], unit="%", x_unit="epoch")
    below = max(label.y for label in labels(drawing) if label.text != "epoch")
    assert [label.text for label in labels(drawing) if label.y == below] == ["1", "2"]


def test_the_margin_is_a_band_around_no_difference() -> None:
    rows = [Interval("a - b", 0.2, -0.4, 0.8, group="vgg16"), Interval("a - c", 2.0, 1.0, 3.0)]
    drawing = intervals_chart("x", "Title", rows, unit="points", margin=0.5)
    bands = [shape for shape in drawing.shapes if isinstance(shape, Box) and shape.colour == "band"]
    zero = next(s.points[0][0] for s in drawing.shapes if isinstance(s, Path) and s.colour == "ink")
    assert bands
    assert all(band.x + band.width / 2 == pytest.approx(zero) for band in bands)


@pytest.mark.parametrize(
    ("low", "high", "is_whole"), [(0, 1, False), (0.1, 0.11, False), (1, 200, True), (3, 3, True)]
)
def test_ticks_are_round_and_enclose_the_values(low: float, high: float, is_whole: bool) -> None:
    ticks = nice_ticks(low, high, is_whole=is_whole)
    assert ticks[0] <= low and ticks[-1] >= high
    texts = [tick_text(tick, ticks) for tick in ticks]
    assert len(set(texts)) == len(texts) <= 8
    assert [float(text) for text in texts] == pytest.approx(ticks)
    assert not is_whole or all(tick == int(tick) for tick in ticks)
