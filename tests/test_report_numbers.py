"""Every number in a report is one of ``analyze --json``, in its row."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.results import Analysis
from actwise.report.html import render_html
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS, made_rows

NUMBER = re.compile(r"(?<![\w.>-])[-+]?(?:\d+\.\d+|\.\d+|\d+)(?![\w.-])|(?<=<)\.001")


class Page(HTMLParser):
    """Tables (their texts by caption) and hints of pictures (by section) of a report."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.hints: dict[str, list[str]] = {}
        self._section = self._caption = self._tag = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag = tag
        if tag == "section":
            self._section = dict(attrs)["id"] or ""
        elif tag == "tr":
            self.tables.setdefault(self._caption, []).append([])
        elif tag in ("td", "th"):
            self.tables[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._tag = ""

    def handle_data(self, data: str) -> None:
        if self._tag == "figcaption":
            self._caption = data
        elif self._tag == "title":
            self.hints.setdefault(self._section, []).append(data)
        elif self._tag in ("td", "th"):
            self.tables[self._caption][-1][-1] += data


def leaves(value: Any) -> Iterator[float]:
    """Every number inside a value of JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def unknown(texts: list[str], value: Any) -> list[str]:
    """Numbers in the texts that are no rounded number of the value; of rates also in percent."""
    known = list(leaves(value))
    found = []
    for token in (token for text in texts for token in NUMBER.findall(text)):
        digits = len(token.partition(".")[2])
        shown = abs(float(token))
        near = (
            abs(abs(k) * s - shown) <= 0.5000001 * 10.0**-digits for k in known for s in (1, 100)
        )
        if not any(near) and token != ".001":
            found.append(token)
    return found


def sources(values: dict[str, Any]) -> dict[str, list[Any]]:
    """For each table its rows in JSON, in the order of the page."""
    simple = [row for row in values["contrasts"] if row["kind"] == "simple"]
    kinds = ("mean", "change")
    asked = [row for row in values["contrasts"] if row["kind"] in kinds]
    logit = (values["logit"] or {}).get("effects", [None] * len(values["effects"]))
    by_dataset = {
        f"Effects on {name}": list(
            zip(
                found["effects"],
                values["logit"]["effects_by_dataset"][name]["effects"],
                strict=True,
            )
        )
        for name, found in values["effects_by_dataset"].items()
    }
    return {
        "Ranking": values["ranking"],
        "Best against second best": values["separations"],
        "Differences of pairs": simple,
        "The pair asked for": asked,
        "Seeds and test images": [row for row in simple if row["images"]],
        "Robustness": [row for row in simple if row["robustness"]],
        "Effects": list(zip(values["effects"], logit, strict=True)),
        **by_dataset,
        "Gain by augmentation": values["gains"],
        "Regret of rules of choice": values["rules"],
        "Published comparisons": [r for r in values["contrasts"] if r["kind"] == "summary"],
        "Published means": values["cells"],
        "Precision": values["precision"],
        "Variance components": [c for row in values["precision"] for c in row["components"]],
        "Diverged runs": values["divergence"],
        "Run flow": [values["flow"]],
        "Epochs and time": values["time"],
        **{claim["id"]: claim["components"] for claim in values["claims"]},
    }


def check_page(analysis: Analysis) -> set[str]:
    """Hold a report against the analysis.

    Returns:
        Captions of the tables that were compared row by row.
    """
    values = analysis.to_json()
    page = Page(render_html(analysis, command="test"))
    rows_of = sources(values)
    for caption in page.tables.keys() & rows_of.keys():
        header, *rows = page.tables[caption]
        assert len(rows) == min(len(rows_of[caption]), 400), caption
        for row, value in zip(rows, rows_of[caption], strict=False):
            numbers = [c for h, c in zip(header, row, strict=True) if h not in NAMES and c]
            assert unknown(numbers, list(value) if isinstance(value, tuple) else value) == [], (
                caption,
                row,
            )
    drawn = {
        "ranking": values["ranking"],
        "interactions": values["margins"],
        "differences": values["contrasts"],
        "curves": values["curves"],
        "effects": [values["effects"], (values["logit"] or {}).get("effects", [])],
    }
    for section, value in drawn.items():
        hints = [text.rsplit(": ", 1)[-1] for text in page.hints.get(section, [])]
        assert unknown(hints, value) == [], section
    check_cells(page, analysis, values)
    return page.tables.keys() & rows_of.keys()


NAMES = {
    *("level", "condition", "difference", "contrast", "term", "rule", "component", "cell"),
    *("data set", "best", "second", "activation", "scored"),
}


def check_cells(page: Page, analysis: Analysis, values: dict[str, Any]) -> None:
    """Every mean, interval and count of the tables of results, by its level."""
    observed = analysis.source.observed
    if observed is None:
        return
    for caption, (header, *rows) in page.tables.items():
        if caption.startswith(observed.response.replace("_", " ")):
            for level, *entries in rows:
                mine = [c for c in values["cells"] if c[observed.focus] == level]
                assert len(entries) == len(header) - 1
                assert unknown(entries, mine) == [], (caption, level)
        elif caption.startswith("Cells:"):
            for row, cell in zip(rows, values["cells"], strict=False):
                assert unknown(row[header.index("mean") :], cell) == [], row


@pytest.mark.parametrize("bank", ["paper", "trottier", "mish"])
def test_a_banks_report_holds_the_numbers_of_its_json(bank: str) -> None:
    compared = check_page(aw.analyze(f"bank:{bank}"))
    assert (
        compared
        >= {
            "paper": {
                "Ranking",
                "Effects",
                "Best against second best",
                "Gain by augmentation",
                "C1",
            },
            "trottier": {"Best against second best", "Precision", "Variance components"},
            "mish": {"Published comparisons", "Published means"},
        }[bank]
    )


@pytest.mark.parametrize("seeds", [3, 8])
def test_a_studys_report_holds_the_numbers_of_its_json(seeds: int) -> None:
    rows = made_rows(
        seeds=seeds, generator=np.random.default_rng(seeds), levels=LEVELS, seed_sd=0.2
    )
    rows[5] |= {"test_accuracy": None, "status": "diverged"}
    compared = check_page(aw.analyze(rows))
    assert compared >= {"Differences of pairs", "Diverged runs", "Regret of rules of choice", "C3"}
    assert ("Robustness" in compared) == (seeds == 8)


def test_a_stores_report_holds_the_numbers_of_its_json(tmp_path: Path) -> None:
    study = made_study(seeds="0..2")
    with RunStore.open(tmp_path / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned[:5])
        compared = check_page(aw.analyze(store))
    assert compared >= {"Epochs and time", "Run flow", "Ranking"}


def test_a_wrong_number_would_be_found() -> None:
    assert unknown(["1.25 (0.50 to 2.00) n=3"], {"a": 1.2501, "b": [0.496, 2], "n": 3}) == []
    assert unknown(["1.25", "+0.7", "12%"], {"a": 1.26, "b": -0.7, "c": 0.124}) == ["1.25"]
