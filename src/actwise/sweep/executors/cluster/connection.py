"""The Ray cluster as a driver finds it: connected, counted, looked over before anything begins."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import SpecError, StoreError
from ...plan import DeviceName, RunOptions
from .slot import VERSION, NodeReport, look_around

_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 60.0


@dataclass(frozen=True)
class Needs:
    """What Ray sets apart for a slot."""

    cpus: int
    gpus: float
    memory_bytes: int

    def slots_on(self, node: dict[str, float]) -> int:
        """How many slots the resources of a node carry."""
        asked = {"CPU": self.cpus, "GPU": self.gpus, "memory": self.memory_bytes}
        return int(min(node.get(name, 0.0) / each for name, each in asked.items() if each))

    def __str__(self) -> str:
        gpus = f", {self.gpus:g} GPU" if self.gpus else ""
        memory = f", {self.memory_bytes / 1e9:,.1f} GB of memory" if self.memory_bytes else ""
        return f"{self.cpus} CPU{'s' if self.cpus != 1 else ''}{gpus}{memory}"

    def for_ray(self) -> dict[str, Any]:
        """As options of an actor."""
        asked = {"num_cpus": self.cpus, "num_gpus": self.gpus, "memory": self.memory_bytes}
        return {name: value for name, value in asked.items() if value or name != "memory"}


class Cluster:
    """A cluster that this process is connected to.

    Attributes:
        device: Type of the device that runs get: ``cuda`` where nodes have GPUs, unless asked
            otherwise.
    """

    def __init__(self, options: RunOptions) -> None:
        """Of the nodes that there are now.

        Raises:
            SpecError: if CUDA is asked for, and no node has a GPU.
        """
        self._options = options
        has_gpus = any(node.get("GPU") for node in self._nodes().values())
        if options.device == "cuda" and not has_gpus:
            raise SpecError("device 'cuda': no node of the Ray cluster has a GPU")
        self.device: DeviceName = "cuda" if has_gpus and options.device != "cpu" else "cpu"

    def needs(self, memory_bytes: int) -> Needs:
        """What a run takes that needs so much memory: not asked for where ``workers`` are."""
        is_cuda = self.device == "cuda"
        return Needs(
            cpus=self._options.threads,
            gpus=(self._options.gpus_per_worker or 1.0) if is_cuda else 0.0,
            memory_bytes=0 if is_cuda or self._options.workers else memory_bytes,
        )

    def require_room(self, memory_bytes: int) -> None:
        """Refuse a run that no node has room for, unless the number of workers was given.

        Raises:
            SpecError: if so. With that number nodes that come later are waited for.
        """
        if not self.count_workers(memory_bytes, num_runs=1):
            raise SpecError(
                f"no node of the Ray cluster has room for a run: it takes "
                f"{self.needs(memory_bytes)}; give --workers N to wait for nodes that come later"
            )

    def count_workers(self, memory_bytes: int, *, num_runs: int) -> int:
        """As many as asked, or as many as the nodes carry."""
        needs = self.needs(memory_bytes)
        carried = sum(needs.slots_on(node) for node in self._nodes().values())
        return min(self._options.workers or carried, num_runs)

    def require_usable(self, logs: Path) -> None:
        """Have every node that may train look for this version and the store's folders.

        Raises:
            StoreError: if one cannot be used; the sentence says which, and why.
        """
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        look = ray.remote(num_cpus=0, max_retries=0)(look_around)
        asked = [
            look.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False)
            ).remote(str(logs), VERSION)
            for node_id, node in self._nodes().items()
            if node.get("CPU") or node.get("GPU")
        ]
        ready, _ = (
            ray.wait(asked, num_returns=len(asked), timeout=_LOOK_SECONDS) if asked else ((), ())
        )
        problems: list[str] = []
        for reference in ready:
            try:
                problems.append(problem_of(ray.get(reference), logs))
            except (ray.exceptions.TaskUnschedulableError, ray.exceptions.NodeDiedError):
                continue  # it has gone meanwhile, and nothing will be begun there
            except ray.exceptions.RayError as error:
                problems.append(last_line(error))
        if any(problems):
            raise StoreError(next(filter(None, problems)))

    @staticmethod
    def is_alive(node_id: str) -> bool:
        """Whether the head holds a node for alive."""
        import ray

        return any(node["NodeID"] == node_id and node["Alive"] for node in ray.nodes())

    @staticmethod
    def _nodes() -> dict[str, dict[str, float]]:
        """The resources of every node that is alive."""
        import ray

        return {node["NodeID"]: node["Resources"] for node in ray.nodes() if node["Alive"]}


def problem_of(found: NodeReport, logs: Path) -> str:
    """Why a node cannot be used, in a sentence; empty if it can. Its mark is removed."""
    if found.problem:
        return f"node {found.host} of the Ray cluster {found.problem}"
    mark = logs / found.mark
    if not mark.exists():
        list(logs.iterdir())  # a network folder then forgets that the file was not there
    if mark.exists():
        mark.unlink()
        return ""
    return (
        f"node {found.host} of the Ray cluster has another folder at {logs}; give --artifacts a "
        "folder that all see"
    )


def last_line(error: BaseException) -> str:
    """What an error of Ray's says, without the traces before it."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"Ray: {lines[-1] if lines else type(error).__name__}"


@contextmanager
def connected(options: RunOptions) -> Iterator[Cluster | None]:
    """The cluster that ``options`` name; None where they name none.

    A cluster of this command's own ends with the context; so does the connection to another.

    Raises:
        SpecError: if Ray is not installed, or nothing answers at the address.
    """
    if options.executor != "ray":
        yield None
        return
    try:
        # It would tell its makers of every cluster.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        import ray
    except ImportError:
        raise SpecError(
            "executor 'ray' needs Ray: install it with pip install 'actwise[cluster]'"
        ) from None
    if ray.is_initialized():  # by the program that calls us, whose connection it stays
        yield Cluster(options)
        return
    address = options.ray_address or os.environ.get("RAY_ADDRESS")
    _require_answer(address)
    with _own_handlers():
        try:
            # Without an address: the cluster of this machine, or else one of its own.
            ray.init(
                address=address,
                log_to_driver=False,
                logging_level="ERROR",
                include_dashboard=False if address == "local" else None,
            )
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise SpecError(f"no Ray cluster at {address or 'this machine'}: {reason}") from None
    # Its own news would come between ours, on stdout; what matters of them is in our events.
    ray._private.worker._worker_logs_enabled = False
    try:
        yield Cluster(options)
    finally:
        ray.shutdown()
        ray._private.worker._worker_logs_enabled = True


def _require_answer(address: str | None) -> None:
    """Ray would try for minutes."""
    if address in (None, "auto", "local"):
        return
    if "://" in address:
        raise SpecError(
            f"ray_address {address!r} is not HOST:PORT; start the command on a machine of the "
            "cluster, and give the address of its head or auto"
        )
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS):
            pass
    except (ValueError, OverflowError):
        raise SpecError(f"ray_address {address!r} is not HOST:PORT, auto or local") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise SpecError(f"no Ray cluster answers at {address}: {reason}") from None


@contextmanager
def _own_handlers() -> Iterator[None]:
    """Keep SIGTERM as it was: the driver hears it."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)
