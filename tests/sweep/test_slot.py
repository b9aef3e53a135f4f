"""What a slot of a cluster does on its node and says: its worker and Ray are played."""

import os
from collections.abc import Iterator
from pathlib import Path
from socket import gethostname
from types import SimpleNamespace
from typing import Any

import pytest

from actwise.errors import DataError
from actwise.store.records import RunRecord
from actwise.sweep.executors.cluster.slot import VERSION, NodeReport, fill_cache
from actwise.sweep.worker import (
    Advanced,
    Done,
    PutBack,
    Work,
    decode,
    encode,
)
from made.planned_ray import HOME, Said
from made.played_node import Node, node_of_one
from made.workers import assignment


def work(*run_ids: str) -> bytes:
    return encode(Work(assignments=tuple(assignment(run_id) for run_id in run_ids)))


def advanced(run_id: str, epoch: int, batch: int) -> Advanced:
    return Advanced(
        run_id=run_id,
        epoch=epoch,
        epochs=9,
        batch=batch,
        batches=4,
        loss=0.5,
        images_per_second=1.0,
    )


def done(run_id: str) -> Done:
    return Done(record=RunRecord(run_id=run_id, status="diverged", epochs=()))


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Node]:
    node = node_of_one(monkeypatch, tmp_path)
    yield node
    for slot in node.slots:
        slot.end()


def words(said: list[bytes]) -> list[Any]:
    return [decode(line) for line in said]


def test_a_slot_says_where_it_is_with_a_mark_in_the_logs_and_begins_to_import(node: Node) -> None:
    found = node.slot().begin(VERSION)
    assert found == NodeReport(HOME, gethostname(), mark=found.mark)
    assert [path.name for path in node.logs.iterdir()] == [found.mark]
    assert found.mark.startswith(".") and found.mark.endswith(".tmp")
    assert node.done == ["nursery begun"]


def test_a_node_with_another_version_of_actwise_is_not_used(node: Node) -> None:
    problem = f"has actwise {VERSION}, this machine 0.1, engine 1"
    expected = NodeReport(HOME, gethostname(), problem=problem)
    assert node.slot().begin("0.1, engine 1") == expected
    assert node.done == list(node.logs.iterdir()) == []


def test_a_node_that_cannot_write_the_logs_is_not_used(node: Node) -> None:
    node.logs.rmdir()
    problem = (
        f"cannot write into {node.logs} (No such file or directory); give --artifacts a folder "
        "that all see"
    )
    assert node.slot().begin(VERSION) == NodeReport(HOME, gethostname(), problem=problem)
    assert node.done == []


def test_a_node_that_starts_no_process_is_not_used(node: Node) -> None:
    node.begins = OSError("no room")
    found = node.slot().begin(VERSION)
    problem = "no worker process can be started: no room"
    assert found == NodeReport(HOME, gethostname(), mark=found.mark, problem=problem)
    assert found.mark


def test_of_progress_the_last_word_of_every_epoch_is_told_once_a_second_and_results_at_once(
    node: Node,
) -> None:
    node.says = [
        (0.5, advanced("a", 1, 1)),
        (1.25, advanced("a", 1, 2)),
        (1.375, advanced("a", 1, 4)),
        (1.4375, advanced("a", 2, 1)),
        (1.5, advanced("a", 2, 2)),
        (2.25, advanced("a", 2, 3)),
        (2.375, done("a")),
        (2.5, advanced("b", 2, 3)),
        (3.375, advanced("b", 2, 4)),
        (3.5, PutBack(run_id="b", reason="out of memory", is_accident=True)),
    ]
    said = [words(lines) for lines in node.slot().train(work("a", "b"), {})]
    assert said == [
        [advanced("a", 1, 1)],
        [advanced("a", 1, 4), advanced("a", 2, 2)],
        [advanced("a", 2, 3), done("a")],
        [advanced("b", 2, 4)],
        [PutBack(run_id="b", reason="out of memory", is_accident=True)],
    ]
    assert node.done == [("given", "a"), ("given", "b")]


