"""Tables of users' own trainings: where their settings and numbers stand, and what they hold."""

from collections.abc import Callable
from pathlib import Path

from actwise.spec import PlannedRun
from actwise.store import RunStore
from actwise.store.exchange import export_table
from made.tasks import fill_task_store, task_plan, task_study

Value = tuple[float | None, ...]


def by_seed(*values: Value) -> Callable[[PlannedRun], dict[str, Value]]:
    """Numbers ``accuracy`` of the runs at seeds 0, 1 and so on."""
    return lambda run: {"accuracy": values[run.spec.seed]}


def test_numbers_stand_before_the_accuracies_and_settings_before_the_status(
    tmp_path: Path,
) -> None:
    study = task_study(
        seeds="0",
        task={"settings": {"depth": 2}},
        factors={"activation": ["relu"], "rate": [0.5, 0.25]},
    )
    values = {"accuracy": (1.0, 4.0), "status": (7.0, 8.0)}
    fill_task_store(tmp_path / "store", study, lambda run: values, num_epochs=2)
    with RunStore.open(tmp_path / "store") as store:
        runs, epochs = export_table(store, "runs"), export_table(store, "epochs")
        chosen = export_table(store, "runs", where=["rate=0.25"])
        also = export_table(store, "runs", where=["task.rate=0.25"])
    names = runs.column_names
    at = names.index("status")
    assert names[at - 1] == "task.rate"
    assert names[at + 1 : at + 4] == ["accuracy", "metric.status", "test_accuracy"]
    assert "task.depth" not in names
    assert runs["task.rate"].to_pylist() == [0.5, 0.25]
    assert runs["accuracy"].to_pylist() == [4.0, 4.0]
    assert epochs.column_names[-2:] == ["accuracy", "metric.status"]
    assert epochs["accuracy"].to_pylist() == [1.0, 4.0] * 2
    assert epochs["metric.status"].to_pylist() == [7.0, 8.0] * 2
    assert chosen.equals(also) and chosen["task.rate"].to_pylist() == [0.25]


def test_settings_in_which_studies_differ_are_columns_and_others_are_not(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    for name, depth in (("shallow", 1), ("deep", 9)):
        settings = {"depth": depth, "same": "x"}
        study = task_study(name=name, seeds="0", task={"settings": settings})
        fill_task_store(folder, study, lambda run: {"accuracy": (1.0,)})
    with RunStore.open(folder) as store:
        table = export_table(store, "runs")
        alone = export_table(store, "runs", study="deep")
    assert table["task.depth"].to_pylist() == [9, 9, 1, 1]
    assert [name for name in table.column_names if name.startswith("task.")] == ["task.depth"]
    assert not any(name.startswith("task.") for name in alone.column_names)


def test_a_setting_of_several_kinds_is_a_column_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    for name, size in (("a", 1), ("b", "big"), ("c", None)):
        settings = {} if size is None else {"size": size}
        study = task_study(
            name=name, seeds="0", task={"settings": settings}, factors={"activation": ["relu"]}
        )
        fill_task_store(folder, study, lambda run: {"accuracy": (1.0,)})
    with RunStore.open(folder) as store:
        assert export_table(store, "runs")["task.size"].to_pylist() == ["1", "big", None]


def test_runs_without_a_number_have_an_empty_cell(tmp_path: Path) -> None:
    study = task_study(seeds="0..1", factors={"activation": ["relu"]})

    def values(run: PlannedRun) -> dict[str, Value]:
        return {"loss": (3.0, 2.0)} if run.spec.seed else {"accuracy": (1.0, None)}

    fill_task_store(tmp_path / "store", study, values, num_epochs=2)
    with RunStore.open(tmp_path / "store") as store:
        runs, epochs = export_table(store, "runs"), export_table(store, "epochs")
    assert runs.select(["seed", "accuracy", "loss"]).to_pylist() == [
        {"seed": 0, "accuracy": None, "loss": None},
        {"seed": 1, "accuracy": None, "loss": 2.0},
    ]
    assert epochs["accuracy"].to_pylist() == [1.0, None, None, None]
    assert epochs["loss"].to_pylist() == [None, None, 3.0, 2.0]


def test_curves_are_summed_over_runs_with_a_number(tmp_path: Path) -> None:
    study = task_study(seeds="0..2", factors={"activation": ["relu"]})
    curves = by_seed((10.0, 20.0), (30.0, None), (50.0, 60.0, 70.0))
    fill_task_store(tmp_path / "store", study, curves)
    with RunStore.open(tmp_path / "store") as store:
        points = store.snapshot().curves
    response = study.task and study.task.response
    first = points[0].run_id
    assert [tuple(point) for point in points] == [
        (first, response, 1, 3, 90.0),
        (first, response, 2, 2, 80.0),
        (first, response, 3, 1, 70.0),
    ]
    assert first in {run.run_id for run in task_plan(study)}


def test_a_single_number_of_each_run_is_no_curve(tmp_path: Path) -> None:
    study = task_study(seeds="0..2")
    fill_task_store(tmp_path / "store", study, by_seed((10.0,), (20.0,), (30.0,)))
    with RunStore.open(tmp_path / "store") as store:
        assert store.snapshot().curves == ()


def test_an_epoch_without_any_number_is_no_point(tmp_path: Path) -> None:
    study = task_study(seeds="0", factors={"activation": ["relu", "elu"]})
    fill_task_store(tmp_path / "store", study, by_seed((None, 20.0)))
    with RunStore.open(tmp_path / "store") as store:
        points = store.snapshot().curves
    assert [(p.epoch, p.num_runs, p.total) for p in points] == [(2, 1, 20.0)] * 2
    assert len({p.run_id for p in points}) == 2
