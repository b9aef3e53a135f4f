"""Studies that allow little: every command says what can and cannot be concluded, none crashes."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actwise.analysis.analyze import Question, analyze, analyze_source
from actwise.analysis.reading import Selection, read_table_rows
from actwise.analysis.results import Analysis
from actwise.errors import ActwiseError
from actwise.report.analysis_text import analysis_renderables
from actwise.report.html import render_html
from actwise.store import RunStore
from made.runs import failed_record, finish, leased, made_plan, made_study

Rows = list[dict[str, Any]]


def row(activation: str, seed: int, accuracy: float | None, **levels: Any) -> dict[str, Any]:
    base = {"dataset": "cifar10", "model": "vgg16", "regularization": "bn"}
    status = "finished" if accuracy is not None else "diverged"
    return (
        base
        | {"activation": activation, "seed": seed}
        | {
            "test_accuracy": accuracy,
            "status": status,
        }
        | levels
    )


def grid(value: Callable[[str, int], float | None], *, seeds: int = 3, **levels: Any) -> Rows:
    names = ("relu", "prelu", "elu")
    return [row(a, s, value(a, s), **levels) for a in names for s in range(seeds)]


def noisy(activation: str, seed: int) -> float:
    return (
        80.0
        + {"relu": 0.0, "prelu": 2.0, "elu": 0.1}[activation]
        + (0.1 * ((seed * 7 + len(activation) * (seed + 1)) % 5))
    )


CASES: dict[str, tuple[Rows, str]] = {
    "no runs": ([], "no run has completed"),
    "one run": ([row("relu", 0, 80.0)], "only activation"),
    "all failed": ([row("relu", 0, 80.0, status="failed")], "no run has completed"),
    "all diverged": (grid(lambda a, s: None), "all 9 runs diverged"),
    "one seed, unknown data": (grid(noisy, seeds=1, dataset="mine"), "no run-to-run deviation"),
    "one seed, CIFAR": (grid(noisy, seeds=1), "prelu"),
    "ties": (grid(lambda a, s: 80.0 + s), "show no noise"),
    "zero variance": (
        grid(lambda a, s: {"relu": 80.0, "prelu": 82.0}.get(a, 81.0)),
        "show no noise",
    ),
    "almost zero variance": (
        grid(
            lambda a, s: {"relu": 80.0, "prelu": 82.0}.get(a, 81.0) + 1e-6 * ((a, s) == ("elu", 0))
        )
        + grid(lambda a, s: {"relu": 80.0, "prelu": 82.0}.get(a, 81.0), regularization="bn+aug"),
        "show no noise",
    ),
    "nothing varies": (grid(lambda a, s: 80.0), "show no noise"),
    "one diverged": (grid(lambda a, s: None if (a, s) == ("elu", 1) else noisy(a, s)), "prelu"),
    "one activation diverged": (
        grid(lambda a, s: None if a == "elu" else noisy(a, s)),
        "prelu",
    ),
    "unequal seeds": (grid(noisy)[:-2], "prelu"),
    "missing cells": (
        grid(noisy) + [row("elu", s, 70.0 + s / 3, model="resnet18") for s in range(3)],
        "prelu",
    ),
    "nothing shared": (
        [row("relu", s, 70.0 + s) for s in range(3)]
        + [row("elu", s, 71.0 + s, model="resnet18") for s in range(3)],
        "no condition",
    ),
    "at 100 percent": (grid(lambda a, s: 100.0), "show no noise"),
}


def analysed(rows: Rows, **reading: Any) -> Analysis:
    return analyze_source(read_table_rows(rows, Selection(**reading)), Question())


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_analysed_printed_and_reported(case: str) -> None:
    rows, expected = CASES[case]
    analysis = analysed(rows)
    decision = analysis.decision
    assert re.search(expected, decision.headline), decision.headline
    assert analysis.to_json()["decision"]["headline"] == decision.headline
    assert analysis_renderables(analysis)
    assert "Decision" in render_html(analysis, command="test")


def test_zero_variance_is_a_finding_and_no_f_test() -> None:
    analysis = analysed(CASES["zero variance"][0])
    assert "A014" in {finding.code for finding in analysis.findings}
    assert analysis.to_json()["effects"][0]["f"] is None


def test_diverged_runs_are_counted_and_keep_their_verdicts_open() -> None:
    analysis = analysed(CASES["one diverged"][0])
    assert [(r.diverged, r.runs) for r in analysis.checks.divergence] == [(1, 3)]
    reasons = {r.reason for r in analysis.differences.simple if "elu" in (r.high, r.low)}
    assert "diverged" in reasons


def test_a_cell_whose_runs_all_diverged_has_no_mean() -> None:
    cells = analysed(CASES["one activation diverged"][0]).to_json()["cells"]
    assert [(c["mean"], c["diverged"]) for c in cells if c["activation"] == "elu"] == [(None, 3)]


def test_a_factor_that_varies_cannot_be_left_out() -> None:
    rows = grid(noisy) + grid(noisy, model="resnet18")
    with pytest.raises(ActwiseError, match="leaves out dataset, which varies"):
        analyze("bank:paper", factors=["model", "regularization", "activation"])
    assert analysed(rows, where=("model=vgg16",)).source.flow["finished"] == 9


def made_store(folder: Path, **settings: Any) -> RunStore:
    store = RunStore.open(folder, create=True)
    study = made_study(**settings)
    store.add_study(study, made_plan(study))
    return store


@pytest.mark.parametrize("num_finished", [0, 1, 5])
def test_a_half_finished_store_says_what_is_missing(tmp_path: Path, num_finished: int) -> None:
    with made_store(tmp_path / "store", seeds="0..2") as store:
        planned = made_plan(made_study(seeds="0..2"))
        finish(store, planned[:num_finished])
        analysis = analyze(store)
        assert len(store.looks()) == (1 if num_finished else 0)
    assert analysis.source.flow["planned"] == 6
    assert analysis.source.flow["missing"] == 6 - num_finished
    assert "A015" in {finding.code for finding in analysis.findings}
    assert "Run flow" in render_html(analysis, command="test")


def test_failed_runs_are_excluded_and_said_so(tmp_path: Path) -> None:
    with made_store(tmp_path / "store") as store:
        planned = made_plan(made_study())
        first = planned[0].run_id
        store.record(leased(store, first), failed_record(first))
        finish(store, planned[1:])
        analysis = analyze(store)
    assert analysis.source.flow["failed"] == 1
    assert "1 failed" in analysis.source.excluded[0]


@pytest.mark.parametrize(
    ("other", "is_found"),
    [
        ({"threads": "2"}, True),
        # Networks with and without convolutions side by side, on one machine.
        ({"threads": "1", "memory_format": "contiguous"}, False),
    ],
)
def test_mixed_fingerprints_within_a_seed_are_a_finding(
    tmp_path: Path, other: dict[str, str], is_found: bool
) -> None:
    one = {"device": "cpu", "threads": "1", "memory_format": "channels_last"}
    with made_store(tmp_path / "store") as store:
        planned = made_plan(made_study())
        finish(store, planned[:1], environment={"fingerprint": one})
        finish(store, planned[1:], environment={"fingerprint": {**one, **other}})
        codes = {finding.code for finding in analyze(store).findings}
    assert ("A007" in codes) == is_found


def test_aliased_labels_count_once(tmp_path: Path) -> None:
    with made_store(tmp_path / "store", regularization=("bn", "bn+dropout")) as store:
        study = made_study(regularization=("bn", "bn+dropout"))
        finish(store, made_plan(study))
        analysis = analyze(store)
    assert analysis.source.observed is not None
    assert analysis.source.observed.num_runs == 4
    assert len(analysis.source.aliases) == 2
    assert "one network under several labels" in analysis.findings[0].evidence


def test_seeds_added_after_a_look_are_a_finding(tmp_path: Path) -> None:
    with made_store(tmp_path / "store", seeds="0..2") as store:
        planned = made_plan(made_study(seeds="0..2"))
        finish(store, [run for run in planned if run.spec.seed < 2])
        assert "A005" not in {finding.code for finding in analyze(store).findings}
        finish(store, planned)
        analysis = analyze(store)
        assert "A005" in {finding.code for finding in analysis.findings}
    assert analysis.looks is not None and not analysis.looks.is_planned
    assert [(look.num_seeds, look.num_runs) for look in analysis.looks.taken] == [(2, 4)]


def test_planned_looks_have_their_nominal_level(tmp_path: Path) -> None:
    with made_store(tmp_path / "store", seeds="0..2", looks=[2, 3]) as store:
        planned = made_plan(made_study(seeds="0..2"))
        finish(store, [run for run in planned if run.spec.seed < 2])
        analyze(store)
        finish(store, planned)
        analysis = analyze(store)
        looks, recorded = analysis.looks, store.looks()
    assert looks is not None and looks.is_planned
    assert looks.nominal_level is not None and 0.02 < looks.nominal_level < 0.05
    assert looks.unshared_error is not None and 0.05 < looks.unshared_error < 0.1
    assert analysis.to_json()["looks"]["unshared_error"] == looks.unshared_error
    assert analysis.alpha == looks.nominal_level
    assert {claim.alpha for claim in analysis.claims} == {analysis.alpha}
    assert {row.estimate.alpha for row in analysis.differences.simple} == {analysis.alpha}
    assert {look.nominal_level for look in recorded} == {analysis.alpha}
    assert [look.num_runs for look in recorded] == [4, 6]
    assert any("this one decides at 2.8 %" in reason for reason in analysis.decision.reasons)


def incomplete(analysis: Analysis) -> list[str]:
    return [finding.evidence for finding in analysis.findings if finding.code == "A015"]


def test_seeds_of_later_looks_are_not_missing_at_a_planned_one(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"seeds": "0..4", "looks": [2, 5]}
    with made_store(tmp_path / "store", **settings) as store:
        planned = made_plan(made_study(**settings))
        early = [run for run in planned if run.spec.seed < 2]
        finish(store, early[:3])
        assert incomplete(analyze(store)) == ["1 missing of 10 planned"]
        finish(store, early)
        assert incomplete(analyze(store)) == []
        finish(store, [run for run in planned if run.spec.seed < 3])
        assert incomplete(analyze(store)) == ["4 missing of 10 planned"]


def test_a_second_look_with_more_runs_of_the_same_seeds_is_a_finding(tmp_path: Path) -> None:
    with made_store(tmp_path / "store", seeds="0..1") as store:
        planned = made_plan(made_study(seeds="0..1"))
        finish(store, planned[:3])
        first = analyze(store, where=["activation=relu"])
        assert "A005" not in {finding.code for finding in first.findings}
        finish(store, planned)
        evidence = {f.code: f.evidence for f in analyze(store).findings}
    assert evidence["A005"] == (
        "verdicts had been printed at 2 seeds (3 runs); now 2 seeds (4 runs)"
    )


def test_planned_conditions_without_results_leave_the_study_undecided(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"seeds": "0..2", "regularization": ("bn", "none")}
    with made_store(tmp_path / "store", **settings) as store:
        planned = made_plan(made_study(**settings))
        finish(store, [run for run in planned if run.spec.regularization == "bn"])
        decision = analyze(store).decision
    assert "over 1 of 2 conditions" in decision.headline
    assert not decision.is_conclusive and not decision.recommended


def test_a_planned_level_without_results_leaves_the_study_undecided(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"seeds": "0..2", "activation": ("relu", "elu", "gelu")}
    with made_store(tmp_path / "store", **settings) as store:
        planned = made_plan(made_study(**settings))
        finish(store, [run for run in planned if run.spec.activation != "gelu"])
        decision = analyze(store).decision
    assert "no run of gelu has ended" in decision.headline
    assert not decision.is_conclusive
