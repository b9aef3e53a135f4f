"""Cells of a table: what is averaged, what is counted, what tells cells apart."""

from pathlib import Path
from typing import Any

import pytest

from actwise.analysis.table import Table, TableCell, make_table, select_planned
from actwise.errors import SpecError
from actwise.store import RunStore
from actwise.store.exchange import export_table
from made.rows import made_line, made_row
from made.runs import finish, made_plan, made_study


def only_cell(table: Table) -> TableCell:
    (cell,) = table.cells
    return cell


def test_a_cell_has_the_mean_and_the_sample_deviation_over_seeds() -> None:
    rows = [made_row(str(s), seed=s, accuracy=a) for s, a in enumerate((90.0, 91.0, 95.0))]
    table = make_table(rows)
    cell = only_cell(table)
    assert cell.mean == pytest.approx(92.0)
    assert cell.sd == pytest.approx(7.0**0.5)
    assert (cell.num_finished, table.seeds) == (3, (0, 1, 2))


def test_a_single_run_has_no_deviation() -> None:
    cell = only_cell(make_table([made_row("a")]))
    assert (cell.mean, cell.sd) == (50.0, None)


def test_diverged_failed_and_missing_runs_are_counted_and_not_averaged() -> None:
    rows = [
        made_row("a", seed=0, accuracy=80.0),
        made_row("b", seed=1, accuracy=None, status="diverged"),
        made_row("c", seed=2, accuracy=None, status="failed"),
    ]
    planned = [made_line(name, seed=seed) for seed, name in enumerate("abcd")]
    cell = only_cell(make_table(rows, planned))
    assert cell.mean == 80.0
    counts = (cell.num_finished, cell.num_diverged, cell.num_failed, cell.num_missing)
    assert counts == (1, 1, 1, 1)
    assert cell.num_runs == 4


def test_outdated_rows_of_an_export_are_passed_over() -> None:
    rows = [
        made_row("a", seed=0, accuracy=80.0) | {"outdated": False},
        made_row("b", seed=1, accuracy=20.0) | {"outdated": True},
        made_row("c", seed=2, accuracy=90.0),
        made_row("d", activation="elu", study="old", environment="two") | {"outdated": True},
    ]
    table = make_table(rows)
    assert only_cell(table).values == (80.0, 90.0)
    assert (table.seeds, table.studies) == ((0, 2), ("made",))
    assert table.environments == {"one": (0, 2)}


def test_a_plan_without_results_gives_cells_without_a_mean() -> None:
    cell = only_cell(make_table([], [made_line("a"), made_line("b", seed=1)]))
    assert (cell.mean, cell.num_missing) == (None, 2)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"width": 0.5}, "width"),
        ({"train": {"epochs": 3}}, "train.epochs"),
        ({"train": {"train_size": 100}}, "train.train_size"),
        ({"train": {"schedule": "step", "step_milestones": [0.3]}}, "train.step_milestones"),
        ({"engine_version": 1}, "engine_version"),
    ],
)
def test_settings_that_differ_become_a_factor_and_are_never_averaged(
    changes: dict[str, Any], factor: str
) -> None:
    table = make_table([made_row("a", accuracy=10.0), made_row("b", accuracy=20.0, **changes)])
    assert [cell.mean for cell in table.cells] == [10.0, 20.0]
    assert factor in table.factors
    assert factor not in table.scope


def test_what_all_cells_share_is_the_scope() -> None:
    table = make_table([made_row("a", width=0.25), made_row("b", width=0.25, activation="elu")])
    assert table.scope["width"] == 0.25
    assert table.factors == ("dataset", "model", "regularization", "activation")
    assert table.levels["activation"] == ("relu", "elu")


def test_a_run_of_two_studies_counts_once() -> None:
    rows = [made_row("a", study="first"), made_row("a", study="second")]
    table = make_table(rows)
    assert only_cell(table).num_finished == 1
    assert table.studies == ("first", "second")


def test_aliased_labels_are_cells_of_their_own_and_marked() -> None:
    rows = [
        made_row("a", regularization="bn", aliased=True),
        made_row("a", regularization="bn+dropout", aliased=True),
        made_row("b", regularization="none"),
    ]
    assert [cell.is_aliased for cell in make_table(rows).cells] == [True, True, False]


def test_a_table_that_is_no_export_is_refused() -> None:
    with pytest.raises(SpecError, match="no column 'spec'"):
        make_table([{"activation": "relu"}])


def test_conditions_on_settings_choose_among_the_plan() -> None:
    planned = [made_line("a"), made_line("b", activation="elu"), made_line("c", seed=1)]
    assert select_planned(planned, []) == planned
    assert select_planned(planned, ["activation=elu"]) == planned[1:2]
    assert select_planned(planned, ["seed=1", "width=1"]) == planned[2:]
    assert select_planned(planned, ["train.epochs=200"]) == planned


def test_conditions_on_results_leave_nothing_of_the_plan() -> None:
    assert select_planned([made_line("a")], ["status=diverged"]) == []


def test_the_rows_and_the_plan_of_a_store_meet_in_the_same_cells(tmp_path: Path) -> None:
    with RunStore.open(tmp_path / "store", create=True) as store:
        study = made_study(seeds="0..2", train={"epochs": 3})
        plan = made_plan(study)
        store.add_study(study, plan)
        finish(store, plan[:4])
        table = make_table(export_table(store, "runs").to_pylist(), store.planned())
    assert len(table.cells) == 2
    assert sum(cell.num_finished for cell in table.cells) == 4
    assert sum(cell.num_missing for cell in table.cells) == 2
