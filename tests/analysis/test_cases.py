"""Small tables with a known answer, from the file to everything that is said of it."""

import re
from html import unescape
from typing import Any

import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.reading import Selection, read_file
from actwise.errors import DataError
from actwise.report import analysis_json
from actwise.report.html import render_html
from actwise.report.words import headline
from made.cases import CASES, case_rows
from made.pages import Page
from made.printed import printed


def analysed(name: str) -> Analysis:
    return aw.analyze(CASES / f"{name}.csv")


def decided(analysis: Analysis) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Kind and levels, by model."""
    return {dict(n.network)["model"]: (n.kind, n.levels) for n in analysis.decision.networks}


def without_source(analysis: Analysis) -> dict[str, Any]:
    return {**analysis_json(analysis), "source": None}


def test_a_planted_crossover_has_a_choice_for_each_network_and_none_for_both() -> None:
    analysis = analysed("crossover")
    assert (analysis.decision.kind, analysis.decision.levels) == ("per_network", ())
    assert decided(analysis) == {"vgg16": ("use", ("elu",)), "resnet18": ("use", ("relu",))}
    # The average over networks, which elu leads, decides nothing.
    assert analysis.decision.overall[0].level == "elu"
    page = Page(unescape(render_html(analysis, command="actwise report"))).text
    for text in (headline(analysis), printed(analysis), page):
        assert not re.search(r"use\s+r?elu", text.lower())


def test_one_run_at_chance_is_named_stuck_and_leaves_the_other_network_alone() -> None:
    analysis = analysed("one_run_at_chance")
    (lost,) = analysis.model.lost if analysis.model else ()
    assert (lost.cell, lost.stuck) == (("cifar10", "vgg16", "bn", "relu"), 1)
    evidence = {finding.code: finding.evidence for finding in analysis.findings}
    assert evidence["A019"].startswith("cifar10, vgg16, bn, relu: 1/5 ")
    (row,) = (row for row in analysis.cells if row.num_stuck)
    assert (row.cell, row.num_runs, row.num_stuck) == (lost.cell, 4, 1)
    learned = [r for r in case_rows("one_run_at_chance") if float(r["test_accuracy"]) > 20]
    without = aw.analyze(learned)
    quiet, alone = (
        {
            (p.condition, p.a, p.b): p.judged.estimate.interval()
            for p in found.pairs
            if ("model", "resnet18") in p.condition
        }
        for found in (analysis, without)
    )
    assert quiet == alone
    assert all(upper - lower < 1.0 for lower, upper in quiet.values())
    assert decided(analysis)["resnet18"] == decided(without)["resnet18"]


def test_errors_halved_near_the_ceiling_are_never_any_of() -> None:
    analysis = analysed("halved_errors")
    assert {kind for kind, _ in decided(analysis).values()} == {"use"}
    assert (analysis.decision.kind, analysis.decision.levels) == ("use", ("elu",))
    assert "equivalent" not in {pair.judged.verdict for pair in analysis.pairs}
    assert all(pair.judged.margin.points < 0.12 for pair in analysis.pairs)
    assert "any of" not in printed(analysis).lower()


@pytest.mark.parametrize("written", ["{}.0", "0{}", " {}"])
def test_a_seed_is_one_seed_however_it_is_written(written: str) -> None:
    plain = analysed("pair")
    rows = [
        {**row, "seed": written.format(row["seed"]) if row["activation"] == "elu" else row["seed"]}
        for row in case_rows("pair")
    ]
    assert without_source(aw.analyze(rows)) == without_source(plain)
    assert without_source(analysed("pair_float")) == without_source(plain)
    (pair,) = plain.pairs
    assert pair.judged.estimate.df == 3


def test_a_copy_of_the_runs_is_no_second_seed() -> None:
    with pytest.raises(DataError, match="relu has more than one row of seed 0"):
        analysed("dup")


def test_a_missing_run_costs_one_block_and_not_the_pairing() -> None:
    (pair,) = analysed("pair_gap").pairs
    estimate = pair.judged.estimate
    # ELU minus ReLU is 1.1, .9 and 1.0 at the seeds that both have.
    assert (estimate.df, estimate.source) == (2, "within error")
    assert abs(estimate.value) == pytest.approx(1.0)
    assert estimate.standard_error == pytest.approx(0.1 / 3**0.5)
    assert (pair.a, pair.judged.verdict) == ("relu", "worse")
    # Plain means would say 91.025 against 91.03.
    ((best, other),) = [
        (s.levels[0], s.levels[1]) for s in analysed("pair_gap").decision.conditions
    ]
    assert (best.level, best.mean - other.mean) == ("elu", pytest.approx(1.0))


def test_a_run_that_was_killed_is_not_finished() -> None:
    analysis = analysed("status")
    (elu,) = (row for row in analysis.cells if row.cell == ("elu",))
    assert elu.num_runs == 2
    assert elu.mean is not None and elu.mean.value == pytest.approx(91.05)
    assert analysis.results.excluded == ("1 run not finished but KILLED",)
    assert analysis_json(analysis)["flow"]["excluded"] == 1


def test_fractions_beside_percentages_are_named() -> None:
    with pytest.raises(DataError, match=r"^units.csv, line 5: test_accuracy=0.91 .* with 90.2"):
        read_file(CASES / "units.csv", Selection())


R_BALANCED: dict[str, Any] = {
    "within": {"vgg16": (1.527708887, 12), "resnet18": (0.5579824768, 12)},
    "total": {"vgg16": (1.665244, 17.14), "resnet18": (0.619154, 16.81)},
    "contrasts": {
        ("vgg16", "bn", "prelu", "relu"): (2.665, 1.080253, 0.029655),
        ("resnet18", "bn", "prelu", "elu"): (0.7675, 0.394553, 0.075552),
    },
}
R_TWO_ROWS_LESS: dict[str, Any] = {
    "within": {"vgg16": (1.595319, 11), "resnet18": (0.502659, 11)},
    "contrasts": {
        ("resnet18", "bn", "elu", "relu"): (-0.433333, 0.397387),
        ("vgg16", "bn+aug", "elu", "relu"): (2.025, 1.261211),
    },
}
"""R 4: aov with Error(condition:seed) in each network."""
DROPPED = (("resnet18", "bn", "elu", "3"), ("vgg16", "bn+aug", "relu", "0"))
NAMES = ("model", "regularization", "activation", "seed")


@pytest.mark.parametrize(("dropped", "expected"), [((), R_BALANCED), (DROPPED, R_TWO_ROWS_LESS)])
def test_the_json_has_rs_errors_and_contrasts(
    dropped: tuple[tuple[str, ...], ...], expected: dict[str, Any]
) -> None:
    rows = [r for r in case_rows("split_plot") if tuple(r[name] for name in NAMES) not in dropped]
    values = analysis_json(aw.analyze(rows))
    strata = {row["name"]["model"]: row for row in values["strata"]}
    for model, (sd, df) in expected["within"].items():
        assert strata[model]["within_sd"] == pytest.approx(sd, abs=5e-7)
        assert strata[model]["within_df"] == df
    for model, (sd, df) in expected.get("total", {}).items():
        assert strata[model]["total_sd"] == pytest.approx(sd, abs=5e-7)
        assert strata[model]["total_df"] == pytest.approx(df, abs=5e-3)
    found: dict[tuple[str, ...], tuple[float, ...]] = {}
    for row in (row for row in values["contrasts"] if row["kind"] == "simple"):
        where = (row["condition"]["model"], row["condition"]["regularization"])
        numbers = row["standard_error"], row["p"]
        found[*where, row["a"], row["b"]] = (row["estimate"], *numbers)
        found[*where, row["b"], row["a"]] = (-row["estimate"], *numbers)
    for name, numbers in expected["contrasts"].items():
        assert found[name][: len(numbers)] == pytest.approx(numbers, abs=5.1e-7)
