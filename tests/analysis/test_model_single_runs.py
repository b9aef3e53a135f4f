"""Single runs: judged by their test images, and by run SDs from elsewhere where these apply."""

import math
from typing import Any

import numpy as np
import pytest

import actwise as aw
from actwise.analysis.model import are_trained, fit_model
from actwise.analysis.model.single_runs import EXTERNAL_DEVIATIONS
from actwise.analysis.table import Observations
from made.cases import bank_rows, observe, paper
from made.studies import LEVELS, made_rows

BEST = ("cifar100", "resnet18-table2", "bn+dropout", "prelu")
NEXT = ("cifar100", "resnet18-table2", "bn+dropout", "relu")
TRAINED = {"width": 1.0, "train.epochs": 200}


@pytest.mark.parametrize("dataset", ["cifar10", "cifar100"])
def test_the_run_sds_from_elsewhere_follow_from_the_bank(dataset: str) -> None:
    rows = [row for row in bank_rows("trottier") if row["test_error_200"]]
    observed = Observations.from_rows(
        rows,
        factors=("dataset", "depth", "inner_norm", "activation"),
        response="test_error_200",
        seed=None,
        strata=("dataset",),
        higher_is_better=False,
    )
    (total,) = (s.total for s in fit_model(observed).strata if s.name[0][1] == dataset)
    known = EXTERNAL_DEVIATIONS[dataset]
    assert total.sd == pytest.approx(known.points, abs=5e-3)
    assert total.df == known.df == 80


def test_single_runs_have_the_papers_z() -> None:
    binomial, with_run_sd = fit_model(paper()).estimates({BEST: 1, NEXT: -1})
    assert binomial.statistic() == pytest.approx(6.30, abs=5e-3)
    assert with_run_sd.statistic() == pytest.approx(4.74, abs=5e-3)
    assert binomial.df == math.inf
    # Without binomial error it would be 80; the known part raises it.
    assert 80 < with_run_sd.df < 1000


def test_the_more_cautious_model_is_the_one_that_is_shown() -> None:
    model = fit_model(paper())
    weights = {BEST: 1.0, NEXT: -1.0}
    assert model.contrast(weights) == model.estimates(weights)[-1]
    assert model.is_single(weights)


def test_the_logit_scale_keeps_z_almost() -> None:
    points, logit = (
        fit_model(paper(), scale=scale).contrast({BEST: 1, NEXT: -1})
        for scale in ("points", "logit")
    )
    assert logit.statistic() == pytest.approx(points.statistic(), rel=0.03)


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"width": 0.25, "train.epochs": 200},
        {"width": 1.0, "train.epochs": 99},
        {"width": 1.0},
        {**TRAINED, "train.train_size": "1000"},
    ],
)
def test_no_run_sd_is_taken_from_elsewhere_for_other_trainings(scope: dict[str, Any]) -> None:
    rows = [row for row in bank_rows("paper") if row["dataset"] == "cifar100"]
    binomial, with_run_sd = fit_model(observe(rows, seed=None, scope=scope)).estimates(
        {BEST: 1, NEXT: -1}
    )
    assert binomial.is_testable
    assert not with_run_sd.is_testable


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (TRAINED, True),
        ({"width": 1.0, "train.schedule": "plateau", "train.epochs": 40}, True),
        ({"width": 0.5, "train.epochs": 200}, False),
        ({"width": 1.0, "train.epochs": 6}, False),
        ({**TRAINED, "train.train_size": 45000}, False),
        ({"train.epochs": 200}, None),
        ({"train.epochs": 6}, False),
        ({}, None),
    ],
)
def test_the_scale_of_the_claims_is_long_training_of_whole_networks(
    scope: dict[str, Any], expected: bool | None
) -> None:
    observed = paper()
    changed = observe(bank_rows("paper"), seed=None, scope=scope)
    assert are_trained(changed, observed.cells) is expected


def test_the_scale_may_vary_between_cells() -> None:
    rows = [
        {"dataset": "cifar10", "train.epochs": e, "activation": "relu", "test_accuracy": 80.0}
        for e in ("6", "200")
    ]
    factors = ("dataset", "train.epochs", "activation")
    observed = Observations.from_rows(rows, factors=factors, scope={"width": 1.0})
    short, long = observed.cells
    assert are_trained(observed, [short]) is False
    assert are_trained(observed, [long]) is True
    assert are_trained(observed, [short, long]) is False


def test_other_data_sets_have_no_run_sd() -> None:
    rows = [
        {**row, "dataset": "mine"} for row in bank_rows("paper") if row["dataset"] == "cifar100"
    ]
    weights = {("mine", *cell[1:]): w for cell, w in ((BEST, 1.0), (NEXT, -1.0))}
    binomial, with_run_sd = fit_model(observe(rows, seed=None, scope=TRAINED)).estimates(weights)
    assert binomial.is_testable and not with_run_sd.is_testable


def mixed_rows() -> list[dict[str, Any]]:
    """Three seeds of CIFAR-10, one of CIFAR-100."""
    rows = made_rows(seeds=3, generator=np.random.default_rng(0))
    return [row for row in rows if row["dataset"] == "cifar10" or row["seed"] == 0]


def test_each_network_has_the_model_that_its_runs_allow() -> None:
    mixed = fit_model(observe(mixed_rows(), scope=TRAINED))
    pair = [("vgg16", "bn", activation) for activation in LEVELS["activation"][:2]]
    for dataset, num_models in (("cifar10", 1), ("cifar100", 2)):
        alone = [row for row in mixed_rows() if row["dataset"] == dataset]
        weights = {(dataset, *cell): w for cell, w in zip(pair, (1.0, -1.0), strict=True)}
        found = mixed.estimates(weights)
        assert len(found) == num_models
        assert mixed.is_single(weights) == (num_models == 2)
        assert found == fit_model(observe(alone, scope=TRAINED)).estimates(weights)


def test_p_against_the_incumbent_is_adjusted_where_no_run_sd_is_known() -> None:
    values = {"relu": 90.0, "elu": 91.0, "prelu": 90.6, "gelu": 90.9}
    rows = [
        {"dataset": "cifar10", "model": "vgg16", "activation": name, "test_accuracy": value}
        for name, value in values.items()
    ]
    for row in aw.analyze(rows).incumbent:
        binomial, with_run_sd = row.judged.p
        assert binomial.adjusted == pytest.approx(min(1.0, 3 * binomial.p))  # Bonferroni
        assert binomial.adjusted > binomial.p and math.isnan(with_run_sd.adjusted)