def test_the_same_epoch_of_another_run_is_no_later_word(node: Node) -> None:
    node.says = [
        (0.5, advanced("a", 1, 1)),
        (0.625, advanced("a", 1, 2)),
        (0.75, advanced("b", 1, 2)),
        (0.875, done("a")),
        (1.0, done("b")),
    ]
    _, second, third = (words(lines) for lines in node.slot().train(work("a", "b"), {}))
    assert second == [advanced("a", 1, 2), advanced("b", 1, 2), done("a")]
    assert third == [done("b")]


def test_work_whose_data_are_missing_is_put_back_untouched(node: Node) -> None:
    said = [*node.slot().train(work("a", "b"), {}, "", "no data", "nor these")]
    assert [words(lines) for lines in said] == [
        [PutBack(run_id=run_id, reason="no data", is_accident=True) for run_id in ("a", "b")]
    ]
    assert node.done == []


def test_work_whose_data_are_there_is_done(node: Node) -> None:
    node.says = [(0.5, done("a"))]
    assert [words(lines) for lines in node.slot().train(work("a"), {}, "", "")] == [[done("a")]]


def test_a_slot_that_is_stopped_stops_its_worker_and_trains_no_more(node: Node) -> None:
    node.says = [(0.5, advanced("a", 1, 1))]
    slot = node.slot()
    said = slot.train(work("a"), {})
    assert words(next(said)) == [advanced("a", 1, 1)]
    slot.stop()
    stopped = [PutBack(run_id="a", reason="stopped", is_accident=False)]
    assert [words(lines) for lines in said] == [stopped]
    assert list(slot.train(work("b"), {})) == []
    assert node.done == [("given", "a"), "pool stopped", "pool stopped"]


def test_a_worker_is_told_where_its_code_lies_until_the_slot_ends(node: Node) -> None:
    slot = node.slot()
    assert node.make_start().import_path[0] == node.start.folder
    node.says = [(0.5, done("a"))]
    list(slot.train(work("a"), {"own.py": b"A = 1\n"}))
    first, second = (node.make_start() for _ in range(2))
    place = Path(first.import_path[0])
    assert (place / "own.py").read_bytes() == b"A = 1\n"
    assert first.import_path[1] == first.folder == node.start.folder
    assert first.environment["TERM"] == "dumb"
    assert second.import_path[0] not in first.import_path
    assert place.parent == Path(second.import_path[0]).parent
    assert place.parent.name.startswith("actwise-code-")
    del node.done[:]
    slot.end()
    assert node.done == ["nursery entered", "pool closed", "nursery left", "mother ended"]
    assert not place.parent.exists()


class Cache:
    """The data cache of a node: what it holds, and whether it can be written."""

    def __init__(self, digest: str, *, is_writable: bool = True) -> None:
        self.digest, self.is_writable = digest, is_writable
        self.asked: list[object] = []

    def load(self, level: str, folder: str | None, *, digest: str) -> Any:
        self.asked.append((level, folder, digest, os.environ["COLUMNS"]))
        if not self.digest:
            raise DataError("it is not here")
        return SimpleNamespace(info=SimpleNamespace(digest=self.digest))

    def take_over(self, *given: object) -> bool:
        self.asked.append(given)
        return self.is_writable


@pytest.mark.parametrize(
    ("cache", "is_asked_for", "problem"),
    [
        (Cache("d"), False, ""),
        (Cache("other"), True, ""),
        (Cache(""), True, ""),
        (
            Cache("", is_writable=False),
            True,
            f"the data cache of {gethostname()} cannot be written, and digits is not there",
        ),
    ],
)
def test_a_node_fetches_the_data_that_it_does_not_find(
    cache: Cache, is_asked_for: bool, problem: str, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("actwise.datasets.load_planned", cache.load)
    monkeypatch.setattr("actwise.datasets.take_over", cache.take_over)
    start = encode(node.start.model_copy(update={"environment": {"COLUMNS": "66"}}))
    box = [Said(("its", "parts"))]
    assert fill_cache(start, "folder", "digits", "d", box) == problem
    fetched = [("its", "parts")] if is_asked_for else []
    assert cache.asked == [("digits", "folder", "d", "66"), *fetched]
