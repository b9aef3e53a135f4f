"""All that the page of a store is told, as it is kept in ``data/wholes``.

PYTHONPATH=src:tests python tests/board/test_whole_boards.py [NAME ...]
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from actwise.board import Board
from actwise.board.feed import Feed
from actwise.board.ranking import look_at_ranking
from actwise.store import RunStore
from made.boards import busy_store
from made.runs import ME, look_at, made_plan, made_record, made_study
from made.runs import leased as lease_of
from made.tasks import fill_task_store, task_study
from made.wholes import Maker, differences, json_lines, keep


def busy(folder: Path) -> RunStore:
    """With a second study of two networks and rates, of which some runs are finished."""
    store = busy_store(folder / "store")
    study = made_study(
        "other",
        seeds="0..1",
        regularization=("bn", "bn+aug"),
        factors={"train.learning_rate": [0.05, 0.2]},
        train={"epochs": 3},
    )
    plan = made_plan(study)
    store.add_study(study, plan)
    for place, run in enumerate(plan[:9]):
        record = made_record(run.run_id, train_seconds=20.0 + 3 * place, num_epochs=3)
        store.record(lease_of(store, run.run_id), record)
    lease_of(store, plan[-1].run_id)
    look_at(store, study="other", num_seeds=1)
    look_at(store, num_seeds=2)
    return store


def own(folder: Path) -> RunStore:
    study = task_study(factors={"depth": [1, 2]}, task={"settings": {"epochs": 4}})
    fill_task_store(
        folder / "store",
        study,
        lambda run: {"accuracy": (40.0 + run.spec.seed, 60.0)} if run.spec.seed < 2 else {},
        num_epochs=2,
    )
    return RunStore.open(folder / "store")


STORES: dict[str, Callable[[Path], RunStore]] = {"board-busy": busy, "board-own": own}


def whole(name: str, folder: Path) -> Iterator[str]:
    """Each part as the first look tells it, as JSON, and the ranking of each study."""
    with STORES[name](folder) as store:
        board = Board(store)
        feed = Feed(board)
        try:
            parts = feed.news({}, most_seconds=0.0)
        finally:
            feed.close()
        rankings = [look_at_ranking(board, study) for study in board.study_names]
    assert parts is not None
    found = {part: json.loads(text) for part, text in parts.items()} | {"rankings": rankings}
    for part, values in found.items():
        for line in json_lines(values, part):
            yield line.replace(str(folder), "HERE").replace(str(ME), "ME")


MAKERS: dict[str, Maker] = {
    name: lambda folder, name=name: whole(name, folder)  # type: ignore[misc]
    for name in STORES
}


@pytest.mark.parametrize("name", STORES)
def test_a_board_tells_what_it_told(name: str, tmp_path: Path) -> None:
    assert differences(name, whole(name, tmp_path)) == []


if __name__ == "__main__":
    keep(MAKERS)
