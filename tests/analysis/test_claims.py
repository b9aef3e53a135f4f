"""How claims are judged where the truth is known: verdicts, and the first reason that applies."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from actwise.analysis.model import fit_model
from actwise.analysis.rules import paper_advice
from actwise.analysis.table import Observations
from made.claims import judged, paper_truth
from made.studies import LEVELS, at, made_rows, made_study

FACTORS = tuple(LEVELS)
TRAINED = {"width": 1.0, "train.epochs": 200}


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def observe(rows: list[dict[str, Any]], **settings: Any) -> Observations:
    return Observations.from_rows(rows, factors=FACTORS, **settings)


@pytest.fixture(scope="module")
def true_world() -> Observations:
    study = made_study(seeds=6, generator=rng(0), truth=paper_truth, sd=0.2)
    return replace(study, scope=TRAINED)


def test_true_claims_are_supported_by_replicates(true_world: Observations) -> None:
    results = judged(true_world)
    for claim in ("C1", "C2", "C3", "C6", "C7", "C8"):
        assert (results[claim].verdict, results[claim].reason) == ("supported", "ok"), claim
        assert results[claim].own_verdict == "supported", claim
        assert results[claim].scale_matches is True, claim
    assert (results["C5"].verdict, results["C5"].reason) == ("undecided", "aliased")


def test_false_claims_are_refuted() -> None:
    swapped = [
        {**row, "activation": {"relu": "prelu", "prelu": "relu"}.get(row["activation"], "elu")}
        for row in made_rows(seeds=6, generator=rng(1), truth=paper_truth, sd=0.2)
    ]
    results = judged(observe(swapped))
    for claim in ("C1", "C3", "C6", "C7"):
        assert (results[claim].verdict, results[claim].reason) == ("refuted", "ok"), claim


def test_advice_is_refuted_where_prelu_is_always_best() -> None:
    study = made_study(
        seeds=4, generator=rng(9), truth=lambda cell: 80.0 + 2 * (cell["activation"] == "prelu")
    )
    result = judged(study)["C8"]
    assert (result.verdict, result.reason) == ("refuted", "ok")


def test_the_advice_that_is_judged_is_the_papers(true_world: Observations) -> None:
    """C8 writes the advice out; the rules have it too."""
    model = fit_model(true_world)
    losses = []
    for condition in {cell[:3] for cell in model.cells}:
        chosen = paper_advice(
            is_augmented="aug" in condition[2], is_residual=condition[1] == "resnet18"
        )
        best, other = (model.mean((*condition, level)).value for level in (chosen, "prelu"))
        losses.append(best - other)
    assert judged(true_world)["C8"].components[0].estimate == pytest.approx(np.mean(losses))


def test_a_spread_that_grows_refutes_the_shrinking_gaps() -> None:
    def truth(cell: dict[str, str]) -> float:
        spread = 3.0 if "aug" in cell["regularization"] else 1.0
        return 60 + spread * {"relu": -1.0, "prelu": 0.0, "elu": 1.0}[cell["activation"]]

    assert judged(made_study(seeds=5, generator=rng(2), truth=truth))["C2"].verdict == "refuted"


def test_single_runs_elsewhere_do_not_make_the_spread_of_cifar10_known_better(
    true_world: Observations,
) -> None:
    seeds_R = true_world.seeds_R
    assert seeds_R is not None
    mixed = true_world.select((true_world.run_datasets() == "cifar10") | (seeds_R == "0"))
    alone = judged(at(true_world, dataset="cifar10"))["C2"]
    assert judged(mixed)["C2"].components[0] == alone.components[0]


def test_a_study_without_the_cells_names_what_is_missing(true_world: Observations) -> None:
    results = judged(at(true_world, dataset="cifar10"))
    assert results["C6"].reason == "missing-cells"
    pattern = ("dataset=cifar100", "model=vgg*", "augmented=yes", "activation=prelu")
    assert pattern in results["C6"].missing
    assert results["C1"].reason == "missing-cells"
    assert results["C3"].verdict == "supported"
    assert results["C3"].scope["dataset"] == ("cifar10",)
    assert len(results["C3"].components) == 8


def test_claims_about_means_are_judged_on_the_networks_that_were_run(
    true_world: Observations,
) -> None:
    results = judged(at(true_world, dataset="cifar10", model="resnet18"))
    assert results["C8"].scope == {
        "dataset": ("cifar10",),
        "model": ("resnet18",),
        "regularization": ("bn+aug",),
        "activation": ("relu", "prelu"),
    }
    assert results["C2"].scope["model"] == ("resnet18",)
    assert results["C5"].reason == "missing-cells"


def test_what_describes_a_claim_is_that_of_the_cells_it_weighs(true_world: Observations) -> None:
    results = judged(true_world)
    assert results["C6"].scope == {
        "dataset": ("cifar100",),
        "model": ("vgg16",),
        "regularization": ("bn+aug",),
        "activation": ("prelu", "relu", "elu"),
    }
    assert (results["C6"].runs, results["C6"].seeds) == (18, 6)
    assert results["C2"].scope["dataset"] == ("cifar10",)
    assert (results["C6"].margin, results["C1"].margin, results["C7"].margin) == (None, 0.5, 1.0)
    assert judged(true_world, margin=0.3)["C7"].margin == 0.3
    assert results["C5b"].scope == {}


def test_shortcuts_are_judged_against_the_plain_twin() -> None:
    def truth(cell: dict[str, str]) -> float:
        if cell["model"] == "plain20":  # a network without its twin counts for nothing
            return 20.0 + 9 * (cell["activation"] == "relu")
        return 60 + 3 * (cell["model"] == "resnet18" and cell["activation"] == "relu")

    levels = {**LEVELS, "model": ("plain18", "resnet18", "plain20")}
    results = judged(made_study(seeds=4, generator=rng(4), truth=truth, levels=levels))
    assert (results["C5b"].verdict, results["C5b"].reason) == ("supported", "ok")
    assert results["C5b"].components[0].estimate == pytest.approx(3.0, abs=0.5)
    assert set(results["C5b"].scope["model"]) == {"plain18", "resnet18"}
    assert results["C5"].reason == "missing-cells"


def test_errors_instead_of_accuracies_give_the_same_verdicts(true_world: Observations) -> None:
    errors = replace(
        true_world,
        response="test_error",
        response_R=100 - true_world.response_R,
        higher_is_better=False,
    )
    for name, result in judged(true_world).items():
        turned = judged(errors)[name]
        assert (turned.verdict, turned.reason) == (result.verdict, result.reason)
        assert [row.estimate for row in turned.components] == pytest.approx(
            [row.estimate for row in result.components]
        )


def test_what_is_no_percentage_decides_nothing_about_the_paper(true_world: Observations) -> None:
    losses = replace(true_world, response="test_loss", higher_is_better=False)
    for result in judged(losses).values():
        assert (result.verdict, result.reason) == ("undecided", "missing-cells")
        assert "no-percentage" in result.notes


def test_no_runs_foreign_factors_and_other_data_decide_nothing() -> None:
    levels = {**LEVELS, "dataset": ("digits",)}
    for observed in (
        observe([]),
        Observations.from_rows(
            [{"depth": d, "activation": a, "test_accuracy": 80.0} for d in (20, 32) for a in "ab"],
            factors=("depth", "activation"),
        ),
        made_study(seeds=3, generator=rng(8), levels=levels),
    ):
        results = judged(observed)
        assert {result.verdict for result in results.values()} == {"undecided"}
        assert {result.reason for result in results.values()} == {"missing-cells"}


def test_a_stricter_level_widens_every_limit_of_a_claim(true_world: Observations) -> None:
    usual, strict = (judged(true_world, alpha=alpha) for alpha in (0.05, 0.02))
    for claim in ("C1", "C2", "C3", "C6", "C7"):
        assert (usual[claim].alpha, strict[claim].alpha) == (0.05, 0.02)
        for wide, narrow in zip(strict[claim].components, usual[claim].components, strict=True):
            assert wide.lower <= narrow.lower
            assert wide.upper >= narrow.upper
            assert (narrow.level, wide.level) in ((0.95, 0.98), (0.975, 0.99))
