import math
from dataclasses import replace

import numpy as np
import pytest

from actwise.analysis.claim import judge_claims
from actwise.analysis.claims import PAPER_CLAIMS
from actwise.analysis.reading import load_bank
from actwise.analysis.table import Observations
from made.claims import judged
from made.studies import LEVELS, made_rows, made_study

FACTORS = tuple(LEVELS)


def paper_truth(cell: dict[str, str]) -> float:
    """A world in which every claim of the paper is true."""
    augmented = "aug" in cell["regularization"]
    residual = cell["model"].startswith("resnet")
    base = {"cifar10": 88.0, "cifar100": 62.0}[cell["dataset"]]
    if not augmented:
        return base + {"relu": 0.0, "prelu": 3.0, "elu": 0.2}[cell["activation"]]
    if residual:
        return base + 8.0
    if cell["dataset"] == "cifar10":
        return base + 6.0
    return base + 5.0 + {"relu": 0.0, "prelu": 2.0, "elu": 4.0}[cell["activation"]]


@pytest.fixture(scope="module")
def true_world() -> Observations:
    return made_study(seeds=6, generator=np.random.default_rng(0), truth=paper_truth, sd=0.2)


def test_true_claims_are_supported_by_replicates(true_world: Observations) -> None:
    results = judged(true_world)
    for claim in ("C1", "C2", "C3", "C6", "C7", "C8"):
        assert (results[claim].verdict, results[claim].reason) == ("supported", "ok"), claim
    assert results["C5"].reason == "aliased"
    assert results["C1"].seeds == 6
    assert results["C1"].runs == true_world.num_runs


def test_false_claims_are_refuted(true_world: Observations) -> None:
    swapped = [
        {**row, "activation": {"relu": "prelu", "prelu": "relu"}.get(row["activation"], "elu")}
        for row in made_rows(seeds=6, generator=np.random.default_rng(1), truth=paper_truth, sd=0.2)
    ]
    results = judged(Observations.from_rows(swapped, factors=FACTORS))
    for claim in ("C1", "C3", "C6", "C7"):
        assert (results[claim].verdict, results[claim].reason) == ("refuted", "ok"), claim


def test_advice_is_refuted_where_prelu_is_always_best() -> None:
    observed = made_study(
        seeds=4,
        generator=np.random.default_rng(9),
        truth=lambda cell: 80.0 + 2 * (cell["activation"] == "prelu"),
    )
    result = judged(observed)["C8"]
    assert (result.verdict, result.reason) == ("refuted", "ok")
    assert result.components[1].name == "rho(rule), cross-fitted"
    assert result.components[1].estimate == pytest.approx(1.0, abs=0.2)


def test_advice_is_about_three_activations_in_two_networks(true_world: Observations) -> None:
    levels = {
        **LEVELS,
        "model": ("vgg16", "resnet18", "mlp"),
        "activation": ("relu", "prelu", "elu", "gelu"),
    }

    def truth(cell: dict[str, str]) -> float:
        known = cell["activation"] != "gelu" and cell["model"] != "mlp"
        return paper_truth(cell) if known else 99.0

    rows = made_rows(
        seeds=6, generator=np.random.default_rng(0), truth=truth, sd=0.2, levels=levels
    )
    lone = [row for row in rows if row["model"] != "mlp" or row["seed"] == 0]  # not in both halves
    result = judged(Observations.from_rows(lone, factors=FACTORS, blocked=True))["C8"]
    assert (result.verdict, result.reason) == ("supported", "ok")
    assert result.components[1].estimate == pytest.approx(
        judged(true_world)["C8"].components[1].estimate, abs=0.1
    )


def test_regret_is_scored_on_other_images_where_predictions_are_stored(
    true_world: Observations,
) -> None:
    generator = np.random.default_rng(10)
    noise_R = generator.normal(0, 0.3, true_world.num_runs)
    halves_R2 = np.stack([true_world.response_R - noise_R, true_world.response_R + noise_R], axis=1)
    plain = judged(true_world)["C8"].components[1]
    found = judged(replace(true_world, image_halves_R2=halves_R2))["C8"].components[1]
    assert found.standard_error > plain.standard_error
    assert found.estimate != plain.estimate


