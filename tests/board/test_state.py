"""What the page of a store shows, as data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actwise.board import Board
from actwise.errors import UnknownNameError
from actwise.store import RunStore
from made.boards import busy_store, plan_of
from made.runs import ME, finish, leased, made_plan, made_study
from made.tasks import fill_task_store, task_study


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    with busy_store(tmp_path / "store") as store:
        yield store


def parts_of(board: Board) -> dict[str, Any]:
    parts = board.read()
    assert parts is not None
    return parts


def test_runs_are_counted_by_how_they_stand(store: RunStore) -> None:
    summary = parts_of(Board(store))["summary"]
    counts = {"finished": 3, "diverged": 1, "failed": 1, "running": 1, "pending": 2, "put_back": 1}
    assert summary["counts"] == counts
    (entry,) = summary["studies"]
    assert {name: entry[name] for name in counts} == counts
    assert (entry["study"], entry["runs"], entry["num_looks"]) == ("made", 8, 0)


def test_cells_have_a_letter_for_each_run_by_seed_and_the_time_that_they_lack(
    store: RunStore,
) -> None:
    (cells,) = parts_of(Board(store))["cells"]["studies"]
    assert cells["factors"] == ("activation",)
    relu, elu = cells["rows"]
    assert (relu[:2], elu[:2]) == ((("relu",), "fffr"), (("elu",), "dxbp"))
    # Half of a run is left, at the pace of three runs of 30 s and of one that needs 15 s for it.
    assert relu[2] == pytest.approx(15.0)
    # Two runs of three epochs; one of two epochs took 12.5 s.
    assert elu[2] == pytest.approx(2 * 3 * 12.5 / 2)


def test_the_time_left_is_that_of_as_many_runs_at_once_as_now(store: RunStore) -> None:
    assert parts_of(Board(store))["summary"]["seconds_left"] == pytest.approx(15.0 + 37.5)
    leased(store, plan_of(store)[7].run_id)
    assert parts_of(Board(store))["summary"]["seconds_left"] == pytest.approx((15.0 + 37.5) / 2)


def test_nobody_at_work_and_nothing_trained_are_no_time_left(tmp_path: Path) -> None:
    study = made_study()
    with RunStore.open(tmp_path / "new", create=True) as store:
        assert parts_of(Board(store))["summary"]["studies"] == []
        store.add_study(study, made_plan(study))
        parts = parts_of(Board(store))
        assert parts["summary"]["seconds_left"] is None
        assert [row[2] for row in parts["cells"]["studies"][0]["rows"]] == [None, None]
        finish(store, made_plan(study)[:2])
        parts = parts_of(Board(store))
        assert parts["summary"]["seconds_left"] is None
        # elu was never seen: an epoch takes what it took of relu. 12.5 s for 3 of 200 epochs.
        epochs = study.train.model_dump().get("epochs") or 200
        rows = parts["cells"]["studies"][0]["rows"]
        assert [row[2] for row in rows] == [0.0, pytest.approx(2 * epochs * 12.5 / 3)]


def test_running_runs_show_where_they_are(store: RunStore) -> None:
    running = parts_of(Board(store))["running"]
    (run,) = running["runs"]
    shown = (run["name"], run["owner"], run["epoch"], run["num_epochs"], run["loss"])
    assert shown == ("relu seed 3", str(ME), 2, 3, 0.75)
    assert run["fraction"] == pytest.approx(0.5)
    assert (run["seconds_left"], run["images_per_second"]) == (15.0, 812.3)
    assert running["num_runs"] == 1


def test_curves_show_those_in_training_first_then_those_that_ended_last(store: RunStore) -> None:
    (panel,) = parts_of(Board(store))["curves"]["panels"]
    lines = panel["lines"]
    assert [(line["name"], line["status"]) for line in lines] == [
        ("relu seed 3", "running"),
        ("elu seed 0", "diverged"),
        ("relu seed 2", "finished"),
        ("relu seed 1", "finished"),
        ("relu seed 0", "finished"),
    ]
    assert lines[0]["points"] == ((1, 1.5), (2, 0.75))
    assert lines[1]["points"] == ((1, 1.0), (2, None))
    assert lines[2]["points"][0] == (1, 1.0)
    assert {line["activation"]: line["colour"] for line in lines} == {"relu": 0, "elu": 1}


def test_curves_of_users_own_trainings_are_of_their_response(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    fill_task_store(folder, task_study(), lambda run: {"accuracy": (40.0, 60.0)}, num_epochs=2)
    with RunStore.open(folder) as store:
        (panel,) = parts_of(Board(store))["curves"]["panels"]
    assert panel["measure"] == "accuracy"
    assert {line["points"] for line in panel["lines"]} == {((1, 40.0), (2, 60.0))}


def test_what_went_wrong_says_why_the_newest_first(store: RunStore) -> None:
    troubles = parts_of(Board(store))["troubles"]
    assert [(run["kind"], run["name"], run["reason"]) for run in troubles["runs"]] == [
        ("put back", "elu seed 2", "out of memory"),
        ("failed", "elu seed 1", "ValueError: no"),
        ("diverged", "elu seed 0", "its loss was no longer finite in epoch 2"),
    ]


def test_drivers_and_machines_are_named(store: RunStore) -> None:
    machines = parts_of(Board(store))["machines"]
    assert machines["drivers"] == [{"owner": str(ME), "num_runs": 1}]
    assert [(m["host"], m["device"], m["num_runs"]) for m in machines["machines"]] == [
        ("here", "cpu", 4),
        (None, None, 1),
    ]


def test_nothing_shows_how_good_an_activation_is(store: RunStore) -> None:
    assert "accuracy" not in repr(parts_of(Board(store)))


def test_a_board_that_finds_nothing_new_has_no_parts(store: RunStore) -> None:
    board = Board(store)
    parts_of(board)
    assert board.read() is None
    leased(store, plan_of(store)[7].run_id)
    assert parts_of(board)["running"]["num_runs"] == 2


def test_study_and_conditions_choose_what_is_shown(store: RunStore) -> None:
    other = made_study("other", activation=["selu"])
    store.add_study(other, made_plan(other))
    (cells,) = parts_of(Board(store, "other"))["cells"]["studies"]
    assert [row[0] for row in cells["rows"]] == [("selu",)]
    parts = parts_of(Board(store, where=["activation=elu"]))
    assert parts["summary"]["counts"]["finished"] == 0
    assert parts["running"]["runs"] == []
    assert [row[1] for row in parts["cells"]["studies"][0]["rows"]] == ["dxbp"]
    with pytest.raises(UnknownNameError):
        Board(store, "othre").read()
