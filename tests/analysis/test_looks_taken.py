"""Looks at a store: what each is recorded with, at which level it decides, what it may not see."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis import Analysis
from actwise.analysis.differences import all_pairs, level_set
from actwise.analysis.model import fit_model
from actwise.report import analysis_json
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.studies import LEVELS
from made.studies import made_study as observed_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


def made_store(folder: Path, **settings: Any) -> RunStore:
    store = RunStore.open(folder, create=True)
    study = made_study(**settings)
    store.add_study(study, made_plan(study))
    return store


def seeds_below(count: int, **settings: Any) -> list[Any]:
    return [run for run in made_plan(made_study(**settings)) if run.spec.seed < count]


def evidence(analysis: Analysis, code: str) -> str | None:
    return {finding.code: finding.evidence for finding in analysis.findings}.get(code)


def test_seeds_added_after_a_look_are_a_finding(folder: Path) -> None:
    with made_store(folder, seeds="0..2") as store:
        finish(store, seeds_below(2, seeds="0..2"))
        assert evidence(aw.analyze(store), "A005") is None
        finish(store, seeds_below(3, seeds="0..2"))
        analysis = aw.analyze(store)
    assert evidence(analysis, "A005") == "before: 2 seeds (4 runs); now: 3 seeds (6 runs)"
    assert analysis.looks is not None and not analysis.looks.is_planned
    assert [(look.num_seeds, look.num_runs) for look in analysis.looks.taken] == [(2, 4)]
    # What was not planned leaves the level as it is.
    assert analysis.alpha == 0.05


def test_a_look_again_at_the_same_runs_is_none_more(folder: Path) -> None:
    with made_store(folder, seeds="0..1") as store:
        finish(store, seeds_below(2, seeds="0..1"))
        aw.analyze(store)
        assert evidence(aw.analyze(store), "A005") is None
        assert [(look.what, look.num_seeds) for look in store.looks()] == [("analyze", 2)] * 2


def test_a_second_look_with_more_runs_of_the_same_seeds_is_a_finding(folder: Path) -> None:
    with made_store(folder, seeds="0..1") as store:
        planned = made_plan(made_study(seeds="0..1"))
        finish(store, planned[:3])
        assert evidence(aw.analyze(store, where=["activation=relu"]), "A005") is None
        finish(store, planned)
        found = evidence(aw.analyze(store), "A005")
    assert found == "before: 2 seeds (3 runs); now: 2 seeds (4 runs)"


PLANNED: dict[str, Any] = {"seeds": "0..2", "looks": [2, 3]}


def test_a_planned_look_decides_everything_at_its_nominal_level(folder: Path) -> None:
    with made_store(folder, **PLANNED) as store:
        finish(store, seeds_below(2, **PLANNED))
        aw.analyze(store)
        finish(store, seeds_below(3, **PLANNED))
        analysis = aw.analyze(store)
        recorded = store.looks()
    looks, alpha = analysis.looks, analysis.alpha
    assert looks is not None and looks.is_planned
    assert looks.nominal_level == alpha and 0.02 < alpha < 0.05
    assert looks.unshared_error is not None and 0.05 < looks.unshared_error < 0.1
    assert evidence(analysis, "A005") is None
    assert {claim.alpha for claim in analysis.claims} == {alpha}
    assert {row.judged.estimate.alpha for row in analysis.pairs} == {alpha}
    assert {row.judged.estimate.alpha for row in analysis.incumbent} == {alpha}
    sets = [found for network in analysis.decision.networks for found in network.sets]
    assert {row.behind_best.alpha for found in sets for row in found.levels} == {alpha}
    assert [(look.num_runs, look.nominal_level) for look in recorded] == [(4, alpha), (6, alpha)]
    assert analysis_json(analysis)["alpha"] == alpha
    assert analysis_json(analysis)["looks"]["unshared_error"] == looks.unshared_error


def test_a_stricter_level_widens_intervals_and_sets_and_opens_verdicts() -> None:
    """PReLU is ahead by .55 points: that is shown at 5 %, and not at .01 %."""
    runs = observed_study(
        seeds=3,
        generator=np.random.default_rng(0),
        truth=lambda cell: 80.0 + 0.55 * (cell["activation"] == "prelu"),
        levels=LEVELS | {"dataset": ("cifar10",), "model": ("vgg16",)},
    )
    usual, strict = (fit_model(runs, alpha=alpha) for alpha in (0.05, 0.0001))
    conditions = [entry.condition for entry in usual.conditions]
    kept = [
        set(level_set(model, conditions, level=model.alpha / 2, margin=None).kept)
        for model in (usual, strict)
    ]
    assert kept[0] < kept[1]
    widths = [
        [upper - lower for lower, upper in (p.judged.estimate.interval() for p in all_pairs(model))]
        for model in (usual, strict)
    ]
    assert all(one < other for one, other in zip(*widths, strict=True))
    verdicts = [{p.judged.verdict for p in all_pairs(model)} for model in (usual, strict)]
    assert verdicts[1] == {"undecided"} != verdicts[0]


def test_seeds_of_later_looks_are_not_missing_at_a_planned_one(folder: Path) -> None:
    settings: dict[str, Any] = {"seeds": "0..4", "looks": [2, 5]}
    with made_store(folder, **settings) as store:
        early = seeds_below(2, **settings)
        finish(store, early[:3])
        unfinished = aw.analyze(store)
        finish(store, early)
        planned = aw.analyze(store)
        finish(store, seeds_below(3, **settings))
        between = aw.analyze(store)
    assert [evidence(a, "A015") for a in (unfinished, planned, between)] == [
        "1 missing; 10 planned",
        None,
        "4 missing; 10 planned",
    ]
    assert [a.decision.num_missing for a in (unfinished, planned, between)] == [1, 0, 4]
    assert planned.decision.kind != "so_far" == between.decision.kind
    # Nobody planned to look at three seeds.
    assert evidence(between, "A005") == (
        "before: 2 seeds (3 runs), 2 seeds (4 runs); now: 3 seeds (6 runs); planned: 2, 5 seeds"
    )


def test_a_study_is_looked_at_for_itself(folder: Path) -> None:
    other: dict[str, Any] = {"name": "other", "seeds": "0..3", "regularization": ("none",)}
    with made_store(folder, seeds="0..1") as store:
        store.add_study(made_study(**other), made_plan(made_study(**other)))
        finish(store, seeds_below(2, seeds="0..1"))
        aw.analyze(store, study="made")
        finish(store, made_plan(made_study(**other)))
        assert evidence(aw.analyze(store, study="made"), "A005") is None
        assert [look.study for look in store.looks()] == ["made", "made"]
