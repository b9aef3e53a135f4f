"""What no study may break: what seeds, rows and other networks do to a contrast."""

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actwise.analysis.model import Estimate, Model, fit_model
from actwise.analysis.table import Cell
from made.cases import observe

NETWORKS, REGULARIZATIONS, ACTIVATIONS = ("vgg16", "mlp"), ("bn", "bn+aug"), ("relu", "elu", "selu")

Rows = list[dict[str, Any]]


@st.composite
def studies(draw: st.DrawFn) -> Rows:
    """Two networks of two conditions, of which some runs are missing."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    num_seeds = draw(st.integers(2, 5))
    keep = draw(st.floats(0.6, 1.0, allow_subnormal=False))
    rows = []
    for model in NETWORKS:
        for regularization in REGULARIZATIONS:
            for activation in ACTIVATIONS:
                for seed in range(num_seeds):
                    value = 70 + generator.normal(0, 1)
                    if generator.random() <= keep:
                        rows.append(row(model, regularization, activation, seed, value))
    names = {(r["model"], r["regularization"], r["activation"]) for r in rows}
    missing = [
        row(m, r, a, 0, 70 + generator.normal(0, 1))
        for m in NETWORKS
        for r in REGULARIZATIONS
        for a in ACTIVATIONS
        if (m, r, a) not in names
    ]
    return rows + missing


def row(
    model: str, regularization: str, activation: str, seed: int, value: float
) -> dict[str, Any]:
    names = {"model": model, "regularization": regularization, "activation": activation}
    return {"dataset": "cifar10", **names, "seed": seed, "test_accuracy": value}


def changed(rows: Rows, *, by: float, **where: Any) -> Rows:
    """The rows with a constant added to those at some levels."""
    return [
        {**r, "test_accuracy": r["test_accuracy"] + by * all(r[k] == v for k, v in where.items())}
        for r in rows
    ]


def differences(model: Model, network: str) -> dict[tuple[str, ...], Estimate]:
    """All pairs of one network, and how they change by augmentation."""
    found = {}
    for a, b in combinations(ACTIVATIONS, 2):
        each = []
        for r in REGULARIZATIONS:
            weights: dict[Cell, float] = {
                ("cifar10", network, r, a): 1.0,
                ("cifar10", network, r, b): -1.0,
            }
            each.append(weights)
            found[r, a, b] = model.contrast(weights)
        change = {**each[0], **{cell: -weight for cell, weight in each[1].items()}}
        found["change", a, b] = model.contrast(change)
    return found


def are_the_same(first: Estimate, second: Estimate) -> bool:
    numbers = [(e.value, e.standard_error, e.df) for e in (first, second)]
    return bool(np.allclose(*numbers, rtol=1e-7, atol=1e-9, equal_nan=True))


def num_shared(rows: Rows, network: str, regularization: str, a: str, b: str) -> int:
    """Seeds that two levels share in a condition."""
    seeds = (
        {
            r["seed"]
            for r in rows
            if (r["model"], r["regularization"], r["activation"])
            == (network, regularization, level)
        }
        for level in (a, b)
    )
    return len(set.intersection(*seeds))


@settings(deadline=None, max_examples=60)
@given(studies(), st.integers(0, 4), st.floats(-9, 9, allow_subnormal=False))
def test_what_is_added_to_a_seed_within_a_condition_changes_no_paired_difference(
    rows: Rows, seed: int, by: float
) -> None:
    lifted = changed(rows, by=by, model="vgg16", regularization="bn", seed=seed)
    before, after = (differences(fit_model(observe(r)), "vgg16") for r in (rows, lifted))
    for (where, *pair), found in before.items():
        parts = REGULARIZATIONS if where == "change" else (where,)
        if all(num_shared(rows, "vgg16", part, *pair) >= 2 for part in parts):
            assert are_the_same(found, after[where, *pair])


@settings(deadline=None, max_examples=30)
@given(studies(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows: Rows, random: Any) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    for network in NETWORKS:
        before, after = (differences(fit_model(observe(r)), network) for r in (rows, shuffled))
        assert all(are_the_same(before[key], after[key]) for key in before)


@settings(deadline=None, max_examples=30)
@given(studies(), st.floats(0.1, 20, allow_subnormal=False), st.integers(0, 2**32 - 1))
def test_one_networks_runs_never_change_anothers_intervals(
    rows: Rows, scale: float, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    other = [
        {
            **r,
            "test_accuracy": float(
                np.clip(r["test_accuracy"] + generator.normal(0, scale), 0, 100)
            ),
        }
        if r["model"] == "vgg16"
        else r
        for r in rows
        if r["model"] != "vgg16" or generator.random() > 0.2
    ]
    before, after = (differences(fit_model(observe(r)), "mlp") for r in (rows, other))
    assert all(are_the_same(before[key], after[key]) for key in before)


@settings(deadline=None, max_examples=30)
@given(studies(), st.floats(-20, 20, allow_subnormal=False))
def test_a_constant_moves_means_and_no_difference(rows: Rows, by: float) -> None:
    before, after = (fit_model(observe(r)) for r in (rows, changed(rows, by=by)))
    for network in NETWORKS:
        first, second = (differences(model, network) for model in (before, after))
        assert all(are_the_same(first[key], second[key]) for key in first)
    for cell in before.cells:
        assert after.mean(cell).value == pytest.approx(before.mean(cell).value + by)
        if before.mean(cell).is_testable:
            assert after.mean(cell).standard_error == pytest.approx(
                before.mean(cell).standard_error
            )


@settings(deadline=None, max_examples=30)
@given(studies(), st.floats(0.1, 1.3, allow_subnormal=False))
def test_a_factor_multiplies_estimates_and_errors_alike(rows: Rows, factor: float) -> None:
    scaled = [{**r, "test_accuracy": r["test_accuracy"] * factor} for r in rows]
    before, after = (differences(fit_model(observe(r)), "mlp") for r in (rows, scaled))
    for key, found in before.items():
        numbers = found.value * factor, found.standard_error * factor, found.df
        other = after[key].value, after[key].standard_error, after[key].df
        assert np.allclose(numbers, other, rtol=1e-7, atol=1e-9, equal_nan=True)


@settings(deadline=None, max_examples=30)
@given(studies(), st.integers(0, 2**32 - 1))
def test_contrasts_add_up_and_turn_around(rows: Rows, seed: int) -> None:
    # With missing runs differences add up where seeds pair all of them; turned ones always agree.
    model = fit_model(observe(rows))
    cells = [("cifar10", "mlp", "bn", a) for a in ACTIVATIONS]
    pairs = [model.contrast({a: 1.0, b: -1.0}) for a, b in combinations(cells, 2)]
    back = [model.contrast({a: -1.0, b: 1.0}) for a, b in combinations(cells, 2)]
    for found, turned in zip(pairs, back, strict=True):
        assert are_the_same(
            found, Estimate("", -turned.value, turned.standard_error, turned.df, "")
        )
    names = combinations(ACTIVATIONS, 2)
    if all(num_shared(rows, "mlp", "bn", *pair) >= 2 for pair in names):
        first, whole, second = pairs
        assert whole.value == pytest.approx(first.value + second.value, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(studies())
def test_the_parts_of_the_sums_of_squares_are_those_of_the_cells(rows: Rows) -> None:
    for stratum, network in zip(fit_model(observe(rows)).strata, NETWORKS, strict=True):
        cells: dict[tuple[str, str], list[float]] = {}
        for r in rows:
            if r["model"] == network:
                key = r["regularization"], r["activation"]
                cells.setdefault(key, []).append(r["test_accuracy"])
        inside = sum(float(np.var(values)) * len(values) for values in cells.values())
        assert stratum.ss_within + stratum.ss_block == pytest.approx(inside, abs=1e-9)
        assert stratum.df_within + stratum.df_block == sum(len(v) - 1 for v in cells.values())
