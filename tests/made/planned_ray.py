"""A Ray without processes, whose slots do what a test has planned for them."""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from actwise.sweep.executors.cluster.slot import NodeReport, RaySlot, fill_cache

HOME = "home"


class RayError(Exception):
    """What Ray raises."""


class ActorDiedError(RayError):
    """An actor is no more."""


class ActorUnavailableError(RayError):
    """An actor does not answer."""


class RayTaskError(RayError):
    """Something was raised in a task."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"traces\n{cause}")
        self.cause = cause


class TaskUnschedulableError(RayError):
    """A task has no node."""


class NodeDiedError(RayError):
    """A node went with what it did."""


@dataclass(eq=False)
class Said:
    """A reference to what will be known: a value, or what is raised in its place."""

    value: object


class Stream:
    """What a slot says about one order, one after the other; it may wait before it goes on."""

    def __init__(self, says: list[object]) -> None:
        self._says = iter(says)
        self.is_silent = says == [None]

    def __next__(self) -> Said:
        return Said(next(self._says))


@dataclass(eq=False)
class PlannedSlot:
    """A slot.

    Attributes:
        begins: Its node, or what is raised in place of its beginning.
        says: For each order what it says: lists of lines, errors, or ``None`` for silence.
        done: What was asked of it.
    """

    begins: NodeReport | Exception
    says: list[list[object]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


@dataclass
class Remote:
    """Something that is called elsewhere."""

    call: Callable[..., object]

    def options(self, **_: object) -> "Remote":
        """The same: where it is called is not modelled."""
        return self

    def remote(self, *args: object) -> object:
        """Call it."""
        return self.call(*args)


class PlannedRay(ModuleType):
    """The part of Ray that a fleet uses; slots come in the order of the plan."""

    def __init__(self, logs: Path, slots: list[PlannedSlot]) -> None:
        super().__init__("ray")
        self.exceptions = SimpleNamespace(
            RayError=RayError,
            RayTaskError=RayTaskError,
            TaskUnschedulableError=TaskUnschedulableError,
            NodeDiedError=NodeDiedError,
            ActorUnavailableError=ActorUnavailableError,
        )
        self.slots, self.logs = slots, logs
        self.begun: list[PlannedSlot] = []
        self.filled: list[tuple[object, ...]] = []
        self.looks: list[NodeReport | Exception] = []

    def remote(self, **_: object) -> Callable[[object], Remote]:
        """As a decorator of Ray's."""
        calls = {RaySlot: self._slot, fill_cache: self._fill}
        return lambda made: Remote(calls.get(made, self._look))

    def nodes(self) -> list[dict[str, Any]]:
        """As many as will be looked at."""
        node = {"Alive": True, "Resources": {"CPU": 1.0}}
        return [node | {"NodeID": str(place)} for place in range(len(self.looks))]

    def put(self, value: object) -> Said:
        """Into no store."""
        return Said(value)

    def get(self, said: Said) -> object:
        """What is known, or raised."""
        if isinstance(said.value, Exception):
            raise said.value
        return said.value

    def wait(self, asked: list[Any], **_: object) -> tuple[list[Any], list[Any]]:
        """All is there but what is silent."""
        return [each for each in asked if not getattr(each, "is_silent", False)], []

    def kill(self, actor: Any) -> None:
        """End a slot."""
        actor.slot.done.append("killed")

    def get_runtime_context(self) -> Any:
        """Of the driver."""
        return SimpleNamespace(get_node_id=lambda: HOME)

    def _look(self, *_: object) -> Said:
        found = self.looks.pop(0)
        if isinstance(found, NodeReport) and not found.problem:
            (self.logs / found.mark).touch()
        return Said(found)

    def _fill(self, _: object, __: object, level: str, digest: str, box: object) -> Said:
        self.filled.append((level, digest))
        return Said("")

    def _slot(self, *_: object) -> Any:
        slot = self.slots.pop(0)
        self.begun.append(slot)
        orders = iter(slot.says)

        def begin(version: str) -> Said:
            found = slot.begins
            if isinstance(found, NodeReport) and not found.problem:
                found = replace(found, mark=f"mark{len(self.begun)}")
                (self.logs / found.mark).touch()
            return Said(found)

        def noted(what: str) -> Remote:
            return Remote(lambda *_: slot.done.append(what))

        return SimpleNamespace(
            slot=slot,
            begin=Remote(begin),
            train=Remote(lambda *_: Stream(next(orders))),
            stop=noted("stopped"),
            end=noted("ended"),
        )


def stand_in(monkeypatch: pytest.MonkeyPatch, ray: PlannedRay) -> None:
    """Import this in Ray's place."""
    strategies = ModuleType("ray.util.scheduling_strategies")
    vars(strategies)["NodeAffinitySchedulingStrategy"] = lambda *_, **__: None
    modules: Mapping[str, ModuleType] = {
        "ray": ray,
        "ray.util": ModuleType("ray.util"),
        "ray.util.scheduling_strategies": strategies,
    }
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


def slots_on(*nodes: str) -> Iterator[PlannedSlot]:
    """Slots that never say anything, on these nodes."""
    return (PlannedSlot(NodeReport(node, f"host-{node}"), [[None]] * 9) for node in nodes)
