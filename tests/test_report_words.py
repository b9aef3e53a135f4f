"""What ``analyze`` and the report say in words is true of the runs at hand."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import actwise as aw
from actwise.analysis.numbers import counted
from actwise.analysis.results import Analysis
from actwise.report.analysis_text import analysis_renderables
from actwise.report.html import render_html
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS, made_rows

Rows = list[dict[str, Any]]
SMALL = {"dataset": ("mine",), "model": ("mlp",), "regularization": ("none",)}
SMALL |= {"activation": ("relu", "elu", "prelu")}


def rows_of(seeds: int = 3, **levels: tuple[str, ...]) -> Rows:
    return made_rows(
        seeds=seeds, generator=np.random.default_rng(seeds), levels={**LEVELS, **levels}
    )


def printed(analysis: Analysis) -> str:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    with console.capture() as capture:
        for renderable in analysis_renderables(analysis):
            console.print(renderable)
    return " ".join(capture.get().split())


def one_replicate(dataset: str) -> Rows:
    """Three cells at seed 0, one of them at seed 1 too; all were planned at both."""
    rows = rows_of(seeds=2, **{**SMALL, "dataset": (dataset,)})
    left_out = [row for row in rows if row["seed"] == 1 and row["activation"] != "relu"]
    for row in left_out:
        row |= {"status": "failed", "test_accuracy": None}
    return rows


@pytest.mark.parametrize("dataset", ["mine", "cifar10"])
def test_one_replicated_cell_is_not_called_a_single_run(dataset: str) -> None:
    analysis = aw.analyze(one_replicate(dataset))
    said = " ".join((analysis.decision.headline, *analysis.decision.reasons))
    assert "Every cell has one run" not in said
    assert (
        "Further runs in 1 of 3 cells leave no degrees of freedom beside the seeds' effects" in said
    )
    assert ("taken from elsewhere" in said) == (dataset == "cifar10")
    assert "Without replicates" not in printed(analysis)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (10_000, "10,000 runs")]
)
def test_one_is_no_plural(count: int, text: str) -> None:
    assert counted(count, "run") == text


ONE = re.compile(
    r"(?<![\d.,])1 (conditions|seeds|runs|cells|rows|files|labels|activations|comparisons)\b"
)


@pytest.mark.parametrize("seeds", [1, 2])
def test_no_output_has_one_of_a_plural(seeds: int, tmp_path: Path) -> None:
    study = made_study(seeds=f"0..{seeds - 1}")
    with RunStore.open(tmp_path / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned[:1])
        first = aw.analyze(store)
        finish(store, planned)
        analyses = [first, aw.analyze(store), aw.analyze(rows_of(seeds, **SMALL))]
    for analysis in analyses:
        assert ONE.search(printed(analysis)) is None
        assert ONE.search(render_html(analysis, command="test")) is None


def test_the_report_takes_every_question_of_the_analysis(tmp_path: Path) -> None:
    rows = rows_of(**SMALL)
    analysis = aw.report(
        rows, tmp_path / "r.html", variance="cell", scale="logit", contrast=("elu", "relu")
    )
    assert analysis.variance == "cell"
    assert analysis.scale == "logit"
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "The pair asked for" in page
    errors = aw.report(
        rows, tmp_path / "r.html", lower_is_better=True, factors=("dataset", "activation")
    )
    assert errors.source.observed is not None
    assert errors.source.observed.factors == ("dataset", "activation")
    assert "lower is better" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_the_methods_that_are_named_are_those_that_were_used() -> None:
    pooled, own = (aw.analyze(rows_of(**SMALL), variance=v) for v in ("pooled", "cell"))
    assert "(95 %, Hsu)" in printed(pooled)
    assert "all levels share; Dunnett." in printed(pooled)
    assert "Hsu" not in printed(own)
    assert "Bonferroni" in printed(own)
    assert "all levels share; Holm." in printed(own)


def test_each_cells_own_variance_is_not_called_pooled() -> None:
    said = printed(aw.analyze(rows_of(**SMALL), variance="cell"))
    assert "All of it is for the pooled run SD; verdicts use each cell's own." in said
    noisy = [{**row, "test_accuracy": 50.0} for row in rows_of(seeds=8, **SMALL)]
    for row in noisy:
        row["test_accuracy"] += (0.01, 0.01, 8)[SMALL["activation"].index(row["activation"])] * (
            row["seed"] - 3.5
        )
    pooled, own = (aw.analyze(noisy, variance=v) for v in ("pooled", "cell"))
    advised = {finding.code for finding in pooled.findings if "--variance cell" in finding.advice}
    assert advised
    assert not advised & {finding.code for finding in own.findings}
    assert "pooled run SD" not in printed(aw.analyze(rows_of(**SMALL)))


@pytest.mark.parametrize("factor", [0.01, 0.0001])
def test_small_differences_keep_their_digits_and_are_no_points(factor: float) -> None:
    rows = rows_of(**SMALL)
    for row in rows:
        row["loss"] = factor * (100 - row["test_accuracy"])
    analysis = aw.analyze(rows, response="loss", lower_is_better=True, factors=[*SMALL])
    said = printed(analysis)
    assert not re.search(r"\d points|difference points|contrast points", said)
    smallest = min(abs(row.estimate.value) for row in analysis.differences.simple)
    shown = f"{smallest:.{4 if factor == 0.01 else 6}f}"[1:]
    assert shown in said
    hints = " ".join(
        re.findall(r"<title>(.*?)</title></circle>", render_html(analysis, command="x"))
    )
    assert shown in hints
    assert analysis.differences.separations[0].estimates[-1].value < 0
    assert " relu elu -" not in said


def test_banks_have_runs_and_no_seeds() -> None:
    said = printed(aw.analyze("bank:trottier"))
    assert "Now 5 runs in the largest cell" in said
    assert "test_error (lower is better);" in said
    assert "No condition has runs of all 7, so there is no ranking." in said
    assert "pelu(div,mul) at cifar10, depth=20, inner_norm=none" in said


def test_cross_fitted_rules_are_never_left_out_on_a_terminal() -> None:
    levels = tuple(f"elu({1 + k / 10:g})" for k in range(20))
    analysis = aw.analyze(rows_of(seeds=2, **{**SMALL, "activation": levels}))
    fitted = [row for row in analysis.rules if row.label.startswith("cross-fitted")]
    said = printed(analysis)
    assert len(fitted) > 20
    assert said.count(" cross-fitted ") >= len(fitted)


def test_the_margins_of_claims_have_plain_names() -> None:
    (claim, *_) = aw.analyze("bank:paper").claims
    assert [type(name) for name in claim.margin] == [str, str]


def test_the_run_deviation_of_every_cell_stands_in_the_report() -> None:
    analysis = aw.analyze(rows_of(**SMALL))
    page = render_html(analysis, command="test")
    for row in analysis.cells:
        assert f"SD {row.sd:.2f}\nn=3 " in page


def test_the_limits_are_those_of_the_source() -> None:
    single, several = aw.analyze("bank:paper"), aw.analyze(rows_of(**SMALL))
    pages = [render_html(analysis, command="test") for analysis in (single, several)]
    assert "of verdicts are those of runs" in pages[1]
    assert "of verdicts are those of runs" not in pages[0]
    assert ["near-duplicates" in page for page in pages] == [True, False]
    assert all("One learning rate for all" not in page for page in pages)


def test_a_study_of_the_learning_rate_is_not_said_to_have_one(tmp_path: Path) -> None:
    for name, rates in (("one", [0.1]), ("two", [0.1, 0.01])):
        study = made_study(seeds="0..1", factors={"train.learning_rate": rates})
        with RunStore.open(tmp_path / name, create=True) as store:
            planned = made_plan(study)
            store.add_study(study, planned)
            finish(store, planned)
            page = render_html(aw.analyze(store), command="test")
        assert '<th scope="row">dataset</th><td class="">digits</td>' in page
        assert ("One learning rate for all" in page) == (name == "one")


def test_the_heading_tells_under_which_conditions_the_verdicts_hold(tmp_path: Path) -> None:
    study = made_study(seeds="0..1", width=0.5)
    with RunStore.open(tmp_path / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        finish(store, planned)
        assert "width 0.5; at most 200 epochs;" in printed(aw.analyze(store))


def test_the_columns_of_the_results_come_as_in_a_table() -> None:
    levels = {**SMALL, "model": ("mlp", "vgg"), "regularization": ("none", "bn")}
    page = render_html(aw.analyze(rows_of(**levels)), command="test")
    names = ("mlp, none", "vgg, none", "mlp, bn", "vgg, bn")
    places = [page.index(f">{name}</th>") for name in names]
    assert places == sorted(places)


def test_what_rests_on_a_borrowed_run_sd_says_so() -> None:
    far_apart = [
        {**row, "test_accuracy": 90.0 if row["activation"] == "elu" else 60.0}
        for row in rows_of(seeds=1, **{**SMALL, "dataset": ("cifar10",)})
    ]
    analysis = aw.analyze(far_apart)
    said = " ".join((*analysis.decision.reasons, printed(analysis)))
    assert "taken from elsewhere (bank trottier: long, full-width runs" in said
    assert "short or narrow runs scatter more, and then intervals are too narrow" in said
    assert all(row.is_separated for row in analysis.differences.separations)
    assert "yes, if the run SD holds" in said
