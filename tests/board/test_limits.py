"""How much a page of a store shows: as much as there may be, and one more."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from actwise.board import Board
from actwise.spec import PlannedRun, StudySpec
from actwise.store import ProgressPoint, RunStore
from actwise.store.database import now
from actwise.store.runs.results import write_results
from made.runs import ME, failed_record, leased, made_epoch, made_plan, made_record, made_study


def store_of(folder: Path, study: StudySpec) -> tuple[RunStore, Sequence[PlannedRun]]:
    store, plan = RunStore.open(folder / "store", create=True), made_plan(study)
    store.add_study(study, plan)
    return store, plan


def record_all(store: RunStore, records: Sequence[Any]) -> None:
    with store.database.writing() as connection:
        time = now(connection)
        write_results(connection, [(record, time) for record in records])


def parts_of(store: RunStore) -> dict[str, Any]:
    with store:
        parts = Board(store).read()
    assert parts is not None
    return parts


@pytest.mark.parametrize("count", [200, 201])
def test_200_troubles_are_shown_and_all_are_counted(count: int, tmp_path: Path) -> None:
    store, plan = store_of(tmp_path, made_study(activation=("relu",), seeds=f"0..{count - 1}"))
    record_all(store, [failed_record(run.run_id) for run in plan])
    troubles = parts_of(store)["troubles"]
    assert (len(troubles["runs"]), troubles["num_runs"]) == (200, count)


@pytest.mark.parametrize("count", [48, 49])
def test_48_runs_in_training_are_shown_and_all_are_counted(count: int, tmp_path: Path) -> None:
    store, plan = store_of(tmp_path, made_study(activation=("relu",), seeds=f"0..{count - 1}"))
    for run in plan:
        leased(store, run.run_id)
    running = parts_of(store)["running"]
    assert (len(running["runs"]), running["num_runs"]) == (48, count)


def test_six_networks_have_curves_of_24_runs_at_60_points(tmp_path: Path) -> None:
    study = made_study(
        activation=("relu",),
        seeds="0..24",
        factors={"model": [f"plain{2 * k + 8}" for k in range(7)]},
        train={"epochs": 121},
    )
    store, plan = store_of(tmp_path, study)
    lengths = {0: 60, 1: 61, 2: 120, 3: 121}
    records = []
    for run in plan:
        epochs = range(1, 1 + lengths.get(run.spec.seed, 1))
        losses = (made_epoch(k, train_loss=1.23456789 if k > 1 else 1e31) for k in epochs)
        records.append(made_record(run.run_id, epochs=tuple(losses)))
    record_all(store, records)
    panels = parts_of(store)["curves"]["panels"]
    assert [len(panel["lines"]) for panel in panels] == [24] * 6
    lines = {line["name"]: line["points"] for line in panels[0]["lines"]}
    assert [len(lines[f"relu seed {seed}"]) for seed in range(5)] == [60, 31, 41, 41, 1]
    assert [points[-1][0] for points in (lines[f"relu seed {n}"] for n in range(4))] == [
        *lengths.values()
    ]
    # What is no loss any more has no place, and six digits are enough for a picture.
    assert lines["relu seed 0"][:2] == ((1, None), (2, 1.23457))


@pytest.mark.parametrize(
    ("points", "left"),
    [
        # (epoch, of how many, share of it done, seconds left)
        ([(2, 4, 0.5, 30.0)], 30.0),
        ([(1, 4, 0.0, 80.0)], 80.0),
        ([(1, 4, 0.5, None)], None),
        ([(4, 4, 1.0, 0.0)], None),
    ],
)
def test_the_time_left_follows_from_where_a_run_is(
    points: list[tuple[int, int, float, float | None]], left: float | None, tmp_path: Path
) -> None:
    study = made_study(activation=("relu",), seeds="0", train={"epochs": 4})
    store, (run,) = store_of(tmp_path, study)
    lease = leased(store, run.run_id)
    told = [
        ProgressPoint(
            token=lease.token,
            epoch=epoch,
            num_epochs=epochs,
            done_fraction=done,
            loss=1.0,
            seconds_left=seconds,
        )
        for epoch, epochs, done, seconds in points
    ]
    store.heartbeat(ME, told)
    assert parts_of(store)["summary"]["seconds_left"] == left
