"""Replicates of one data set beside single runs of another: each is judged by its own model."""

from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.evidence import gather
from actwise.analysis.table import Observations
from made.studies import LEVELS, made_rows

SINGLE = "cifar100"


def mixed_rows(single: str = SINGLE, gap: float = 0.0) -> list[dict[str, Any]]:
    """Three seeds of CIFAR-10, one of another data set."""
    rows = made_rows(
        seeds=3,
        generator=np.random.default_rng(0),
        levels={**LEVELS, "dataset": ("cifar10", single)},
        truth=lambda cell: 80.0 + gap * (cell["activation"] == "elu"),
    )
    return [row for row in rows if row["dataset"] == "cifar10" or row["seed"] == 0]


def test_each_data_set_has_the_model_that_its_runs_allow() -> None:
    rows = mixed_rows(gap=5.0)
    alone = [row for row in rows if row["dataset"] == "cifar10"]
    single = [row for row in rows if row["dataset"] == SINGLE]
    mixed = aw.analyze(rows)
    for part in (alone, single):
        expected = aw.analyze(part).differences.simple
        name = part[0]["dataset"]
        found = [r for r in mixed.differences.simple if ("dataset", name) in r.condition]
        assert [r.estimate.value for r in found] == [r.estimate.value for r in expected]
        for row, other in zip(found, expected, strict=True):
            assert row.estimate.standard_error == pytest.approx(other.estimate.standard_error)
            assert row.estimate.df == pytest.approx(other.estimate.df)
            assert row.verdict == other.verdict
    assert {row.verdict for row in mixed.differences.simple} >= {"worse", "undecided"}
    said = " ".join((mixed.decision.headline, *mixed.decision.reasons))
    assert "no run-to-run deviation is known" not in said
    assert f"Every cell of {SINGLE} has one run: the run-to-run deviation on {SINGLE} is" in said


def test_equivalence_is_never_shown_by_the_single_runs_beside_replicates() -> None:
    rows = aw.analyze(mixed_rows(), margin=10.0).differences
    verdicts = {
        name: {row.verdict for row in rows.simple if ("dataset", name) in row.condition}
        for name in ("cifar10", SINGLE)
    }
    assert verdicts["cifar10"] == {"equivalent"}
    assert "equivalent" not in verdicts[SINGLE]
    assert "equivalent" not in {row.verdict for row in rows.incumbent}


def test_a_single_run_of_unknown_data_leaves_the_replicated_data_judged() -> None:
    analysis = aw.analyze(mixed_rows("mine", gap=5.0))
    reasons = {
        name: {row.reason for row in analysis.differences.simple if row.condition[0][1] == name}
        for name in ("cifar10", "mine")
    }
    assert reasons["mine"] == {"single-run"} and "ok" in reasons["cifar10"]
    assert "no run-to-run deviation is known for mine" in analysis.decision.headline


@pytest.mark.parametrize("scale", ["points", "logit"])
def test_both_models_of_a_mixed_study_agree_where_there_are_replicates(scale: Any) -> None:
    observed = Observations.from_rows(mixed_rows(), factors=tuple(LEVELS))
    evidence = gather(observed, scale=scale)
    assert evidence.single_run == {SINGLE} and not evidence.is_single_run
    pair = ("vgg16", "bn", "relu"), ("vgg16", "bn", "elu")
    for name, are_equal in (("cifar10", True), (SINGLE, False)):
        weights = {(name, *pair[0]): 1.0, (name, *pair[1]): -1.0}
        first, second = (e.standard_error for e in evidence.estimates(weights, "difference"))
        assert (first == second) == are_equal
    assert gather(observed, variance="cell").pooled.parts[-1].df == 80


def test_what_noise_adds_is_stated_for_the_data_set_of_single_runs() -> None:
    found = aw.analyze(mixed_rows()).points
    assert found is not None
    assert not found.by_dataset["cifar10"].noise_ss
    assert set(found.by_dataset[SINGLE].noise_ss) == {"binomial", "run-sd"}
