"""Figures: legible on a telephone and on a wide screen, nothing cut off, no name on a line."""

import re
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report.figures import (
    NARROW,
    WIDE,
    Drawing,
    curve_figures,
    summary_figure,
    to_pdf,
    to_svg,
)
from actwise.report.figures.axes import nice_ticks, text_width, tick_text
from actwise.report.figures.forest import Bar, forest
from actwise.report.figures.lines import lines_chart
from actwise.report.words import verdict_text
from made.cases import case_rows
from made.studies import LEVELS, made_rows

LONG = "resnet18-table2, bn+dropout(between=0.35)+aug+cutout(8)+smooth(0.1)"
NAN = float("nan")


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
def analysis(request: pytest.FixtureRequest) -> Analysis:
    return wordy() if request.param == "wordy" else aw.analyze(request.param)


@pytest.fixture(scope="module", params=[NARROW, WIDE])
def drawings(request: pytest.FixtureRequest, analysis: Analysis) -> list[Drawing]:
    width = request.param
    found = [*summary_figure(analysis, width=width), *curve_figures(analysis, width=width)]
    assert found and all(drawing.width == width for drawing in found)
    return found


class Label:
    """A text as it lies in a picture."""

    def __init__(self, element: ElementTree.Element) -> None:
        self.text = element.text or ""
        self.size = float(element.attrib["font-size"])
        self.x, self.y = float(element.attrib["x"]), float(element.attrib["y"])
        width = text_width(self.text, self.size, is_bold=" b" in element.attrib["class"])
        anchor = element.attrib["text-anchor"]
        self.left = self.x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        self.right = self.left + width


def elements(drawing: Drawing, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(to_svg(drawing)).iter(tag))


def labels(drawing: Drawing) -> list[Label]:
    return [Label(element) for element in elements(drawing, "text")]


def boxes(drawing: Drawing, colour: str) -> list[dict[str, float]]:
    found = [e.attrib for e in elements(drawing, "rect") if e.attrib["class"] == f"f {colour}"]
    return [{k: float(a[k]) for k in ("x", "y", "width", "height")} for a in found]


def uprights(drawing: Drawing) -> list[tuple[float, float, float]]:
    """(x, top, bottom) of the upright lines of the grid and the left edge of the bands."""
    found = []
    for element in elements(drawing, "path"):
        if element.attrib["class"] in ("l ink", "l faint"):
            (x1, y1), (x2, y2) = (map(float, p.split()) for p in element.attrib["d"][1:].split("L"))
            found += [(x1, y1, y2)] if x1 == x2 else []
    return found + [(b["x"], b["y"], b["y"] + b["height"]) for b in boxes(drawing, "band")]


def test_every_text_is_legible(drawings: list[Drawing]) -> None:
    # 320 pixels are left of 360 beside the margins of the page, 880 of the narrowest wide one.
    for drawing in drawings:
        shown = min(1.0, (320 if drawing.width == NARROW else 870) / drawing.width)
        assert all(label.size * shown >= 10.4 for label in labels(drawing))


