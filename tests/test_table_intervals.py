"""Intervals of means: they hold the mean that is shown, and no value that cannot be."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

import actwise as aw
from actwise.analysis import Table
from actwise.analysis.distributions import t_quantile
from actwise.analysis.reading import Selection, runs_of
from actwise.analysis.table_intervals import with_intervals
from actwise.report.wording import notes
from actwise.store import RunStore
from made.runs import leased, made_plan, made_record, made_study

ACCURACIES = {"relu": (70.0, 71.0, 75.0), "elu": (72.0, 73.5, 77.0), "prelu": (80.0, 81.0, None)}


def made_table(folder: Path, accuracies: Mapping[str, tuple[float | None, ...]]) -> Table:
    """The table of a store with these accuracies by seed; None has no result yet."""
    study = made_study(activation=tuple(accuracies), seeds="0..2")
    with RunStore.open(folder / "store", create=True) as store:
        planned = made_plan(study)
        store.add_study(study, planned)
        for run in planned:
            value = accuracies[run.spec.activation][run.spec.seed]
            if value is not None:
                claim = leased(store, run.run_id)
                store.record(claim, made_record(run.run_id, test_accuracy=value))
        found = runs_of(store.snapshot(), Selection())
    return with_intervals(found.table, found.observed)


def test_the_interval_of_an_unfinished_cell_is_that_of_the_mean_beside_it(tmp_path: Path) -> None:
    # Seed 2 is 4 points above the others: adjusted for seeds, prelu's mean is near 82.
    cells = made_table(tmp_path, ACCURACIES).cells
    for cell in cells:
        assert cell.mean is not None and cell.interval is not None
        lower, upper = cell.interval
        assert (lower + upper) / 2 == pytest.approx(cell.mean)
    assert cells[2].mean == 80.5


def test_fewer_runs_give_a_wider_interval(tmp_path: Path) -> None:
    widths = [
        c.interval[1] - c.interval[0] for c in made_table(tmp_path, ACCURACIES).cells if c.interval
    ]
    assert widths[0] == pytest.approx(widths[1])
    assert widths[2] == pytest.approx(widths[0] * math.sqrt(3 / 2))


def test_a_cell_that_no_seed_joins_to_the_others_has_no_interval(tmp_path: Path) -> None:
    values = {
        "relu": (70.0, 71.0, None),
        "elu": (None, None, 75.0),
    }
    (first, second) = made_table(tmp_path, values).cells
    assert second.interval is None
    half = t_quantile(0.975, 1) * math.sqrt(0.5)
    assert first.interval == pytest.approx((70.5 - half / math.sqrt(2), 70.5 + half / math.sqrt(2)))


def test_the_table_says_what_its_intervals_rest_on_or_why_there_are_none(tmp_path: Path) -> None:
    known = made_table(tmp_path / "known", ACCURACIES)
    assert "(residual variance pooled per data set, seeds as blocks)" in " ".join(notes(known))
    # Beside the seeds' effects one replicated cell leaves no degrees of freedom.
    lonely = {"relu": (70.0, 71.0, 75.0), "elu": (72.0, None, None)}
    unknown = made_table(tmp_path / "unknown", lonely)
    assert all(cell.interval is None for cell in unknown.cells)
    assert "Without intervals: these runs do not tell" in " ".join(notes(unknown))
    assert "ntervals" not in " ".join(notes(replace(unknown, error=None)))


def test_an_interval_ends_where_a_percentage_ends(tmp_path: Path) -> None:
    near = {
        "relu": (99.0, 99.9, 98.0),
        "elu": (0.1, 2.0, 1.0),
    }
    intervals = [cell.interval for cell in made_table(tmp_path, near).cells]
    assert all(found and 0.0 <= found[0] < found[1] <= 100.0 for found in intervals)
    analysed = aw.analyze(str(tmp_path / "store")).to_json()
    for cell in (*analysed["cells"], *analysed["margins"]):
        assert 0.0 <= cell["lower"] < cell["upper"] <= 100.0


def test_what_is_no_percentage_is_not_cut() -> None:
    rows = [
        {"activation": name, "seed": seed, "nats": value + seed * 90.0}
        for name, value in (("relu", 95.0), ("elu", 98.0))
        for seed in range(3)
    ]
    for row in rows:
        row |= {"dataset": "d", "model": "m", "regularization": "r"}
    values = aw.analyze(rows, response="nats").to_json()
    assert all(cell["upper"] > 100.0 for cell in values["cells"])
