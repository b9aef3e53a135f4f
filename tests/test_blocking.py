"""Seeds are blocks by plan: how far the runs have come does not matter."""

from typing import Any

import pytest

from actwise.analysis.reading import Selection, read_table_rows
from actwise.analysis.table import Observations, joined, seeds_cross


def row(activation: str, seed: int, status: str = "finished", **changes: Any) -> dict[str, Any]:
    value = 80.0 + seed if status == "finished" else None
    return {"activation": activation, "seed": seed, "status": status, "test_accuracy": value} | (
        changes
    )


def test_a_plan_is_crossed_where_every_cell_has_every_seed_of_its_data_set() -> None:
    plan = [("cifar10", cell, seed) for cell in "ab" for seed in (0, 1)]
    assert seeds_cross(plan)
    assert seeds_cross([*plan, ("cifar100", "a", 7)])
    assert not seeds_cross([*plan, ("cifar10", "a", 2)])
    assert seeds_cross([])


@pytest.mark.parametrize("status", ["failed", "diverged"])
def test_a_run_without_a_result_does_not_unblock_the_seeds(status: str) -> None:
    rows = [row(name, seed) for name in ("relu", "elu") for seed in range(3)]
    rows[4] = row("elu", 1, status)
    source = read_table_rows(rows, Selection())
    assert source.observed is not None
    assert source.observed.blocked is True


def test_rows_that_are_not_crossed_are_not_blocked() -> None:
    rows = [row(name, seed) for name in ("relu", "elu") for seed in range(3)]
    source = read_table_rows(rows[:-1], Selection())
    assert source.observed is not None
    assert source.observed.blocked is False


def test_cells_that_no_seed_joins_are_left_out_by_name() -> None:
    rows = [row("relu", 0), row("elu", 0), row("relu", 1, "failed"), row("elu", 1), row("prelu", 2)]
    observed = Observations.from_rows(
        [entry for entry in rows if entry["status"] == "finished"],
        factors=("activation",),
        blocked=True,
    )
    kept, left_out = joined(observed)
    assert left_out == (("prelu",),)
    assert kept.cells == (("relu",), ("elu",))
    everything = joined(Observations.from_rows(rows[:2], factors=("activation",), blocked=True))
    assert everything[1] == ()


def test_the_flow_names_the_cells_that_cannot_be_compared() -> None:
    rows = [row(name, seed) for name in ("relu", "elu", "prelu") for seed in range(2)]
    rows[1], rows[3] = row("relu", 1, "failed"), row("elu", 1, "failed")  # relu, elu at seed 0
    rows[4] = row("prelu", 0, "failed")  # prelu at seed 1
    source = read_table_rows(rows, Selection())
    assert source.observed is not None
    assert source.observed.cells == (("relu",), ("elu",))
    assert source.flow["excluded"] == 1
    assert source.excluded[-1].endswith("left out: prelu")
