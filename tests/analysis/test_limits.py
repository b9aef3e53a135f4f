"""Studies that allow little: every output says what can and cannot be concluded, none crashes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.errors import ActwiseError
from actwise.report import analysis_json
from actwise.report.html import render_html
from actwise.report.words import headline
from actwise.store import RunStore
from made.pages import Page
from made.printed import lines_of
from made.runs import failed_record, finish, leased, made_plan, made_study

Rows = list[dict[str, Any]]
ACTIVATIONS = ("relu", "prelu", "elu")


def row(activation: str, seed: int, accuracy: float | None, **levels: Any) -> dict[str, Any]:
    return {
        "dataset": "cifar10",
        "model": "vgg16",
        "regularization": "bn",
        "activation": activation,
        "seed": seed,
        "test_accuracy": accuracy,
        "status": "finished" if accuracy is not None else "diverged",
        **levels,
    }


def grid(value: Callable[[str, int], float | None], *, seeds: int = 3, **levels: Any) -> Rows:
    return [row(a, s, value(a, s), **levels) for a in ACTIVATIONS for s in range(seeds)]


def noisy(activation: str, seed: int) -> float:
    """PReLU is ahead by two points."""
    noise = 0.1 * ((seed * 7 + len(activation) * (seed + 1)) % 5)
    return 80.0 + {"relu": 0.0, "prelu": 2.0, "elu": 0.1}[activation] + noise


def exact(activation: str, seed: int) -> float:
    return {"relu": 80.0, "prelu": 82.0, "elu": 81.0}[activation]


NOT_TOLD = ("not_told_apart", set(ACTIVATIONS))
NOTHING = ("nothing", set[str]())
USE = ("use", {"prelu"})
CASES: dict[str, tuple[Rows, tuple[str, set[str]], set[str], set[str]]] = {
    # rows, kind and levels, codes that limit the choice, findings
    "no runs": ([], NOTHING, set(), set()),
    "one run": ([row("relu", 0, 80.0)], NOTHING, set(), {"A002"}),
    "one level": ([row("relu", s, 80.0 + s) for s in range(3)], NOTHING, set(), set()),
    "all failed": ([row("relu", 0, 80.0, status="failed")], NOTHING, set(), {"A015"}),
    "all diverged": (grid(lambda a, s: None), NOTHING, set(), {"A008"}),
    "one seed, unknown data": (
        grid(noisy, seeds=1, dataset="mine"),
        NOT_TOLD,
        {"single-run"},
        {"A002"},
    ),
    "one seed, unknown scale": (grid(noisy, seeds=1), NOT_TOLD, {"single-run"}, {"A002"}),
    "two seeds": (grid(noisy, seeds=2), USE, {"no-own-variance"}, {"A002", "A020"}),
    "seeds that differ and levels that do not": (
        grid(lambda a, s: 80.0 + s),
        NOT_TOLD,
        {"no-noise", "no-own-variance"},
        {"A014", "A020"},
    ),
    "zero variance": (grid(exact), NOT_TOLD, {"no-noise", "no-own-variance"}, {"A014", "A020"}),
    "almost zero variance": (
        grid(lambda a, s: exact(a, s) + 1e-6 * ((a, s) == ("elu", 0)))
        + grid(exact, regularization="bn+aug"),
        NOT_TOLD,
        {"no-noise"},
        {"A014"},
    ),
    "nothing varies": (
        grid(lambda a, s: 80.0),
        NOT_TOLD,
        {"no-noise", "no-own-variance"},
        {"A014", "A020"},
    ),
    "at 0": (
        grid(lambda a, s: 0.0),
        NOT_TOLD,
        {"no-noise", "no-own-variance"},
        {"A014", "A017", "A020"},
    ),
    "at 100": (
        grid(lambda a, s: 100.0),
        NOT_TOLD,
        {"no-noise", "no-own-variance"},
        {"A014", "A020"},
    ),
    "one diverged": (
        grid(lambda a, s: None if (a, s) == ("elu", 1) else noisy(a, s)),
        USE,
        {"diverged", "no-own-variance"},
        {"A002", "A008", "A020"},
    ),
    "one activation diverged": (
        grid(lambda a, s: None if a == "elu" else noisy(a, s)),
        USE,
        {"diverged", "no-own-variance"},
        {"A008", "A020"},
    ),
    "unequal seeds": (grid(noisy)[:-2], USE, {"no-own-variance"}, {"A002", "A020"}),
    "no seeds": (
        [{k: v for k, v in row.items() if k != "seed"} for row in grid(noisy)],
        USE,
        {"no-own-variance"},
        {"A020"},
    ),
    "seeds that no two levels share": (
        [row(a, s + 10 * n, 80.0 + s + n) for n, a in enumerate(ACTIVATIONS) for s in range(3)],
        NOT_TOLD,
        set(),
        set(),
    ),
    "a network with one level": (
        grid(noisy) + [row("elu", s, 70.0 + s / 3, model="resnet18") for s in range(3)],
        ("use", {"prelu"}),
        {"no-own-variance"},
        {"A011", "A020"},
    ),
    "nothing shared": (
        [row("relu", s, 70.0 + s) for s in range(3)]
        + [row("elu", s, 71.0 + s, model="resnet18") for s in range(3)],
        NOTHING,
        set(),
        {"A001", "A011"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_decided_printed_and_reported(case: str) -> None:
    rows, decided, why, findings = CASES[case]
    analysis = aw.analyze(rows)
    decision = analysis.decision
    assert (decision.kind, set(decision.levels)) == decided
    codes = {code for network in decision.networks for code in network.why}
    assert codes == why
    assert {finding.code for finding in analysis.findings} == findings
    assert json.loads(json.dumps(analysis_json(analysis), allow_nan=False))
    page = " ".join(Page(render_html(analysis, command="test")).text.split())
    for text in (" ".join(lines_of(analysis, width=200)), page):
        assert headline(analysis) in text
    full = "\n".join(lines_of(analysis, width=80, full=True))
    for text in (full, page):
        assert not re.search(r"\bnan\b|\bNone\b|-0\.0+\b(?! to)", text)


def test_where_nothing_is_decided_no_level_is_called_worse() -> None:
    for case in ("zero variance", "almost zero variance", "one seed, unknown scale"):
        analysis = aw.analyze(CASES[case][0])
        (network,) = analysis.decision.networks
        assert {entry.may_be_best for found in network.sets for entry in found.levels} == {True}
        assert {pair.judged.verdict for pair in analysis.pairs} == {"undecided"}
        assert not any(entry.is_separated for entry in analysis.separations)


def test_levels_that_share_no_seed_are_compared_by_total_error() -> None:
    analysis = aw.analyze(CASES["seeds that no two levels share"][0])
    assert {pair.judged.estimate.source for pair in analysis.pairs} == {"total error"}
    assert {pair.judged.estimate.df for pair in analysis.pairs} == {6.0}


def test_a_headline_names_the_first_of_very_many() -> None:
    rows = [row(f"elu({n})", s, 80.0 + (7 * n + 5 * s) % 9) for n in range(1, 21) for s in range(3)]
    assert re.search(r" and 1[0-9] more \(95 %\)$", headline(aw.analyze(rows)))


def test_without_variance_there_is_no_f_test() -> None:
    effects = aw.analyze(CASES["zero variance"][0]).effects
    assert effects is not None and effects.together is not None
    assert [effect.test for effect in effects.together.effects] == [None]


def test_a_cell_whose_runs_all_diverged_has_no_mean() -> None:
    analysis = aw.analyze(CASES["one activation diverged"][0])
    cells = [c for c in analysis_json(analysis)["cells"] if c["activation"] == "elu"]
    assert [(c["mean"], c["n"], c["diverged"]) for c in cells] == [(None, 0, 3)]


def test_a_factor_that_varies_cannot_be_left_out() -> None:
    with pytest.raises(ActwiseError, match="leaves out dataset, which varies"):
        aw.analyze("bank:paper", factors=["model", "regularization", "activation"])
    rows = grid(noisy) + grid(noisy, model="resnet18")
    assert aw.analyze(rows, where=["model=vgg16"]).results.flow["finished"] == 9


def made_store(folder: Path, **settings: Any) -> RunStore:
    store = RunStore.open(folder, create=True)
    study = made_study(**settings)
    store.add_study(study, made_plan(study))
    return store


def codes_of(analysis: Analysis) -> dict[str, str]:
    return {finding.code: finding.evidence for finding in analysis.findings}


@pytest.mark.parametrize("num_finished", [0, 1, 5])
def test_a_half_finished_store_says_what_is_missing(tmp_path: Path, num_finished: int) -> None:
    with made_store(tmp_path / "store", seeds="0..2") as store:
        finish(store, made_plan(made_study(seeds="0..2"))[:num_finished])
        analysis = aw.analyze(store)
        # Where nothing came out, nothing was looked at.
        assert len(store.looks()) == (1 if num_finished else 0)
    assert analysis.results.flow["planned"] == 6
    assert analysis.results.flow["missing"] == 6 - num_finished
    assert codes_of(analysis)["A015"] == f"{6 - num_finished} missing; 6 planned"
    assert analysis.decision.kind == ("so_far" if num_finished == 5 else "nothing")
    assert "Run flow" in Page(render_html(analysis, command="test")).text


@pytest.mark.parametrize(
    ("settings", "is_left_out"),
    [
        ({"regularization": ("bn", "none")}, {"regularization": "none"}),
        ({"activation": ("relu", "elu", "gelu")}, {"activation": "gelu"}),
    ],
)
def test_planned_levels_without_results_leave_a_study_open(
    tmp_path: Path, settings: dict[str, Any], is_left_out: dict[str, str]
) -> None:
    ((factor, level),) = is_left_out.items()
    with made_store(tmp_path / "store", seeds="0..2", **settings) as store:
        planned = made_plan(made_study(seeds="0..2", **settings))
        finish(store, [run for run in planned if getattr(run.spec, factor) != level])
        analysis = aw.analyze(store)
    assert analysis.decision.kind == "so_far"
    assert analysis.decision.num_missing == sum(getattr(r.spec, factor) == level for r in planned)
    assert headline(analysis).startswith("So far, with ")


def test_failed_runs_are_excluded_and_said_so(tmp_path: Path) -> None:
    with made_store(tmp_path / "store") as store:
        planned = made_plan(made_study())
        first = planned[0].run_id
        store.record(leased(store, first), failed_record(first))
        finish(store, planned[1:])
        analysis = aw.analyze(store)
    assert analysis.results.flow["failed"] == 1
    assert "1 failed" in analysis.results.excluded[0]
    assert codes_of(analysis)["A015"] == "1 failed; 4 planned"


@pytest.mark.parametrize(
    ("elsewhere", "other", "found"),
    [
        ({("mlp", "relu")}, {"threads": "2"}, "seeds 0, 1 of digits mlp"),
        # Networks with and without convolutions side by side, on one machine.
        ({("mlp", "relu")}, {"memory_format": "contiguous"}, None),
        # A network each on a machine of its own: runs of two networks are never paired.
        ({("mlp", "relu"), ("mlp", "elu")}, {"threads": "2"}, None),
    ],
)
def test_mixed_fingerprints_of_a_network_at_a_seed_are_a_finding(
    tmp_path: Path, elsewhere: set[tuple[str, str]], other: dict[str, str], found: str | None
) -> None:
    one = {"device": "cpu", "threads": "1", "memory_format": "channels_last"}
    settings: Any = {"factors": {"model": ["mlp", "convnet"]}}
    with made_store(tmp_path / "store", **settings) as store:
        for planned in made_plan(made_study(**settings)):
            is_other = (planned.spec.model, planned.spec.activation) in elsewhere
            fingerprint = one | (other if is_other else {})
            finish(store, [planned], environment={"fingerprint": fingerprint})
        assert codes_of(aw.analyze(store)).get("A007") == found


def test_aliased_labels_count_once(tmp_path: Path) -> None:
    with made_store(tmp_path / "store", regularization=("bn", "bn+dropout")) as store:
        study = made_study(regularization=("bn", "bn+dropout"))
        finish(store, made_plan(study))
        analysis = aw.analyze(store)
    assert analysis.observed is not None
    assert analysis.observed.num_runs == 4
    assert len(analysis.results.aliases) == 2
    assert codes_of(analysis)["A001"].startswith("one network: ")
