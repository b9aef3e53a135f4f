"""What short races would have told: judged by other seeds than those that picked."""

from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.findings import short_races
from benchmarks.findings.short_races import Race

ACTIVATIONS = ("elu", "mish", "relu")
SHORT, FULL = Race(3, 2500), Race(27, 10000)


def made_run(race: Race, seed: int, activation: str, *, validation: float, test: float) -> Any:
    return {
        "dataset": "cifar10",
        "model": "convnet",
        "width": 1.0,
        "train.epochs": race.epochs,
        "train.train_size": race.images,
        "regularization": "bn",
        "seed": seed,
        "activation": activation,
        "validation_accuracy": validation,
        "test_accuracy": test,
    }


def made_rows(
    short: dict[int, tuple[float, ...]],
    full: dict[int, tuple[float, ...]],
    *,
    picked_by: dict[int, tuple[float, ...]] | None = None,
) -> Any:
    """Accuracies by seed, in the order of ACTIVATIONS.

    Validation accuracies of the short race; test accuracies of the full one, whose validation
    accuracies are ``picked_by``, by default the other way round. The short race's test accuracies
    must not matter, nor how large any validation accuracy is.
    """
    backwards = {seed: tuple(-value for value in values) for seed, values in full.items()}
    parts = ((SHORT, short, short), (FULL, picked_by or backwards, full))
    return [
        made_run(race, seed, activation, validation=validation, test=test if race == FULL else 1e9)
        for race, validations, tests in parts
        for seed, values in tests.items()
        for activation, validation, test in zip(ACTIVATIONS, validations[seed], values, strict=True)
    ]


def test_a_pick_is_judged_by_the_other_seeds_alone() -> None:
    # At seed 0 elu is best in full by luck; at the others it is the worst.
    full = {0: (99.0, 50.0, 50.0), 1: (60.0, 62.0, 70.0), 2: (62.0, 64.0, 68.0)}
    picks = list(short_races.picks_of(made_rows({}, full, picked_by=full), FULL, FULL))
    assert picks[0][:3] == ("elu", 69.0 - 61.0, 61.0 - 69.0)
    # By the other seeds' mean elu leads: (99 + 62) / 2 against (50 + 68) / 2.
    assert picks[1][:3] == ("relu", 80.5 - 59.0, 0.0)


def test_a_race_that_orders_as_the_full_training_does_is_followed_without_regret() -> None:
    order = (70.0, 65.0, 60.0)
    rows = made_rows(dict.fromkeys(range(3), (40.0, 35.0, 30.0)), dict.fromkeys(range(3), order))
    for pick in short_races.picks_of(rows, SHORT, FULL):
        assert pick == ("elu", 0.0, 10.0, pytest.approx(1.0))


def test_the_table_says_every_race_with_its_work_and_every_fixed_choice() -> None:
    order = (70.0, 65.0, 60.0)
    rows = made_rows(dict.fromkeys(range(2), (30.0, 35.0, 40.0)), dict.fromkeys(range(2), order))
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in short_races.table(rows).splitlines()[2:]
    ]
    assert cells == [
        ["3 epochs, 2500 images", "3 %", "-1.00", "relu 2", "10.00", "0.00"],
        ["27 epochs, 10000 images", "100 %", "-1.00", "relu 2", "10.00", "0.00"],
        ["always elu", "none", "", "", "0.00", "+10.00"],
        ["always mish", "none", "", "", "5.00", "+5.00"],
        ["always relu", "none", "", "", "10.00", "0.00"],
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: [row for row in rows if row["seed"] == 0], "two seeds"),
        (lambda rows: [*rows, {**rows[0], "model": "mlp"}], "one network"),
        (lambda rows: rows[1:], "missing"),
        (lambda rows: [{"dataset": row["dataset"]} for row in rows], "must vary train.epochs"),
        (
            lambda rows: [row for row in rows if row["seed"] or row["activation"] != "elu"],
            "missing",
        ),
        (
            lambda rows: [
                {**row, "train.train_size": 12500 - row["train.train_size"]} for row in rows
            ],
            "no run trains 27 epochs on 10000",
        ),
    ],
)
def test_runs_that_would_mislead_are_refused(
    change: Callable[[list[Any]], list[Any]], message: str
) -> None:
    order = dict.fromkeys(range(2), (70.0, 65.0, 60.0))
    with pytest.raises(ValueError, match=message):
        short_races.table(change(made_rows(order, order)))
