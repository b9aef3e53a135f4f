"""Numbers in printed tables, each in its column, against values that scipy computes here."""

import csv
import io
import math
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.precision import with_intervals
from actwise.analysis.reading import Selection, runs_of
from actwise.cli.main import run_command
from actwise.report import render
from actwise.report.html import render_html
from actwise.store import RunStore
from made.pages import Page
from made.printed import lines_of, printed
from made.runs import leased, made_plan, made_record, made_study

RELU = np.array([88.0, 90.1, 92.0, 94.0])
ELU = np.array([89.1, 91.0, 93.02, 95.1])
CLOSE = np.array([88.9, 90.0, 92.9, 93.9])


def analysis_of(elu: np.ndarray = ELU, **question: Any) -> Analysis:
    rows = [
        {"activation": level, "seed": seed, "test_accuracy": value}
        for level, values in (("relu", RELU), ("elu", elu))
        for seed, value in enumerate(values.tolist())
    ]
    return aw.analyze(rows, **question)


def table_of(analysis: Analysis, id: str) -> list[dict[str, str]]:
    """A table of the page, a row as a mapping from its header."""
    header, *rows = Page(render_html(analysis, command="test")).tables[id]
    return [dict(zip(header, row, strict=True)) for row in rows]


def interval(centre: float, error: float, df: float, level: float) -> str:
    reach = stats.t.ppf((1 + level) / 2, df) * error
    return f"{centre - reach:.2f} to {centre + reach:.2f}"


def test_a_pair_is_printed_with_its_paired_t_test() -> None:
    for analysis, sample in ((analysis_of(), ELU), (analysis_of(CLOSE), CLOSE)):
        gaps = RELU - sample
        error = statistics.stdev(gaps.tolist()) / math.sqrt(4)
        p = stats.ttest_rel(RELU, sample).pvalue
        (row,) = table_of(analysis, "pairs")
        assert row["difference"] == "relu - elu"
        assert row["points"] == f"{gaps.mean():+.2f}"
        assert row["90 % interval"] == interval(gaps.mean(), error, 3, 0.90)
        assert (row["SE"], row["df"]) == (f"{error:.3f}", "3")
        assert row["p"] == ("<.001" if p < 0.001 else f"{p:.3f}")
        (turned,) = table_of(analysis, "incumbent")
        assert turned["difference"] == "elu - relu"
        assert turned["90 % interval"] == interval(-gaps.mean(), error, 3, 0.90)


def test_the_ranking_is_printed_with_each_levels_mean_and_what_it_is_behind() -> None:
    analysis = analysis_of()
    gap = float((ELU - RELU).mean())
    error = statistics.stdev((ELU - RELU).tolist()) / math.sqrt(4)
    best, second = table_of(analysis, "ranking")
    assert (best["level"], best["mean"], best["behind"]) == (
        "elu",
        f"{ELU.mean():.2f}",
        f"{-gap:.2f}",
    )
    assert (second["level"], second["mean"], second["behind"]) == (
        "relu",
        f"{RELU.mean():.2f}",
        f"{gap:.2f}",
    )
    assert best["95 % interval"] == interval(-gap, error, 3, 0.95)
    assert second["95 % interval"] == interval(gap, error, 3, 0.95)
    assert (best["may be best"], second["may be best"]) == ("yes", "no")
    lines = lines_of(analysis)
    assert any(
        line.split() == ["all", "runs", "elu", best["mean"], "relu", "91.03"] for line in lines
    )


def test_a_cell_is_printed_with_its_mean_spread_number_and_interval() -> None:
    analysis = analysis_of()
    both = np.array([RELU, ELU])
    seeds = both.mean(axis=0) - both.mean()
    within = both - both.mean(axis=1, keepdims=True) - seeds
    ss = float((within**2).sum()), 2 * float((seeds**2).sum())
    variance = sum(ss) / 6
    df = sum(ss) ** 2 / (ss[0] ** 2 / 3 + ss[1] ** 2 / 3)
    for row, values in zip(table_of(analysis, "cells-1"), (RELU, ELU), strict=True):
        star = "*" * (values is ELU)
        spread = f"{values.mean():.2f} ± {values.std(ddof=1):.2f}{star}"
        reach = interval(values.mean(), math.sqrt(variance / 4), df, 0.95)
        assert list(row.values())[1] == f"{spread}\nn=4 {reach}"


