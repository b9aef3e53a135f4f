"""``aw.runs``: one row a run, every setting a column."""

import math
from pathlib import Path

import pytest

import actwise as aw
from actwise.errors import SpecError, StoreError
from actwise.spec import TrainSpec
from actwise.store import RunStore
from made.runs import finish, made_plan, made_study
from made.tasks import fill_task_store, task_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("made") / "store"
    with RunStore.open(path, create=True) as store:
        for name, epochs in (("short", 2), ("long", 5)):
            study = made_study(name, train={"epochs": epochs})
            planned = made_plan(study)
            store.add_study(study, planned)
            finish(store, planned[:-1], test_accuracy=80.0 + epochs)
            finish(store, planned[-1:], status="diverged", test_accuracy=None, test_loss=math.inf)
    return path


def test_every_setting_is_a_column_and_what_is_not_finite_is_missing(folder: Path) -> None:
    found = aw.runs(folder)
    assert len(found) == len(found.to_frame()) == 8 and found[0] is found.rows[0]
    names = [*found[0]]
    assert {f"train.{field}" for field in TrainSpec.model_fields} <= {*names}
    assert names.index("dataset") < names.index("train.epochs") < names.index("test_accuracy")
    assert "spec" not in names
    assert {(row["study"], row["train.epochs"]) for row in found} == {("short", 2), ("long", 5)}
    (lost,) = {row["test_loss"] for row in found if row["status"] == "diverged"}
    assert lost is None


def test_its_frame_is_analysed_as_the_store_is(folder: Path) -> None:
    of_store, of_frame = aw.analyze(folder, study="long"), aw.runs(folder, study="long").to_frame()
    assert aw.analyze(of_frame).to_rows() == [
        {**row, "epochs": None, "train_seconds": None} for row in of_store.to_rows()
    ]


def test_rows_are_chosen_by_study_and_by_conditions(folder: Path) -> None:
    with RunStore.open(folder) as store:
        of_long = aw.runs(store, study="long", where=["activation=elu", "status=diverged"])
    assert [(row["study"], row["activation"], row["seed"]) for row in of_long] == [
        ("long", "elu", 1)
    ]
    assert len(aw.runs(folder, where=["seed=0"])) == len(aw.runs(folder, where="seed=0")) == 4
    assert "0 runs" in repr(aw.runs(folder, study="long", where=["status=failed"]))


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"where": ["activatoin=elu"]}, "did you mean activation"),
        ({"where": ["activation"]}, "FIELD=VALUE"),
        ({"study": "shorts"}, "did you mean short"),
    ],
)
def test_a_name_that_is_not_there_is_refused(
    folder: Path, question: dict[str, list[str]], sentence: str
) -> None:
    with pytest.raises(SpecError, match=sentence):
        aw.runs(folder, **question)  # type: ignore[arg-type]


def test_a_folder_without_a_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        aw.runs(tmp_path)


def test_settings_of_users_own_trainings_are_columns_of_their_names(tmp_path: Path) -> None:
    study = task_study(
        seeds="0", task={"settings": {"depth": 2, "rate": 0.5}}, factors={"width": [1, 2]}
    )
    values = {"relu": 80.0, "elu": 90.0}
    fill_task_store(
        tmp_path / "own",
        study,
        lambda run: {"accuracy": (1.0, values[run.spec.activation])},
        num_epochs=2,
    )
    found = aw.runs(tmp_path / "own")
    names = [*found[0]]
    own = ["task.width", "task.depth", "task.rate"]
    assert names[names.index("seed") + 1 :][:4] == [*own, "status"]
    assert not any(name.startswith("train.") or name == "spec" for name in names)
    shown = ("activation", *own, "epochs", "accuracy", "test_accuracy")
    assert [tuple(row[name] for name in shown) for row in found] == [
        ("relu", 1, 2, 0.5, 2, 80.0, None),
        ("relu", 2, 2, 0.5, 2, 80.0, None),
        ("elu", 1, 2, 0.5, 2, 90.0, None),
        ("elu", 2, 2, 0.5, 2, 90.0, None),
    ]
