"""The cluster as a driver finds it: what is refused, in which words, and how a connection ends."""

import signal
from pathlib import Path, PosixPath
from types import SimpleNamespace
from typing import Any

import pytest

from actwise.errors import SpecError, StoreError
from actwise.sweep import RunOptions
from actwise.sweep.executors.cluster import Cluster, connected
from actwise.sweep.executors.cluster.connection import Needs
from actwise.sweep.executors.cluster.slot import NodeReport
from made.planned_ray import PlannedRay, stand_in

AWAY = NodeReport("away", "host-away", mark="mark")
SOME, MORE = {"CPU": 1.0, "memory": 2e9}, {"CPU": 5.0, "memory": 9e9}


class Head(PlannedRay):
    """A Ray to connect to.

    Attributes:
        carried: Resources of its nodes.
        done: What was asked of it.
        refusal: What is raised in place of a connection.
    """

    def __init__(self, logs: Path) -> None:
        super().__init__(logs, [])
        self.carried: list[dict[str, float]] = [SOME, MORE]
        self.done: list[Any] = []
        self.refusal: Exception | None = None
        self.is_ours = False
        self._private = SimpleNamespace(worker=SimpleNamespace(_worker_logs_enabled=True))

    def nodes(self) -> list[dict[str, Any]]:
        there = [
            {"NodeID": str(place), "Alive": True, "Resources": carried}
            for place, carried in enumerate(self.carried)
        ]
        return [*there, {"NodeID": "gone", "Alive": False, "Resources": {"CPU": 99.0, "GPU": 9.0}}]

    def is_initialized(self) -> bool:
        return self.is_ours

    def init(self, **options: Any) -> None:
        self.done.append(options)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self.refusal is not None:
            raise self.refusal

    def shutdown(self) -> None:
        self.done.append("shut down")

    @property
    def prints_news(self) -> bool:
        return bool(self._private.worker._worker_logs_enabled)


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Head:
    head = Head(tmp_path)
    stand_in(monkeypatch, head)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    return head


@pytest.mark.parametrize(
    ("needs", "text"),
    [
        (Needs(1, 0.0, 0), "1 CPU"),
        (Needs(2, 0.25, 0), "2 CPUs, 0.25 GPU"),
        (Needs(1, 1.0, 0), "1 CPU, 1 GPU"),
        (Needs(3, 0.0, 1_234_560_000_000), "3 CPUs, 1,234.6 GB of memory"),
        (Needs(2, 2.0, 700_000_000), "2 CPUs, 2 GPU, 0.7 GB of memory"),
    ],
)
def test_what_a_run_takes_is_said_in_words(needs: Needs, text: str) -> None:
    assert str(needs) == text


def test_cuda_on_a_cluster_without_it_is_refused(head: Head) -> None:
    with pytest.raises(SpecError) as refusal:
        Cluster(RunOptions(executor="ray", device="cuda"))
    assert str(refusal.value) == "device 'cuda': no node of the Ray cluster has a GPU"


@pytest.mark.parametrize(
    ("device", "gpus", "found"),
    [
        ("auto", 0.0, "cpu"),
        ("auto", 1.0, "cuda"),
        ("cpu", 1.0, "cpu"),
        ("cuda", 1.0, "cuda"),
        ("cpu", 0.0, "cpu"),
    ],
)
def test_runs_get_the_gpus_that_living_nodes_have_unless_asked_otherwise(
    device: Any, gpus: float, found: str, head: Head
) -> None:
    head.carried = [{"CPU": 1.0}, {"CPU": 1.0, "GPU": gpus}]
    assert Cluster(RunOptions(executor="ray", device=device)).device == found


