"""Runs that came to nothing: diverged, stuck at chance, hardly learned."""

import math
from typing import Any

import pytest
from scipy import stats

from actwise.analysis.model import (
    as_accuracies,
    chance_accuracy,
    exact_interval,
    fit_model,
    floor_accuracy,
    hardly_learned,
)
from actwise.analysis.table import Observations
from made.cases import case, case_rows, observe

RELU = ("cifar10", "vgg16", "bn", "relu")


def runs(values: list[float | None], *, dataset: str = "cifar10", **settings: Any) -> Observations:
    """Runs of one cell; None has diverged."""
    rows = [
        {
            "dataset": dataset,
            "activation": "relu",
            "seed": seed,
            "test_accuracy": value,
            "status": "diverged" if value is None else "finished",
        }
        for seed, value in enumerate(values)
    ]
    return observe(rows, **settings)


def num_stuck(observed: Observations) -> int:
    return sum(row.stuck for row in fit_model(observed).lost)


def test_one_run_at_chance_is_named_stuck_and_leaves_the_other_network_alone() -> None:
    rows = case_rows("one_run_at_chance")
    model = fit_model(observe(rows))
    (lost,) = model.lost
    assert (lost.cell, lost.stuck, lost.diverged, lost.runs) == (RELU, 1, 0, 5)
    without = fit_model(observe([row for row in rows if float(row["test_accuracy"]) > 20]))
    cells = [("cifar10", "resnet18", "bn", a) for a in ("elu", "relu")]
    weights = dict(zip(cells, (1.0, -1.0), strict=True))
    assert model.contrast(weights) == without.contrast(weights)
    assert model.contrast(weights).standard_error < 0.3
    # The mean is of the other runs; at chance they would take it down by a fifth of the way.
    assert model.mean(RELU).value == pytest.approx((90.61 + 89.23 + 89.83 + 89.86) / 4)
    assert lost.shift == pytest.approx((10 - model.mean(RELU).value) / 5)
    assert model.shift(weights) == 0.0
    assert model.shift({RELU: -2.0}) == pytest.approx(-2 * lost.shift)


def test_a_stuck_run_lies_in_the_band_of_chance() -> None:
    # 99.9 % of guesses on 10,000 images of ten classes lie within 0.99 points of 10 %.
    learned = [90.0, 90.3, 89.8]
    assert num_stuck(runs([*learned, 10.98])) == num_stuck(runs([*learned, 9.02])) == 1
    assert num_stuck(runs([*learned, 11.0])) == num_stuck(runs([*learned, 9.0])) == 0
    few = {"mine": 100}
    settings = {"dataset": "mine", "num_classes": {"mine": 10}}
    assert num_stuck(runs([*learned, 19.0], **settings, test_images=few)) == 1


def test_no_run_is_stuck_where_the_cell_has_not_learned_or_chance_is_not_known() -> None:
    assert num_stuck(runs([10.0, 10.0, 10.0, 90.0])) == 0
    assert num_stuck(runs([90.0, 90.3, 89.8, 10.0], dataset="mine")) == 0
    known = {"mine": 10}
    assert num_stuck(runs([90.0, 90.3, 89.8, 10.0], dataset="mine", num_classes=known)) == 0


def test_diverged_and_stuck_runs_count_together_with_an_exact_interval() -> None:
    (lost,) = fit_model(runs([90.0, None, 10.0, 89.0, 91.0])).lost
    assert (lost.diverged, lost.stuck, lost.runs) == (1, 1, 5)
    oracle = stats.binomtest(2, 5).proportion_ci(0.95, method="exact")
    assert (lost.lower, lost.upper) == pytest.approx((oracle.low, oracle.high))
    assert lost.shift == pytest.approx(2 / 5 * (10 - 90.0))


def test_what_diverged_runs_would_add_is_not_known_without_the_accuracy_of_guessing() -> None:
    (lost,) = fit_model(runs([90.0, None, 89.0], dataset="mine")).lost
    assert math.isnan(lost.shift)
    classes = {"mine": 4}
    (lost,) = fit_model(runs([90.0, None, 89.0], dataset="mine", num_classes=classes)).lost
    assert lost.shift == pytest.approx((25 - 89.5) / 3)


def test_a_cell_whose_every_run_diverged_has_no_mean() -> None:
    model = fit_model(runs([None, None]))
    assert model.cells == ()
    assert model.lost[0].diverged == 2 and math.isnan(model.lost[0].shift)


@pytest.mark.parametrize(("count", "total"), [(0, 7), (1, 5), (3, 8), (9, 9)])
def test_exact_intervals_are_clopper_and_pearsons(count: int, total: int) -> None:
    oracle = stats.binomtest(count, total).proportion_ci(0.95, method="exact")
    assert exact_interval(count, total) == pytest.approx((oracle.low, oracle.high))


@pytest.mark.parametrize(
    ("classes", "floor"), [(2, 55.0), (4, 32.5), (10, 19.0), (20, 10.0), (100, 2.0)]
)
def test_the_floor_is_twice_chance_or_a_tenth_of_the_way(classes: int, floor: float) -> None:
    chance = chance_accuracy(runs([50.0], num_classes={"cifar10": classes}), "cifar10")
    assert chance == pytest.approx(100 / classes)
    assert floor_accuracy(100 / classes) == pytest.approx(floor)


def test_hardly_learned_is_below_the_floor_or_below_half_of_the_best() -> None:
    def cells_of(*values: float, dataset: str = "cifar10") -> set[str]:
        rows = [
            {"dataset": dataset, "activation": f"a{place}", "seed": s, "test_accuracy": v + s / 10}
            for place, v in enumerate(values)
            for s in (0, 1)
        ]
        return {cell[1] for cell in hardly_learned(observe(rows))}

    assert cells_of(18.0, 20.0) == {"a0"}
    assert cells_of(90.0, 46.0, 44.0) == {"a2"}
    assert cells_of(18.0, 20.0, dataset="mine") == set()
    assert cells_of(90.0, 44.0, dataset="mine") == {"a1"}


def test_the_best_cell_is_one_of_the_same_data_set_and_budget() -> None:
    rows = [
        {"dataset": d, "train.epochs": e, "activation": "relu", "seed": 0, "test_accuracy": v}
        for d, e, v in (
            ("cifar10", "1", 40.0),
            ("cifar10", "9", 90.0),
            ("cifar100", "1", 3.0),
            ("cifar100", "9", 60.0),
        )
    ]
    factors = ("dataset", "train.epochs", "activation")
    assert hardly_learned(Observations.from_rows(rows, factors=factors)) == frozenset()


def test_errors_are_judged_as_accuracies() -> None:
    rows = [
        {"dataset": "cifar10", "activation": "relu", "seed": s, "test_error": v}
        for s, v in enumerate((10.0, 90.0, 11.0, 9.0))
    ]
    observed = observe(rows, response="test_error", higher_is_better=False)
    (lost,) = fit_model(observed).lost
    assert lost.stuck == 1
    assert lost.shift == pytest.approx((90 - 10) / 4)
    turned = as_accuracies(observed)
    assert turned.higher_is_better and turned.response_R.tolist() == [90.0, 10.0, 89.0, 91.0]
    assert hardly_learned(case("halved_errors")) == frozenset()
