"""Why a claim is undecided, and what is said of a verdict that stands."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from actwise.analysis.claims import STANDING
from actwise.analysis.table import Observations
from made.claims import judged, paper_truth
from made.studies import LEVELS, at, made_rows, made_study

FACTORS = tuple(LEVELS)


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def observe(rows: list[dict[str, Any]]) -> Observations:
    return Observations.from_rows(rows, factors=FACTORS)


@pytest.fixture(scope="module")
def true_world() -> Observations:
    study = made_study(seeds=6, generator=rng(0), truth=paper_truth, sd=0.2)
    return replace(study, scope={"width": 1.0, "train.epochs": 200})


def test_runs_that_agree_tell_no_variance() -> None:
    results = judged(made_study(seeds=3, generator=rng(2), truth=paper_truth, sd=1e-7))
    assert {results[claim].reason for claim in ("C1", "C2", "C3", "C6", "C7")} == {"no-noise"}
    assert {results[claim].verdict for claim in ("C1", "C2", "C3")} == {"undecided"}


def test_the_spread_of_runs_that_agree_has_no_width() -> None:
    """Gaps of 0, 3 and 0.2 points in each network without augmentation, of none with it."""
    result = judged(made_study(seeds=3, generator=rng(2), truth=paper_truth, sd=0.0))["C2"]
    assert (result.verdict, result.reason) == ("undecided", "no-noise")
    ratio, without, augmented = result.components
    spread = float(np.var([0.0, 3.0, 0.2], ddof=1))
    assert (without.name, augmented.name) == (f"W(0), raw {spread:.3f}", "W(1), raw 0.000")
    for part, expected in ((without, spread), (augmented, 0.0), (ratio, 0.0)):
        assert (part.lower, part.estimate, part.upper) == pytest.approx((expected,) * 3)


def test_a_sign_that_only_holds_in_points_is_a_matter_of_scale() -> None:
    odds = {"relu": 0.0, "prelu": 0.6, "elu": 0.0}

    def truth(cell: dict[str, str]) -> float:
        # Gaps on the logit scale grow with augmentation, yet shrink in points near 100 %.
        augmented = "aug" in cell["regularization"]
        logit = (5.5 if augmented else 0.5) + odds[cell["activation"]] * (1.1 if augmented else 1)
        return 100 / (1 + math.exp(-logit))

    results = judged(made_study(seeds=5, generator=rng(3), truth=truth, sd=0.02))
    assert (results["C3"].verdict, results["C3"].reason) == ("undecided", "scale")
    assert (results["C2"].verdict, results["C2"].reason) == ("undecided", "scale")


def test_a_refutation_needs_the_sign_on_both_scales_too() -> None:
    """A(R) is below A(P) in points; on the logit scale ReLU gains more, near the ceiling."""
    logits = {
        ("bn", "relu"): 3.0,
        ("bn+aug", "relu"): 5.2,
        ("bn", "prelu"): 0.0,
        ("bn+aug", "prelu"): 0.6,
        ("bn", "elu"): 0.0,
        ("bn+aug", "elu"): 1.6,
    }

    def truth(cell: dict[str, str]) -> float:
        return 100 / (1 + math.exp(-logits[cell["regularization"], cell["activation"]]))

    result = judged(made_study(seeds=5, generator=rng(3), truth=truth, sd=0.02))["C3"]
    assert result.by_model == ("refuted",)
    assert (result.verdict, result.reason) == ("undecided", "scale")


@pytest.mark.parametrize(
    ("gain", "verdict", "reason"),
    [(4, "undecided", "missing-cells"), (-4, "refuted", "ok")],
)
def test_half_of_the_mechanism_refutes_and_never_supports(
    gain: float, verdict: str, reason: str
) -> None:
    levels = {
        **LEVELS,
        "model": ("convnet",),  # any network will do
        "activation": ("relu", "prelu", "elu", "leaky_relu(0.25)"),
    }

    def truth(cell: dict[str, str]) -> float:
        return 60 + gain * ("aug" in cell["regularization"] and cell["activation"] == "relu")

    result = judged(made_study(seeds=4, generator=rng(5), truth=truth, levels=levels))["C4"]
    assert (result.verdict, result.reason) == (verdict, reason)
    assert result.notes == ("half-measured",)
    assert abs(result.components[0].estimate) == pytest.approx(4, abs=0.3)


def test_a_diverged_run_that_matters_leaves_the_claim_undecided() -> None:
    rows = made_rows(seeds=6, generator=rng(6), truth=paper_truth, sd=0.2)
    hard = ("cifar100", "vgg16", "bn+aug", "elu")
    best = next(row for row in rows if tuple(row[name] for name in FACTORS) == hard)
    best.update(status="diverged", test_accuracy=None)
    results = judged(observe(rows))
    assert (results["C6"].verdict, results["C6"].reason) == ("undecided", "diverged")
    assert (results["C1"].verdict, results["C1"].reason) == ("supported", "ok")
    best.update(status="finished", test_accuracy=1.0)
    assert judged(observe(rows))["C6"].reason == "stuck"


def test_a_condition_in_which_every_run_diverged_is_missing_and_not_left_out() -> None:
    rows = made_rows(seeds=3, generator=rng(6), truth=paper_truth)
    for row in rows:
        if (row["dataset"], row["model"], row["regularization"]) == ("cifar100", "vgg16", "bn+aug"):
            row.update(status="diverged", test_accuracy=None)
    result = judged(observe(rows))["C3"]
    assert result.reason == "missing-cells"
    assert ("cifar100", "vgg16", "bn+aug", "relu") in result.missing


def test_a_verdict_that_its_own_variance_does_not_share_is_fragile() -> None:
    """ELU's lead over PReLU scatters far more than what the network's other runs promise."""
    rows = made_rows(seeds=5, generator=rng(12), truth=paper_truth, sd=0.2)
    noise = {0: -6.0, 1: 5.0, 2: -5.0, 3: 6.0, 4: 0.0}
    for row in rows:
        if tuple(row[name] for name in FACTORS) == ("cifar100", "vgg16", "bn+aug", "elu"):
            row["test_accuracy"] += noise[row["seed"]]
    more = {**LEVELS, "dataset": ("cifar100",), "activation": tuple("abcdefghijklmnop")}
    quiet = made_rows(seeds=5, generator=rng(13), truth=lambda cell: 58.0, sd=0.2, levels=more)
    result = judged(observe(rows + quiet))["C6"]
    assert (result.verdict, result.reason) == ("supported", "fragile")
    assert result.own_verdict == "undecided"


def test_verdicts_on_networks_that_have_hardly_learned_are_labelled() -> None:
    def truth(cell: dict[str, str]) -> float:
        if cell["model"] == "vgg16":
            return 5.0 + {"relu": 0.0, "prelu": 4.0, "elu": 8.0}[cell["activation"]]
        return 50.0

    result = judged(made_study(seeds=5, generator=rng(14), truth=truth))["C6"]
    assert (result.verdict, result.reason) == ("supported", "hardly-learned")


@pytest.mark.parametrize(
    ("scope", "matches", "reason"),
    [
        ({"width": 0.25, "train.epochs": 6}, False, "other-scale"),
        ({"width": 1.0, "train.schedule": "plateau"}, True, "ok"),
        ({"width": 1.0, "train.epochs": 200, "train.train_size": 5000}, False, "other-scale"),
        ({"width": 1.0}, None, "ok"),
        ({}, None, "ok"),
    ],
)
def test_a_verdict_is_given_with_its_scale(
    true_world: Observations, scope: dict[str, Any], matches: bool | None, reason: str
) -> None:
    result = judged(replace(true_world, scope=scope))["C3"]
    assert (result.verdict, result.reason) == ("supported", reason)
    assert result.scale_matches is matches
    assert result.scale == {name: (value,) for name, value in scope.items()}


def test_single_runs_of_small_networks_decide_nothing(true_world: Observations) -> None:
    first_R = np.array(true_world.seeds_R) == "0"
    small = replace(true_world.select(first_R), scope={"width": 0.25, "train.epochs": 6})
    results = judged(small)
    assert {results[claim].reason for claim in ("C1", "C2", "C3", "C6", "C7", "C8")} == {
        "single-run"
    }


def test_every_verdict_has_the_first_reason_that_applies(true_world: Observations) -> None:
    small = replace(true_world, scope={"width": 0.25})
    for observed in (true_world, small, at(true_world, model="vgg16")):
        for result in judged(observed).values():
            assert (result.verdict != "undecided") == (result.reason in STANDING), result.id
            assert bool(result.missing) <= (result.reason == "missing-cells")