def test_no_text_leaves_its_picture(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for label in labels(drawing):
            assert label.left >= -1 and label.right <= drawing.width + 1, label.text
            assert 10 <= label.y <= drawing.height - 3, label.text


def test_no_name_stands_on_a_line_of_the_grid(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        for label in labels(drawing):
            for x, top, bottom in uprights(drawing):
                is_crossed = label.left < x < label.right and top < label.y - 3 < bottom
                assert not is_crossed, label.text


def test_texts_do_not_overlap(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        found = labels(drawing)
        for number, label in enumerate(found):
            for other in found[:number]:
                if abs(label.y - other.y) < 10:
                    apart = label.right <= other.left + 2 or other.right <= label.left + 2
                    assert apart, (label.text, other.text)


def test_names_are_never_shortened(drawings: list[Drawing]) -> None:
    assert "…" not in "".join(to_svg(drawing) for drawing in drawings)


def test_the_summary_has_a_row_for_each_condition_and_level() -> None:
    analysis = wordy()
    (drawing,) = summary_figure(analysis)
    assert len(elements(drawing, "circle")) == 8 * 2
    incumbent = analysis.incumbent[0].incumbent
    assert all(incumbent not in label.text for label in labels(drawing)[4:-3])


def test_a_row_says_the_verdict_on_its_level() -> None:
    analysis = aw.analyze(
        [
            {"activation": a, "seed": s, "test_accuracy": 70.0 + shift + 0.1 * ((s * 7 + n) % 5)}
            for n, (a, shift) in enumerate({"elu": 5.0, "relu": 0.0, "prelu": -5.0}.items())
            for s in range(4)
        ],
        factors=["activation"],
    )
    (drawing,) = summary_figure(analysis)
    texts = " | ".join(label.text for label in labels(drawing))
    assert re.search(r"\+5\.\d\d \([\d.]+ to [\d.]+\) better", texts)
    assert re.search(r"-[45]\.\d\d \(-[\d.]+ to -[\d.]+\) worse", texts)


def test_a_verdict_in_a_picture_is_the_one_of_the_table() -> None:
    analysis = aw.analyze(case_rows("crossover"))
    (drawing,) = summary_figure(analysis)
    shown = [label.text for label in labels(drawing) if re.match(r"[+-]?\d.* to ", label.text)]
    turned = {"better": "worse", "worse": "better"}
    for pair, text in zip(analysis.pairs, shown, strict=True):
        verdict, *rest = verdict_text(pair.judged).split(",")
        said = ",".join([verdict if pair.b == "relu" else turned.get(verdict, verdict), *rest])
        assert text.endswith(f") {said}")


def test_exploratory_pairs_have_no_verdict_in_the_picture() -> None:
    levels = {**LEVELS, "activation": ("relu", *(f"elu({k})" for k in range(1, 6)))}
    rows = made_rows(seeds=3, generator=np.random.default_rng(0), levels=levels)
    analysis = aw.analyze(rows)
    assert analysis.pairs[0].judged.p[-1].method == "benjamini-hochberg"
    (drawing,) = summary_figure(analysis)
    text = " ".join(label.text for label in labels(drawing))
    assert "exploratory" in text and not re.search(r"\) (better|worse|undecided)", text)


def test_the_margin_is_a_band_around_no_difference() -> None:
    rows = [
        Bar("vgg16", "a", (-0.4, 0.2, 0.8), "+0.2", "s0", 0.5),
        Bar("vgg16", "c", (1.0, 2.0, 3.0), "+2.0", "s2", NAN),
    ]
    drawing = forest(Drawing("x", "Title", WIDE), rows, unit="points", legend={})
    (band,) = boxes(drawing, "band")
    (zero,) = {
        float(e.attrib["d"][1:].split()[0])
        for e in elements(drawing, "path")
        if e.attrib["class"] == "l ink"
    }
    assert band["x"] + band["width"] / 2 == pytest.approx(zero, abs=0.1)


def test_epochs_are_whole_numbers() -> None:
    points = ((1.0, 10.0, NAN, NAN), (2.0, 20.0, NAN, NAN))
    drawing = lines_chart(Drawing("x", "Title", NARROW), {"relu": points}, unit="%", x_unit="epoch")
    below = max(label.y for label in labels(drawing) if label.text != "epoch")
    assert [label.text for label in labels(drawing) if label.y == below] == ["1", "2"]


def test_lines_come_in_the_order_of_the_levels() -> None:
    analysis = aw.analyze("bank:trottier")
    assert analysis.observed is not None
    order = analysis.observed.levels_of("activation")
    for drawing in curve_figures(analysis):
        shown = [label.text for label in labels(drawing) if label.text in order]
        assert shown == [level for level in order if level in shown]


def test_where_the_budget_varies_means_are_drawn_over_it() -> None:
    rows = [
        {
            "train.epochs": epochs,
            "activation": name,
            "seed": seed,
            "test_accuracy": 40.0 + epochs + 3 * (name == "elu") + 0.3 * ((seed * 7 + epochs) % 5),
        }
        for epochs in (6, 12, 30)
        for name in ("relu", "elu")
        for seed in range(3)
    ]
    analysis = aw.analyze(rows, factors=["train.epochs", "activation"])
    (drawing,) = curve_figures(analysis)
    assert drawing.name == "epochs-1" and len(elements(drawing, "circle")) == 6
    assert {"10", "30", "epochs"} <= {label.text for label in labels(drawing)}
    hints = [e.text for e in elements(drawing, "title")]
    means = {f"{row.mean.value:.2f}" for row in analysis.cells if row.mean}
    assert {(text or "").split(": ")[1] for text in hints} == means


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


def test_a_pdf_holds_every_word_of_its_picture_and_is_the_same_every_time() -> None:
    (drawing,) = summary_figure(aw.analyze("bank:paper"))
    content = to_pdf(drawing)
    assert content.startswith(b"%PDF-") and content == to_pdf(drawing)
    size = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", content)
    assert size and [float(x) for x in size.groups()] == pytest.approx(
        [drawing.width, drawing.height]
    )
    assert set(re.findall(rb"/BaseFont /[A-Z]+\+([\w-]+)", content)) >= {b"DejaVuSans-Bold"}
    # Without text, and without shapes, it is smaller.
    for tag in ("<text", "<path", "<circle", "<rect"):
        fewer = replace(drawing, shapes=[x for x in drawing.shapes if not x.startswith(tag)])
        assert len(fewer.shapes) < len(drawing.shapes)
        assert len(to_pdf(fewer)) < len(content)


def test_a_picture_in_a_file_holds_its_colours() -> None:
    (drawing,) = summary_figure(aw.analyze("bank:paper"))
    for theme in ("light", "dark"):
        assert "var(" not in to_svg(drawing, theme=theme)
