"""A node of a cluster for one slot, which does there what a test has planned."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from actwise.sweep.executors.cluster import slot as slots
from actwise.sweep.executors.cluster.slot import RaySlot
from actwise.sweep.worker import Advanced, Assignment, PutBack, Result, Setup, Start, encode
from made.planned_ray import PlannedRay, stand_in
from made.workers import made_setup

Word = Advanced | Result


class Node:
    """What is played of a node: its clock, the process that workers come from, and its worker.

    Attributes:
        says: What the worker says of its work, and when.
        begins: What is raised in place of a beginning.
        done: What was asked of them, in order.
        make_start: How the nursery learns what a worker is told at its start.
        slots: All that were made.
    """

    def __init__(self, folder: Path) -> None:
        self.now = 0.5
        self.says: list[tuple[float, Word]] = []
        self.done: list[Any] = []
        self.begins: OSError | None = None
        self.make_start: Callable[[], Start]
        self.slots: list[RaySlot] = []
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.start = Start(
            folder=str(folder), import_path=(str(folder),), environment={"TERM": "dumb"}
        )

    def slot(self) -> RaySlot:
        """Begin one."""
        setup = made_setup(self.logs, threads=3)
        slot = RaySlot(encode(setup), encode(self.start))
        self.slots.append(slot)
        return slot

    def nursery(self, *, threads: int, start: Callable[[], Start]) -> "PlayedNursery":
        """In place of the class."""
        assert threads == 3
        self.make_start = start
        return PlayedNursery(self)

    def pool(self, setup: Setup, number: int, nursery: "PlayedNursery") -> "PlayedPool":
        """In place of the class."""
        assert (setup.logs, number) == (str(self.logs), 1)
        assert isinstance(nursery, PlayedNursery)
        return PlayedPool(self)

    def monotonic(self) -> float:
        """When the worker last spoke."""
        return self.now


class PlayedNursery:
    """Begins, or does not."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def begin(self) -> None:
        if self._node.begins is not None:
            raise self._node.begins
        self._node.done.append("nursery begun")

    def __enter__(self) -> Self:
        self._node.done.append("nursery entered")
        return self

    def __exit__(self, *_: object) -> None:
        self._node.done.append("nursery left")


class PlayedPool:
    """Its worker says one thing after the other, until it is asked to stop."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._pending: list[str] = []

    @property
    def is_busy(self) -> bool:
        return bool(self._pending)

    def fill(self, work: Iterator[tuple[Assignment, ...]]) -> bool:
        given = next(work, ())
        self._pending += [each.run_id for each in given]
        self._node.done += [("given", each.run_id) for each in given]
        return bool(given)

    def events(self) -> Iterator[Word]:
        self._node.now, word = self._node.says.pop(0)
        if not isinstance(word, Advanced):
            self._pending.remove(word.run_id)
        yield word

    def stop(self) -> Iterator[Result]:
        self._node.done.append("pool stopped")
        while self._pending:
            yield PutBack(run_id=self._pending.pop(0), reason="stopped", is_accident=False)

    def close(self) -> None:
        self._node.done.append("pool closed")


def node_of_one(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Node:
    """A node whose slots find its parts in the place of real ones."""
    node = Node(folder)
    stand_in(monkeypatch, PlannedRay(node.logs, []))
    monkeypatch.setattr(slots, "Nursery", node.nursery)
    monkeypatch.setattr(slots, "Pool", node.pool)
    monkeypatch.setattr(slots, "end_kept_mother", lambda: node.done.append("mother ended"))
    monkeypatch.setattr(slots, "time", node)
    return node
