"""Outlying runs, and what hangs on a single seed."""

import numpy as np
import pytest

from actwise.analysis.checks import outlier_runs, without_each_seed
from actwise.analysis.differences import all_pairs
from actwise.analysis.model import fit_model
from actwise.analysis.table import Observations
from made.cases import case
from made.studies import made_rows, made_study

LEVELS = {
    "dataset": ("cifar10",),
    "model": ("vgg16", "resnet18"),
    "activation": ("relu", "prelu", "elu"),
}


def observed(rows: list[dict[str, object]]) -> Observations:
    return Observations.from_rows(rows, factors=tuple(LEVELS))


def test_an_outlier_is_flagged_with_its_seed_and_not_removed() -> None:
    rows = made_rows(seeds=12, generator=np.random.default_rng(1), levels=LEVELS)
    rows[4]["test_accuracy"] -= 3.0
    model = fit_model(observed(rows))
    (outlier,) = outlier_runs(model)
    assert (outlier.cell, outlier.seed) == (("cifar10", "vgg16", "relu"), "4")
    assert outlier.deviations < -3.5
    # Its level and its seed take part of it; the robust deviation does not see it.
    assert -3.0 < outlier.residual < -1.0
    assert model.observed.num_runs == len(rows)


def test_the_deviation_is_that_of_the_own_stratum() -> None:
    """What is far out in a quiet network is nothing in a noisy one."""
    rows = made_rows(seeds=12, generator=np.random.default_rng(1), levels=LEVELS)
    for row in rows:
        if row["model"] == "vgg16":
            row["test_accuracy"] = 80 + 8 * (row["test_accuracy"] - 80)
    rows[4]["test_accuracy"] += 3.0
    rows[-1]["test_accuracy"] += 3.0
    (outlier,) = outlier_runs(fit_model(observed(rows)))
    assert outlier.cell == ("cifar10", "resnet18", "elu")


def test_outliers_are_judged_from_twenty_degrees_of_freedom_on() -> None:
    rows = made_rows(seeds=10, generator=np.random.default_rng(1), levels=LEVELS)
    rows[2]["test_accuracy"] -= 50.0
    assert outlier_runs(fit_model(observed(rows))) == ()
    more = made_rows(seeds=11, generator=np.random.default_rng(1), levels=LEVELS)
    more[2]["test_accuracy"] -= 50.0
    assert {row.seed for row in outlier_runs(fit_model(observed(more)))} == {"2"}


def test_runs_without_seeds_are_held_against_their_cell() -> None:
    rows = made_rows(seeds=12, generator=np.random.default_rng(2), levels=LEVELS)
    rows[5]["test_accuracy"] += 4.0
    runs = Observations.from_rows(rows, factors=tuple(LEVELS), seed=None)
    (outlier,) = outlier_runs(fit_model(runs))
    assert (outlier.seed, outlier.cell) == (None, ("cifar10", "vgg16", "relu"))


def test_runs_that_all_agree_have_no_outlier() -> None:
    flat = made_study(seeds=12, generator=np.random.default_rng(2), sd=0.0, levels=LEVELS)
    assert outlier_runs(fit_model(flat)) == ()


def two_levels(first: tuple[float, ...], second: tuple[float, ...]) -> Observations:
    rows = [
        {"dataset": "cifar10", "activation": level, "seed": seed, "test_accuracy": value}
        for level, values in (("relu", first), ("elu", second))
        for seed, value in enumerate(values)
    ]
    return Observations.from_rows(rows, factors=("dataset", "activation"))


def test_a_lead_that_hangs_on_one_seed_is_told() -> None:
    """ELU leads by seed 2 alone."""
    runs = two_levels((80.0, 80.1, 80.2, 80.0), (79.9, 80.0, 81.5, 79.8))
    found = {row.seed: row for row in without_each_seed(fit_model(runs))}
    assert list(found) == ["0", "1", "2", "3"]
    assert [seed for seed, row in found.items() if row.leaders] == ["2"]
    assert found["2"].leaders == ((("dataset", "cifar10"),),)


def test_a_verdict_is_judged_again_with_the_error_of_all_runs() -> None:
    """Without seed 0 the difference falls from 2.1 to .7 points, with an error of .5."""
    runs = two_levels((74.0, 79.0, 79.4, 79.2), (80.4, 79.9, 79.8, 80.0))
    model = fit_model(runs)
    (pair,) = pairs = all_pairs(model, margin=0.01)
    estimate = pair.judged.estimate
    rows = without_each_seed(model, pairs)
    for row in rows:
        kept = [seed for seed in range(4) if str(seed) != row.seed]
        values = np.array([74.0 - 80.4, 79.0 - 79.9, 79.4 - 79.8, 79.2 - 80.0])[kept]
        statistic = abs(values.mean()) / estimate.standard_error
        is_significant = statistic > 3.1824  # t(.975; 3)
        expected = "worse" if is_significant else "undecided"
        assert [change.verdict for change in row.verdicts] == (
            [expected] if expected != pair.judged.verdict else []
        )


def test_a_study_without_differences_between_seeds_changes_nowhere() -> None:
    runs = made_study(
        seeds=5,
        generator=np.random.default_rng(0),
        truth=lambda cell: (
            80.0 + 3 * (cell["activation"] == "elu") - (cell["activation"] == "relu")
        ),
        levels=LEVELS,
    )
    model = fit_model(runs)
    found = without_each_seed(model, all_pairs(model))
    assert len(found) == 5
    assert not any(row.leaders or row.verdicts for row in found)


def test_a_missing_run_leaves_the_pairing_of_the_others() -> None:
    """Seeds differ by whole points, ELU by .2 at each of them."""
    first, second = (80.0, 83.0, 77.0, 81.0), (80.21, 83.2, 77.19, 81.2)
    rows = [
        {"dataset": "cifar10", "activation": level, "seed": seed, "test_accuracy": value}
        for level, values in (("relu", first), ("elu", second))
        for seed, value in enumerate(values)
        if (level, seed) != ("elu", 1)
    ]
    runs = Observations.from_rows(rows, factors=("dataset", "activation"))
    found = without_each_seed(fit_model(runs))
    assert len(found) == 4
    assert not any(row.leaders for row in found)


def test_below_three_seeds_and_without_any_nothing_is_left_out() -> None:
    generator = np.random.default_rng(0)
    assert without_each_seed(fit_model(made_study(seeds=2, generator=generator))) == ()
    rows = made_rows(seeds=5, generator=generator, levels=LEVELS)
    unpaired = Observations.from_rows(rows, factors=tuple(LEVELS), seed=None)
    assert without_each_seed(fit_model(unpaired)) == ()


def test_the_only_run_of_a_level_is_never_left_out() -> None:
    rows = made_rows(seeds=3, generator=np.random.default_rng(3), levels=LEVELS)
    rows = [r for r in rows if (r["model"], r["activation"]) != ("vgg16", "elu") or r["seed"] == 1]
    model = fit_model(observed(rows))
    assert [row.seed for row in without_each_seed(model, all_pairs(model))] == ["0", "1", "2"]


@pytest.mark.parametrize("name", ["split_plot", "crossover", "one_run_at_chance"])
def test_verdicts_of_all_seeds_together_are_the_printed_ones(name: str) -> None:
    """Judging again with nothing left out changes nothing."""
    model = fit_model(case(name))
    pairs = all_pairs(model)
    rows = without_each_seed(model, pairs)
    by_pair = {(pair.condition, pair.a, pair.b): pair.judged.verdict for pair in pairs}
    for row in rows:
        for change in row.verdicts:
            assert change.verdict != by_pair[change.condition, change.a, change.b]
