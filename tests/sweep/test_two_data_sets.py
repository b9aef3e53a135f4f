"""Memory of a second data set in one study: it is counted, and the first is let go of."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from actwise.datasets import Dataset, info
from actwise.models import make_describe
from actwise.spec import StudySpec, parse_study
from actwise.sweep import make_plan
from actwise.sweep.plan import most_memory_bytes
from actwise.sweep.run import run
from made.data import made_images, write_folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACTWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ACTWISE_DATA", raising=False)


def write_set(root: Path, num_images: int, *, seed: int) -> str:
    images_of = {n: list(made_images(num_images, seed=seed + i)) for i, n in enumerate("ab")}
    return f"folder:{write_folder(root, images_of)}"


def study_of(*levels: str) -> StudySpec:
    return parse_study(
        {
            "name": "sets",
            "width": 0.125,
            "factors": {
                "dataset": list(levels),
                "model": ["convnet"],
                "regularization": ["bn"],
                "activation": ["relu"],
            },
            "train": {"epochs": 1, "batch_size": 8, "schedule": "cosine"},
        },
        source="test",
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_memory_of_a_second_data_set_is_counted(order: tuple[int, int], tmp_path: Path) -> None:
    levels = [
        write_set(tmp_path / "few", 10, seed=1),
        write_set(tmp_path / "many", 300, seed=5),
    ]
    plan = make_plan(study_of(*(levels[i] for i in order)), make_describe(None))
    memory = {run.spec.dataset: plan.description(run).memory_bytes for run in plan.cells}
    few, many = (info(level) for level in levels)
    more = (many.num_train + many.num_test - few.num_train - few.num_test) * 3 * 32 * 32
    assert memory[levels[1]] - memory[levels[0]] == more > 0
    assert most_memory_bytes(plan, plan.cells) == memory[levels[1]]


class Watcher:
    """Counts the data sets of a study that are in memory, at every event.

    It is told of each as it is made. To look for them in ``gc.get_objects()`` would hand out the
    half-built tuples of other threads, in which those then fail.
    """

    def __init__(self, levels: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self.levels = levels
        self.held: list[set[str]] = []
        self.made: weakref.WeakSet[Dataset] = weakref.WeakSet()
        make = Dataset.__init__

        def make_and_tell(dataset: Dataset, *args: Any, **kwargs: Any) -> None:
            make(dataset, *args, **kwargs)
            self.made.add(dataset)

        monkeypatch.setattr(Dataset, "__init__", make_and_tell)

    def emit(self, event: Any) -> None:
        if len(self.made) > 1:
            gc.collect()
        self.held.append({dataset.info.level for dataset in self.made} & {*self.levels})

    def close(self) -> None:
        pass


def test_a_worker_holds_one_data_set_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    levels = [write_set(tmp_path / name, 10, seed=ord(name)) for name in "kmp"]
    watcher = Watcher(levels, monkeypatch)
    outcome = run(
        study_of(*levels), tmp_path / "store", progress=watcher, executor="inline", device="cpu"
    )
    assert outcome.finished == 3
    assert max(map(len, watcher.held)) == 1
    assert set().union(*watcher.held) == {*levels}