def test_a_spread_that_grows_refutes_the_shrinking_gaps() -> None:
    def truth(cell: dict[str, str]) -> float:
        spread = 3.0 if "aug" in cell["regularization"] else 1.0
        return 80 + spread * {"relu": -1.0, "prelu": 0.0, "elu": 1.0}[cell["activation"]]

    observed = made_study(seeds=5, generator=np.random.default_rng(2), truth=truth)
    assert judged(observed)["C2"].verdict == "refuted"


def test_seeds_that_almost_agree_tell_how_far_the_gaps_shrink() -> None:
    def truth(cell: dict[str, str]) -> float:
        spread = 0.3 if "aug" in cell["regularization"] else 1.0
        return 80 + spread * {"relu": -1.0, "prelu": 0.0, "elu": 1.0}[cell["activation"]]

    observed = made_study(seeds=3, generator=np.random.default_rng(2), truth=truth, sd=1e-7)
    result = judged(observed)["C2"]
    assert (result.verdict, result.reason) == ("supported", "ok")
    assert result.components[0].estimate == pytest.approx(0.3)
    assert 0.1 < result.components[0].lower < 0.3 < result.components[0].upper < 0.6


def test_single_runs_elsewhere_do_not_make_the_spread_of_cifar10_known_better(
    true_world: Observations,
) -> None:
    seeds_R = true_world.seeds_R
    assert seeds_R is not None
    mixed = true_world.select((true_world.run_datasets() == "cifar10") | (seeds_R == "0"))
    alone = judged(true_world.where(dataset="cifar10"))["C2"]
    assert [row.df for row in judged(mixed)["C2"].components] == pytest.approx(
        [row.df for row in alone.components]
    )
    assert judged(mixed)["C2"].components[0].upper == pytest.approx(alone.components[0].upper)


def test_a_sign_that_only_holds_in_points_is_a_ceiling() -> None:
    odds = {"relu": 0.0, "prelu": 0.6, "elu": 0.0}

    def truth(cell: dict[str, str]) -> float:
        # Gaps on the logit scale grow with augmentation, yet shrink in points near 100 %.
        augmented = "aug" in cell["regularization"]
        logit = (5.5 if augmented else 0.5) + odds[cell["activation"]] * (1.1 if augmented else 1)
        return 100 / (1 + math.exp(-logit))

    observed = made_study(seeds=5, generator=np.random.default_rng(3), truth=truth, sd=0.02)
    result = judged(observed)["C3"]
    assert (result.verdict, result.reason) == ("undecided", "ceiling")


def test_a_study_without_the_cells_names_what_is_missing(true_world: Observations) -> None:
    results = judged(true_world.where(dataset="cifar10"))
    assert results["C6"].reason == "missing-cells"
    assert ("C100", "V: vgg*", "r=1", "prelu") in results["C6"].missing
    assert results["C3"].verdict == "supported"
    assert "dataset: cifar10;" in results["C3"].scope


def test_the_scope_of_a_claim_is_that_of_the_cells_it_weighs(true_world: Observations) -> None:
    results = judged(true_world)
    assert results["C6"].scope == (
        "dataset: cifar100; model: vgg16; regularization: bn+aug; activation: elu, prelu, relu"
    )
    assert results["C2"].scope.startswith("dataset: cifar10; model: resnet18, vgg16;")
    assert results["C5b"].scope == ""


def test_shortcuts_are_judged_against_the_plain_twin() -> None:
    def truth(cell: dict[str, str]) -> float:
        return 80 + 3 * (cell["model"] == "resnet18" and cell["activation"] == "relu")

    levels = {**LEVELS, "model": ("plain18", "resnet18")}
    observed = made_study(seeds=4, generator=np.random.default_rng(4), truth=truth, levels=levels)
    results = judged(observed)
    assert (results["C5b"].verdict, results["C5b"].reason) == ("supported", "ok")
    assert results["C5"].reason == "missing-cells"


def test_the_accuracy_half_of_the_mechanism_never_supports_alone() -> None:
    levels = {**LEVELS, "activation": ("relu", "prelu", "elu", "leaky_relu(0.25)")}

    def truth(cell: dict[str, str]) -> float:
        return 80 + 4 * ("aug" in cell["regularization"] and cell["activation"] == "relu")

    observed = made_study(seeds=4, generator=np.random.default_rng(5), truth=truth, levels=levels)
    result = judged(observed)["C4"]
    assert (result.verdict, result.reason) == ("undecided", "missing-cells")
    assert result.components[0].lower > 0
    assert "signal-flow records" in result.notes[0]


