"""Every number in a report is one of ``analyze --json``, in its row."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.report import analysis_json
from actwise.report.html import render_html
from actwise.store import RunStore
from made.cases import bank_rows
from made.pages import Page
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS, made_rows

NUMBER = re.compile(r"(?<![\w.>-])[-+]?(?:\d+\.\d+|\.\d+|\d+)(?![\w.-])|(?<=<)\.001")
NAMES = {
    *("level", "condition", "network", "difference", "term", "rule", "component", "cell", "where"),
    *("stratum", "activation", "contrast", "without", "depth", "choice", "not told apart", "worse"),
}
"""Columns whose texts are names, or hold names."""
PAPER = [float(row["test_accuracy"]) for row in bank_rows("paper")]


def leaves(value: Any) -> Iterator[float]:
    """Every number inside a value of JSON."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
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

    def of_kind(*kinds: str) -> list[Any]:
        return [row for row in values["contrasts"] if row["kind"] in kinds]

    sets = [s for n in values["decision"]["networks"] for s in n["sets"]]
    several = len(values["decision"]["networks"]) > 1
    overall = values["decision"]["overall"] if several else []
    logit = values["logit"] or {"effects": values["effects"]}
    shown = [*zip(values["effects"], logit["effects"], strict=True)]
    for key in ("effects_by_dataset", "effects_by_network"):
        for part, other in zip(
            values.get(key, []), logit.get(key, values.get(key, [])), strict=True
        ):
            pairs = zip(part["effects"], other["effects"], strict=True)
            compared = [pair for pair in pairs if pair[0]["noise_ss"]]
            shown += compared if len(compared) > 1 else []
    return {
        "conditions": [[row, values["cells"]] for row in values["separations"]],
        "ranking": [row for found in sets for row in found["levels"]] + overall,
        "pairs": of_kind("simple"),
        "asked": of_kind("mean", "change"),
        "incumbent": of_kind("incumbent"),
        "images": [row for row in of_kind("simple") if row["images"]],
        "comparisons": of_kind("summary"),
        "summaries": values["cells"],
        "effects": [pair for pair in shown if pair[0]["df"]],
        "gains": (values["logit"] if values["scale"] == "logit" else values).get("gains", []),
        "rules": values["rules"],
        "precision": [
            [row, stratum]
            for row, stratum in zip(values["precision"], values["strata"], strict=False)
        ],
        "lost": values["lost"],
        "outliers": values["outliers"],
        "flow": [values["flow"]],
        "times": [values["cells"] for _ in values["factors"].get(values["focus"], ())],
    }


def check_page(analysis: Analysis) -> set[str]:
    """Hold a report against the analysis.

    Returns:
        Ids of the tables that were compared row by row.
    """
    values = analysis_json(analysis)
    page = Page(render_html(analysis, command="test"))
    rows_of = sources(values)
    for name in page.tables.keys() & rows_of.keys():
        header, *rows = page.tables[name]
        assert len(rows) == min(len(rows_of[name]), 400), name
        for row, value in zip(rows, rows_of[name], strict=False):
            numbers = [c for h, c in zip(header, row, strict=True) if h not in NAMES and c]
            assert unknown(numbers, value) == [], (name, row)
    hints = [hint.rsplit(": ", 1)[-1] for hint in page.hints[1:]]
    drawn = [values[name] for name in ("contrasts", "curves", "cells")]
    assert hints and unknown(hints, drawn) == []
    for name, (_, *rows) in page.tables.items():
        for row in rows if name.startswith("cells-") else ():
            # A grid of many columns lies on its side: then its rows are conditions.
            mine = [c for c in values["cells"] if row[0] in c.values()] or values["cells"]
            assert unknown(row[1:], [mine, PAPER]) == [], (name, row)
    return set(page.tables) & set(rows_of)


@pytest.mark.parametrize(
    ("bank", "tables"),
    [
        ("paper", {"ranking", "effects", "conditions", "gains", "pairs", "rules"}),
        ("trottier", {"conditions", "precision", "ranking"}),
    ],
)
def test_a_banks_report_holds_the_numbers_of_its_json(bank: str, tables: set[str]) -> None:
    assert check_page(aw.analyze(f"bank:{bank}")) >= tables


def test_published_statistics_hold_the_numbers_of_their_json() -> None:
    analysis = aw.analyze("bank:mish")
    values, page = analysis_json(analysis), Page(render_html(analysis, command="test"))
    for name in ("summaries", "comparisons"):
        header, *rows = page.tables[name]
        for row, value in zip(rows, sources({**values, "effects": []})[name], strict=True):
            numbers = [c for h, c in zip(header, row, strict=True) if h not in NAMES]
            assert unknown(numbers, value) == []


@pytest.mark.parametrize("scale", ["points", "logit"])
def test_a_studys_report_holds_the_numbers_of_its_json(scale: str) -> None:
    rows = made_rows(seeds=4, generator=np.random.default_rng(3), levels=LEVELS, seed_sd=0.2)
    rows[5] |= {"test_accuracy": None, "status": "diverged"}
    rows[17]["test_accuracy"] = 10.0
    compared = check_page(aw.analyze(rows, scale=scale, contrast=("elu", "relu")))
    wanted = {"pairs", "lost", "rules", "effects", "gains", "incumbent", "asked"}
    assert compared >= wanted


def test_a_stores_report_holds_the_numbers_of_its_json(tmp_path: Path) -> None:
    study = made_study(seeds="0..2", activation=("relu", "elu", "prelu"))
    with RunStore.open(tmp_path / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned[:7])
        compared = check_page(aw.analyze(store))
    assert compared >= {"times", "flow", "ranking", "conditions"}


def test_a_wrong_number_would_be_found() -> None:
    assert unknown(["1.25 (0.50 to 2.00) n=3"], {"a": 1.2501, "b": [0.496, 2], "n": 3}) == []
    assert unknown(["1.25", "+0.7", "12%"], {"a": 1.26, "b": -0.7, "c": 0.124}) == ["1.25"]
