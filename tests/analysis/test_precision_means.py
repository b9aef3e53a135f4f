"""Intervals of means: they hold the mean that is shown, and no value that cannot be."""

import math
from collections.abc import Mapping

import pytest

from actwise.analysis.model import Estimate
from actwise.analysis.model.distributions import t_quantile
from actwise.analysis.precision import interval_within, possible_range, with_intervals
from actwise.analysis.table import Observations, Table, make_table
from made.rows import made_line, made_row

ACCURACIES = {"relu": (70.0, 71.0, 75.0), "elu": (72.0, 73.5, 77.0), "prelu": (80.0, 81.0, None)}


def tabled(accuracies: Mapping[str, tuple[float | None, ...]]) -> Table:
    """The table of these accuracies by seed, with intervals; None has no result yet."""
    runs = [
        (f"{level}-{seed}", level, seed, value)
        for level, values in accuracies.items()
        for seed, value in enumerate(values)
    ]
    done = [run for run in runs if run[3] is not None]
    rows = [made_row(name, accuracy=v, activation=a, seed=s) for name, a, s, v in done]
    planned = [made_line(name, seed=s, activation=a) for name, a, s, _ in runs]
    observed = Observations.from_rows(
        [
            {"dataset": "digits", "activation": a, "seed": s, "test_accuracy": v}
            for _, a, s, v in done
        ],
        factors=("dataset", "activation"),
    )
    return with_intervals(make_table(rows, planned), observed)


def test_the_interval_of_an_unfinished_cell_is_that_of_the_mean_beside_it() -> None:
    # Seed 2 is 4 points above the others: adjusted for seeds, prelu's mean is near 82.
    cells = tabled(ACCURACIES).cells
    for cell in cells:
        assert cell.mean is not None and cell.interval is not None
        assert sum(cell.interval) / 2 == pytest.approx(cell.mean)
    assert cells[2].mean == 80.5


def test_fewer_runs_give_a_wider_interval() -> None:
    widths = [c.interval[1] - c.interval[0] for c in tabled(ACCURACIES).cells if c.interval]
    assert widths[0] == pytest.approx(widths[1])
    assert widths[2] == pytest.approx(widths[0] * math.sqrt(3 / 2))


def test_a_single_run_has_the_error_of_the_runs_it_shares_a_variance_with() -> None:
    first, second = tabled({"relu": (70.0, 71.0, None), "elu": (None, None, 75.0)}).cells
    half = t_quantile(0.975, 1) * math.sqrt(0.5)
    assert first.interval == pytest.approx((70.5 - half / math.sqrt(2), 70.5 + half / math.sqrt(2)))
    assert second.interval == pytest.approx((75.0 - half, 75.0 + half))


def test_the_table_says_what_its_intervals_rest_on() -> None:
    assert tabled(ACCURACIES).error == "total error"
    assert tabled({"relu": (70.0,), "elu": (72.0,)}).error == ""
    assert all(cell.interval is None for cell in tabled({"relu": (70.0,), "elu": (72.0,)}).cells)


def test_an_interval_ends_where_a_percentage_ends() -> None:
    near = {"relu": (99.0, 99.9, 98.0), "elu": (0.1, 2.0, 1.0)}
    intervals = [cell.interval for cell in tabled(near).cells]
    assert all(found and 0.0 <= found[0] < found[1] <= 100.0 for found in intervals)


def test_what_is_no_percentage_is_not_cut() -> None:
    rows = [
        {"activation": name, "nats": 95.0 + seed} for name in ("relu", "elu") for seed in (0, 9)
    ]
    limits = possible_range(Observations.from_rows(rows, factors=("activation",), response="nats"))
    assert interval_within(Estimate("", 95.0, 10.0, 4.0, ""), limits)[1] > 100.0
    assert math.isnan(interval_within(Estimate("", 95.0, math.nan, 0.0, ""), (0.0, 100.0))[0])