def test_a_diverged_run_that_matters_leaves_the_claim_undecided() -> None:
    rows = made_rows(seeds=6, generator=np.random.default_rng(6), truth=paper_truth, sd=0.2)
    best = next(
        row
        for row in rows
        if (row["dataset"], row["model"], row["activation"]) == ("cifar100", "vgg16", "elu")
        and row["regularization"] == "bn+aug"
    )
    best.update(status="diverged", test_accuracy=None)
    results = judged(Observations.from_rows(rows, factors=FACTORS, blocked=True))
    assert (results["C6"].verdict, results["C6"].reason) == ("undecided", "diverged")
    assert (results["C1"].verdict, results["C1"].reason) == ("supported", "ok")


@pytest.mark.parametrize("has_predictions", [False, True])
def test_the_regret_of_the_advice_counts_diverged_runs_too(has_predictions: bool) -> None:
    def advised(cell: dict[str, str]) -> float:
        augmented = "aug" in cell["regularization"]
        other = "relu" if cell["model"] == "resnet18" else "elu"
        return 70.0 + 3 * (cell["activation"] == (other if augmented else "prelu"))

    rows = made_rows(seeds=12, generator=np.random.default_rng(0), truth=advised)
    whole = Observations.from_rows(rows, factors=FACTORS)
    assert judged(whole)["C8"].verdict == "supported"
    for row in rows:
        levels = (row["model"], row["regularization"], row["activation"])
        if levels == ("vgg16", "bn", "prelu") and row["seed"] in (0, 1):
            row.update(status="diverged", test_accuracy=None)
    observed = Observations.from_rows(rows, factors=FACTORS)
    if has_predictions:
        halves_R2 = np.stack([observed.response_R] * 2, axis=1)
        observed = replace(observed, image_halves_R2=halves_R2)
    result = judged(observed)["C8"]
    assert (result.verdict, result.reason) == ("undecided", "diverged")


def test_errors_instead_of_accuracies_give_the_same_verdicts(true_world: Observations) -> None:
    errors = [
        {**row, "test_error": 100 - row["test_accuracy"]}
        for row in made_rows(seeds=4, generator=np.random.default_rng(7), truth=paper_truth, sd=0.2)
    ]
    observed = Observations.from_rows(
        errors, factors=FACTORS, response="test_error", higher_is_better=False
    )
    assert judged(observed)["C3"].verdict == "supported"


def test_no_runs_and_foreign_factors_are_missing_cells() -> None:
    empty = judged(Observations.from_rows([], factors=FACTORS))
    assert {result.reason for result in empty.values()} == {"missing-cells"}
    foreign = judged(load_bank("trottier").observations())
    assert {result.reason for result in foreign.values()} == {"missing-cells"}


def test_other_data_sets_decide_nothing_about_these_claims() -> None:
    levels = {**LEVELS, "dataset": ("digits",)}
    results = judged(made_study(seeds=3, generator=np.random.default_rng(8), levels=levels))
    assert {result.verdict for result in results.values()} == {"undecided"}


def test_a_claim_keeps_its_level_at_the_least_favourable_point() -> None:
    def truth(cell: dict[str, str]) -> float:
        return 80 + 5 * (cell["activation"] == "elu")  # P = R, and E far above P

    supported = 0
    for repetition in range(200):
        generator = np.random.default_rng(repetition)
        levels = {**LEVELS, "dataset": ("cifar100",)}
        observed = made_study(seeds=3, generator=generator, truth=truth, levels=levels)
        (result,) = judge_claims(observed, [c for c in PAPER_CLAIMS if c.id == "C6"])
        supported += result.verdict == "supported"
    assert supported / 200 == pytest.approx(0.05, abs=0.045)


def test_a_stricter_level_widens_every_limit_of_a_claim(true_world: Observations) -> None:
    usual, strict = (
        judge_claims(true_world, PAPER_CLAIMS, alpha=alpha)[0] for alpha in (0.05, 0.02)
    )
    assert (usual.alpha, strict.alpha) == (0.05, 0.02)
    for wide, narrow in zip(strict.components, usual.components, strict=True):
        assert wide.lower < narrow.lower
        assert wide.upper > narrow.upper