def test_a_run_that_no_node_has_room_for_is_refused_unless_nodes_are_waited_for(
    head: Head,
) -> None:
    options = {"executor": "ray", "threads": 2}
    cluster = Cluster(RunOptions(**options))
    cluster.require_room(9_000_000_000)
    with pytest.raises(SpecError) as refusal:
        cluster.require_room(9_500_000_000)
    assert str(refusal.value) == (
        "no node of the Ray cluster has room for a run: it takes 2 CPUs, 9.5 GB of memory; give "
        "--workers N to wait for nodes that come later"
    )
    Cluster(RunOptions(**options, workers=3)).require_room(9_500_000_000)


@pytest.mark.parametrize(
    ("workers", "num_runs", "expected"), [(None, 9, 5), (None, 4, 4), (7, 9, 7), (7, 4, 4)]
)
def test_workers_are_as_many_as_asked_or_as_the_nodes_carry_and_no_more_than_runs(
    workers: int | None, num_runs: int, expected: int, head: Head
) -> None:
    cluster = Cluster(RunOptions(executor="ray", workers=workers))
    assert cluster.count_workers(2_000_000_000, num_runs=num_runs) == expected


def test_a_node_that_has_another_folder_of_that_name_is_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "theirs").mkdir()
    ours = tmp_path / "ours"
    ours.mkdir()
    ray = PlannedRay(tmp_path / "theirs", [])
    stand_in(monkeypatch, ray)
    ray.looks = [AWAY]
    with pytest.raises(StoreError) as refusal:
        Cluster(RunOptions(executor="ray")).require_usable(ours)
    assert str(refusal.value) == (
        f"node host-away of the Ray cluster has another folder at {ours}; give --artifacts a "
        "folder that all see"
    )


class NetworkFolder(PosixPath):
    """Shows what others have written there once it is listed."""

    def iterdir(self) -> Any:
        (self / AWAY.mark).touch()
        return super().iterdir()


def test_a_network_folder_that_shows_a_file_late_is_the_same_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    ours = tmp_path / "ours"
    ours.mkdir()
    ray = PlannedRay(tmp_path / "elsewhere", [])
    stand_in(monkeypatch, ray)
    ray.looks = [AWAY]
    Cluster(RunOptions(executor="ray")).require_usable(NetworkFolder(ours))
    assert list(ours.iterdir()) == []


def test_a_connection_of_the_program_that_calls_stays_its_own(head: Head) -> None:
    head.is_ours = True
    with connected(RunOptions(executor="ray")) as cluster:
        assert cluster is not None
        assert cluster.count_workers(0, num_runs=99) == 6
    assert head.done == []


@pytest.mark.parametrize(
    ("asked", "variable", "address", "dashboard"),
    [
        (None, None, None, None),
        ("local", None, "local", False),
        (None, "auto", "auto", None),
        ("local", "auto", "local", False),
    ],
)
def test_a_connection_ends_with_the_command_and_says_nothing_meanwhile(
    asked: str | None,
    variable: str | None,
    address: str | None,
    dashboard: bool | None,
    head: Head,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if variable is not None:
        monkeypatch.setenv("RAY_ADDRESS", variable)
    before = signal.getsignal(signal.SIGTERM)
    with connected(RunOptions(executor="ray", ray_address=asked)) as cluster:
        assert isinstance(cluster, Cluster) and not head.prints_news
        assert signal.getsignal(signal.SIGTERM) == before
    assert head.prints_news
    options = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": dashboard}
    assert head.done == [{"address": address, **options}, "shut down"]


@pytest.mark.parametrize(("asked", "place"), [(None, "this machine"), ("auto", "auto")])
@pytest.mark.parametrize("kind", [ConnectionError, ValueError, RuntimeError])
def test_a_cluster_that_cannot_be_reached_is_named_with_the_reason_in_one_line(
    asked: str | None, place: str, kind: type[Exception], head: Head
) -> None:
    head.refusal = kind("nothing there,\n  or\tno more")
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.raises(SpecError) as refusal,
        connected(RunOptions(executor="ray", ray_address=asked)),
    ):
        pass
    assert str(refusal.value) == f"no Ray cluster at {place}: nothing there, or no more"
    assert signal.getsignal(signal.SIGTERM) == before