def test_the_precision_is_printed_by_its_columns() -> None:
    (row,) = table_of(analysis_of(), "precision")
    within = statistics.stdev((RELU - ELU).tolist()) / math.sqrt(2)
    total = math.sqrt((RELU.var(ddof=1) + ELU.var(ddof=1)) / 2)
    error = within * math.sqrt(2 / 4)
    needed = next(
        d
        for d in np.arange(0.0, 1.0, 0.0005)
        if stats.nct.sf(stats.t.ppf(0.95, 3), 3, d / error) >= 0.80
    )
    assert (row["within SD"], row["total SD"]) == (f"{within:.3f}", f"{total:.3f}")
    assert float(row["detects"]) == pytest.approx(needed, abs=0.006)
    assert float(row["change"]) == pytest.approx(needed * math.sqrt(2), abs=0.006)


def seeds_that_settle(sd: float, margin: float) -> int:
    """The fewest seeds at which both tests have 80 % power, by quadrature."""

    def has_power(num_seeds: int) -> bool:
        error, df = sd * math.sqrt(2 / num_seeds), num_seeds - 1
        t = stats.t.ppf(0.95, df)
        leaves = stats.nct.sf(t, df, margin / error)

        def inside(scale: float) -> float:
            room = max(0.0, margin - t * error * scale) / error
            density = stats.chi.pdf(scale * math.sqrt(df), df) * math.sqrt(df)
            return float((2 * stats.norm.cdf(room) - 1) * density)

        equal = integrate.quad(inside, 0, margin / (t * error), limit=200)[0]
        return min(leaves, equal) >= 0.80

    return next(n for n in range(2, 101) if has_power(n))


@pytest.mark.parametrize("margin", [0.6, 0.9, 1.0])
def test_the_seeds_needed_are_those_that_the_tests_take(margin: float) -> None:
    analysis = analysis_of(CLOSE, margin=margin)
    sd = statistics.stdev((RELU - CLOSE).tolist()) / math.sqrt(2)
    most = sd * math.sqrt(3 / stats.chi2.ppf(0.20, 3))
    few, many = (seeds_that_settle(s, margin) - 4 for s in (sd, most))
    points = "1 point" if margin == 1 else f"{margin:g} points"
    sentence = f"{few} to {many} more seeds tell elu and relu apart by {points}"
    assert f"Next {sentence}" in printed(analysis, full=False)
    assert sentence in Page(render_html(analysis, command="test")).text


def spans(text: str) -> Iterator[tuple[float, float]]:
    for lower, upper in re.findall(r"(-?\d+\.\d+) to (-?\d+\.\d+)", text):
        yield float(lower), float(upper)


@pytest.mark.parametrize("source", ["pair", "bank:trottier", "bank:paper", "bank:mish"])
def test_every_interval_is_printed_from_its_lower_to_its_upper_limit(source: str) -> None:
    analysis = analysis_of() if source == "pair" else aw.analyze(source)
    page = Page(render_html(analysis, command="test"))
    cells = [cell for table in page.tables.values() for row in table for cell in row]
    for text in (printed(analysis), "\n".join((*cells, *page.hints))):
        found = [*spans(text)]
        assert len(found) > 5 or source == "bank:mish"
        assert [span for span in found if span[0] > span[1]] == []


ACCURACIES = {"relu": (90.25, 91.5, 93.0), "elu": (88.0, 88.5, 90.0)}


def stored(folder: Path, **settings: Any) -> RunStore:
    study = made_study("lists", **{"seeds": "0..2"} | settings)
    store = RunStore.open(folder, create=True)
    planned = made_plan(study)
    store.add_study(study, planned)
    for run in planned:
        accuracy = ACCURACIES[run.spec.activation][run.spec.seed]
        record = made_record(run.run_id, test_accuracy=accuracy)
        store.record(leased(store, run.run_id), record)
    return store


