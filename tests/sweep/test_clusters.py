"""What is refused before Ray is asked, and what a node does with what a driver sends it."""

import os
import socket
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actwise.errors import SpecError, StoreError
from actwise.recommend.request import run_options
from actwise.sweep import RunOptions
from actwise.sweep.executors.cluster import Cluster, connected
from actwise.sweep.executors.cluster.connection import Needs
from actwise.sweep.executors.cluster.luggage import start_here
from actwise.sweep.executors.cluster.slot import NodeReport
from actwise.sweep.run import run
from actwise.sweep.tries import smoke
from actwise.sweep.worker import Start
from made.planned_ray import (
    NodeDiedError,
    PlannedRay,
    RayError,
    TaskUnschedulableError,
    stand_in,
)
from made.sweeps import small_study


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"executor": "rays"}, "executor 'rays' is not available; expected inline, process or ray"),
        ({"ray_address": "auto"}, "ray_address=auto is for executor='ray'"),
        ({"gpus_per_worker": 1.0}, "gpus_per_worker=1.0 is for executor='ray'"),
        (
            {"executor": "ray", "gpus_per_worker": 1.5},
            "gpus_per_worker=1.5 must be a part of 1, or a whole number",
        ),
        (
            {"executor": "ray", "gpus_per_worker": float("inf")},
            "gpus_per_worker=inf must be a part of 1, or a whole number",
        ),
        (
            {"executor": "ray", "gpus_per_worker": 0.5, "device": "cpu"},
            "gpus_per_worker=0.5 is for CUDA, and device is 'cpu'",
        ),
    ],
)
def test_an_option_that_cannot_be_honoured_is_refused(
    options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SpecError) as refusal:
        RunOptions(**options)
    assert str(refusal.value) == sentence


def test_what_trains_on_this_machine_does_not_go_to_a_cluster() -> None:
    with pytest.raises(SpecError, match="--smoke trains on this machine"):
        smoke(small_study(), options=RunOptions(executor="ray"))
    with pytest.raises(SpecError, match="a race trains on this machine"):
        run_options({"executor": "ray"})


def test_without_ray_it_is_said_what_to_install_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ray", None)
    with pytest.raises(SpecError, match=r"pip install 'actwise\[cluster\]'"):
        run(small_study(), tmp_path / "store", executor="ray")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("ray://head:10001", "'ray://head:10001' is not HOST:PORT; start the command on a machine"),
        ("head", "'head' is not HOST:PORT, auto or local"),
        ("127.0.0.1:port", "'127.0.0.1:port' is not HOST:PORT, auto or local"),
    ],
)
def test_an_address_of_another_form_is_refused(address: str, sentence: str) -> None:
    pytest.importorskip("ray")
    with (
        pytest.raises(SpecError, match=sentence),
        connected(RunOptions(executor="ray", ray_address=address)),
    ):
        pass


def test_an_address_where_nothing_answers_is_named_at_once() -> None:
    pytest.importorskip("ray")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            pytest.raises(SpecError, match=f"no Ray cluster answers at {address}"),
            connected(RunOptions(executor="ray", ray_address=address)),
        ):
            pass


@pytest.mark.parametrize(
    ("needs", "node", "expected"),
    [
        (Needs(2, 0.0, 0), {"CPU": 5.0, "memory": 1e9}, 2),
        (Needs(1, 0.0, 300_000_000), {"CPU": 8.0, "memory": 1e9}, 3),
        (Needs(1, 0.25, 0), {"CPU": 16.0, "GPU": 2.0}, 8),
        (Needs(1, 1.0, 0), {"CPU": 16.0}, 0),
        (Needs(1, 0.0, 0), {"memory": 1e9}, 0),
    ],
)
def test_a_node_carries_as_many_slots_as_its_scarcest_resource(
    needs: Needs, node: dict[str, float], expected: int
) -> None:
    assert needs.slots_on(node) == expected


class Machines:
    """The folders of a driver and of a node, and what the driver's processes are told."""

    def __init__(self, folder: Path) -> None:
        self.project, self.place = folder / "project", folder / "place"
        self.project.mkdir()
        self.place.mkdir()
        self.start = Start(
            folder=str(self.project),
            import_path=(str(self.project), str(Path(os.__file__).parent), "/not/there"),
            environment={"ACTWISE_DATA": "/of/the/driver", "TERM": "dumb"},
        )


@pytest.fixture
def machines(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def test_code_that_a_node_has_where_the_driver_has_it_is_used_there(machines: Machines) -> None:
    (machines.project / "own.py").write_bytes(b"A = 1\n")
    told = start_here(machines.start, {"own.py": b"A = 1\n"}, machines.place)
    assert (told.folder, told.import_path[0]) == (str(machines.project),) * 2
    assert list(machines.place.iterdir()) == []


@pytest.mark.parametrize("there", [None, b"A = 2\n"])
def test_code_that_a_node_lacks_or_has_otherwise_comes_before_all(
    machines: Machines, there: bytes | None
) -> None:
    if there is not None:
        (machines.project / "package").mkdir()
        (machines.project / "package" / "own.py").write_bytes(there)
    told = start_here(machines.start, {"package/own.py": b"A = 1\n"}, machines.place)
    assert (machines.place / "package" / "own.py").read_bytes() == b"A = 1\n"
    assert told.import_path[:2] == (str(machines.place), str(machines.project))
    assert "/not/there" not in told.import_path


def test_a_node_without_the_folder_of_the_driver_works_in_its_own(machines: Machines) -> None:
    machines.project.rmdir()
    told = start_here(machines.start, {"own.py": b""}, machines.place)
    assert (told.folder, told.import_path[0]) == (str(machines.place),) * 2


def test_a_node_knows_best_where_its_data_are(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACTWISE_DATA", "/of/the/node")
    monkeypatch.delenv("ACTWISE_CACHE", raising=False)
    told = start_here(machines.start, {}, machines.place)
    assert told.environment == {"ACTWISE_DATA": "/of/the/node", "TERM": "dumb"}


AWAY = NodeReport("away", "host-away")


@pytest.mark.parametrize(
    ("looks", "sentence"),
    [
        ([replace(AWAY, mark="m")], ""),
        ([replace(AWAY, mark="m"), TaskUnschedulableError("gone"), NodeDiedError("gone")], ""),
        ([RayError("traces\nwhy")], "Ray: why"),
        ([replace(AWAY, problem="has another")], "node host-away of the Ray cluster has another"),
        ([NodeDiedError("gone"), replace(AWAY, problem="has")], "node host-away .* has"),
    ],
)
def test_a_node_that_goes_while_it_is_looked_at_is_no_problem(
    looks: list[Any], sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ray = PlannedRay(tmp_path, [])
    stand_in(monkeypatch, ray)
    cluster = Cluster(RunOptions(executor="ray"))
    ray.looks = [*looks]
    with pytest.raises(StoreError, match=sentence) if sentence else nullcontext():
        cluster.require_usable(tmp_path)
    assert ray.looks == [] and list(tmp_path.iterdir()) == []
