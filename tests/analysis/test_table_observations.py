"""Rows as observations, and what a cell is besides its level of the compared factor."""

from typing import Any

import numpy as np
import pytest

from actwise.analysis.table import (
    Observations,
    at_largest_budget,
    cell_at,
    condition_of,
    network_of,
)
from actwise.analysis.table.conditions import stratum_of
from actwise.errors import DataError, UnknownNameError
from made.cases import case, case_rows, observe
from made.studies import at

ROWS: list[dict[str, Any]] = [
    {"dataset": "c10", "activation": "relu", "seed": 0, "test_accuracy": 90.0},
    {"dataset": "c10", "activation": "elu", "seed": 0, "test_accuracy": 91.0},
    {
        "dataset": "c10",
        "activation": "relu",
        "seed": 1,
        "test_accuracy": None,
        "status": "diverged",
    },
    {"dataset": "c10", "activation": "elu", "seed": 1, "test_accuracy": None, "status": "failed"},
]
FACTORS = ("dataset", "model", "train.epochs", "regularization", "activation")
CELL = ("cifar10", "vgg16", "6", "bn", "elu")


def observed(rows: list[dict[str, Any]] = ROWS) -> Observations:
    return Observations.from_rows(rows, factors=("dataset", "activation"))


def test_diverged_runs_are_rows_and_failed_ones_are_not() -> None:
    found = observed()
    assert found.num_runs == 3
    assert found.diverged_R.tolist() == [False, False, True]
    assert np.isnan(found.response_R[2])
    assert found.completed.num_runs == 2


def test_cells_follow_the_order_of_first_appearance() -> None:
    assert observed().cells == (("c10", "relu"), ("c10", "elu"))
    assert observed().run_cells.tolist() == [0, 1, 0]


def test_seed_zero_is_a_seed_and_an_empty_one_among_others_is_refused() -> None:
    assert observed().seeds_R is not None
    assert observed([{**row, "seed": ""} for row in ROWS]).seeds_R is None
    with pytest.raises(DataError, match="seed is empty"):
        observed([{**ROWS[0], "seed": ""}, ROWS[1]])


def test_a_seed_is_the_same_however_it_is_written() -> None:
    found = case("pair_float").seeds_R
    assert found is not None and set(found.tolist()) == {"0", "1", "2", "3"}
    rows = [{**row, "seed": f"0{row['seed']}"} for row in case_rows("pair")]
    assert observe(rows).seeds_R is not None
    padded = observe(rows).seeds_R
    assert padded is not None and set(padded.tolist()) == {"0", "1", "2", "3"}


def test_selecting_drops_levels_that_no_longer_occur() -> None:
    chosen = at(observed(), activation="elu")
    assert chosen.levels_of("activation") == ("elu",)
    assert chosen.cells == (("c10", "elu"),)


def test_a_factor_that_tells_no_cells_apart_can_be_left_out() -> None:
    found = observed().only(["activation"])
    assert (found.factors, found.cells) == (("activation",), (("relu",), ("elu",)))


def test_the_last_factor_is_compared_where_there_is_no_activation() -> None:
    assert observed().focus == "activation"
    rows = [{"depth": "20", "width": "1", "test_accuracy": 90.0}]
    assert Observations.from_rows(rows, factors=("depth", "width")).focus == "width"


def test_unknown_factors_are_named() -> None:
    with pytest.raises(UnknownNameError, match="no factor is named 'activaton'"):
        observed().only(["activaton"])


def test_what_is_no_number_or_no_column_is_refused() -> None:
    with pytest.raises(DataError, match="no column 'model'"):
        Observations.from_rows(ROWS, factors=("model", "activation"))
    with pytest.raises(DataError, match="test_accuracy='high' is not a finite number"):
        observed([{**ROWS[0], "test_accuracy": "high"}])


def test_a_table_without_rows_has_no_cells() -> None:
    empty = observed([])
    assert empty.num_runs == 0
    assert empty.cells == ()


@pytest.mark.parametrize("wrong", [-300.0, 850.0, 100.5])
def test_an_impossible_accuracy_among_percentages_is_refused(wrong: float) -> None:
    rows = [{"activation": "relu", "test_accuracy": value} for value in (80.0, 81.0, wrong)]
    with pytest.raises(DataError, match="is no accuracy in percent"):
        observe(rows)


@pytest.mark.parametrize("name", ["loss", "accuracy_drop"])
def test_what_is_no_accuracy_may_leave_the_percentages(name: str) -> None:
    rows = [{"activation": "relu", name: value} for value in (3.0, 4.0, -1.0)]
    found = Observations.from_rows(rows, factors=("activation",), response=name)
    assert found.response_R.tolist() == [3.0, 4.0, -1.0]


def test_accuracies_that_are_no_percentages_may_exceed_them() -> None:
    rows = [{"activation": "relu", "test_accuracy": value} for value in (900.0, 910.0, 80.0)]
    assert observe(rows).num_runs == 3


def test_a_condition_is_a_cell_without_its_level_and_back() -> None:
    condition = condition_of(FACTORS, CELL, focus="activation")
    assert condition == tuple(zip(FACTORS[:-1], CELL[:-1], strict=True))
    assert cell_at(FACTORS, condition, focus="activation", level="elu") == CELL
    other = (*CELL[:-1], "relu")
    assert condition_of(FACTORS, other, focus="activation") == condition


def test_a_network_has_conditions_that_differ_in_regularization_and_activation_alone() -> None:
    condition = condition_of(FACTORS, CELL, focus="activation")
    network = (("dataset", "cifar10"), ("model", "vgg16"), ("train.epochs", "6"))
    assert network_of(condition) == network
    assert network_of(condition_of(FACTORS, CELL, focus="model")) == (network[0], network[2])
    longer = (*network[:2], ("train.epochs", "27"))
    assert at_largest_budget([network, longer]) == [longer]


def test_a_stratum_is_a_network_unless_other_factors_are_named() -> None:
    condition = condition_of(FACTORS, CELL, focus="activation")
    runs = observed()
    assert stratum_of(condition, runs) == network_of(condition)
    by_epochs = Observations.from_rows(
        ROWS, factors=("dataset", "activation"), strata=("train.epochs", "regularization")
    )
    assert stratum_of(condition, by_epochs) == (("train.epochs", "6"), ("regularization", "bn"))