def cells_of(format: str, text: str) -> dict[str, str]:
    """By activation what a table says, one line of blanks and signs."""
    if format == "csv":
        rows = csv.DictReader(io.StringIO(text))
        return {
            r["activation"]: f"{float(r['mean']):.2f} ± {float(r['sd']):.2f} n={r['n']} "
            f"{float(r['lower']):.2f} to {float(r['upper']):.2f}"
            for r in rows
        }
    plain = text.replace("$\\pm$", "±").replace("<br>", " ").replace("{\\footnotesize", "")
    plain = re.sub(r"\\textbf{(.*?)}|[*|&}]|\\\\", r"\1", plain).replace("\n", " ")
    words = " ".join(plain.replace(",", "").split())
    return {
        level: match[1]
        for level in ACCURACIES
        if (match := re.search(rf"\b{level} (\S+ ± \S+ n=\d \S+ to \S+)", words))
    }


@pytest.mark.parametrize("format", ["text", "markdown", "latex", "csv"])
def test_a_table_of_any_format_holds_mean_spread_number_and_interval(
    tmp_path: Path, format: str
) -> None:
    with stored(tmp_path / "store") as store:
        found = runs_of(store.snapshot(), Selection())
    table = with_intervals(found.table, found.observed)
    both = np.array([ACCURACIES["relu"], ACCURACIES["elu"]])
    seeds = both.mean(axis=0) - both.mean()
    within = both - both.mean(axis=1, keepdims=True) - seeds
    ss = float((within**2).sum()), 2 * float((seeds**2).sum())
    df = sum(ss) ** 2 / (ss[0] ** 2 / 2 + ss[1] ** 2 / 2)
    error = math.sqrt(sum(ss) / 4 / 3)
    expected = {}
    for level, values in ACCURACIES.items():
        mean, sd = statistics.mean(values), statistics.stdev(values)
        expected[level] = f"{mean:.2f} ± {sd:.2f} n=3 {interval(mean, error, df, 0.95)}"
    assert cells_of(format, render(table, format)) == expected


def test_a_table_without_any_deviation_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(tmp_path / "store", factors={"dataset": ["digits"]}, seeds="0").close()
    assert run_command(["table", "--store", str(tmp_path / "store")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Without intervals: these runs do not tell the run-to-run deviation." in said


def test_lists_in_settings_and_the_stores_own_name_are_printed(tmp_path: Path) -> None:
    milestones = {"schedule": "step", "step_milestones": [0.25, 0.8]}
    with stored(tmp_path / "my-store", train={"epochs": 10, **milestones}) as store:
        table = runs_of(store.snapshot(), Selection()).table
        analysis = aw.analyze(store)
    assert table is not None
    assert "step_milestones=[0.25, 0.8]" in render(table, "text", width=200)
    assert "step_milestones=[0.25, 0.8]" in render(table, "markdown").replace("\\", "")
    text = Page(render_html(analysis, command="test")).text
    assert "step_milestones=[0.25, 0.8]" in text
    assert f"Store {tmp_path / 'my-store'}. Made by actwise" in text
    assert lines_of(analysis)[0].startswith("lists   6 runs, 3 seeds")


@pytest.mark.parametrize("response", ["score", "reward", "f1"])
def test_no_number_of_seeds_is_told_where_nobody_said_what_matters(response: str) -> None:
    rows = [
        {"activation": level, "seed": seed, response: value}
        for level, values in (("relu", (90.0, 91.0, 90.2)), ("elu", (92.0, 90.5, 92.5)))
        for seed, value in enumerate(values)
    ]
    assert "Next" not in printed(aw.analyze(rows, response=response), full=False)
    told = printed(aw.analyze(rows, response=response, margin=0.5), full=False)
    assert "apart by 0.5 " in told.partition("Next")[2]
