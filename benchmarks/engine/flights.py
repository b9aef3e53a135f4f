"""Runs in flight: trainings that share a device, each in a process of its own.

`actwise run --workers N` trains so. What is timed are epochs during which all runs are in flight:
no run goes on to its second epoch before every run has ended its first, which starts, chooses
kernels, compiles and captures; and every run goes on until each has its epochs. An epoch lasts from
its predecessor's end to its own, with all that lies between.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Self

from actwise import engine, regularization
from actwise.spec import RunSpec
from actwise.sweep.worker import ProcessState
from benchmarks.engine.cells import make_dataset, make_model


@dataclass(frozen=True)
class Job:
    """One training on random images; its spec has more epochs than it will get to train."""

    spec: RunSpec
    num_images: int
    num_classes: int
    device: str

    @property
    def images_per_epoch(self) -> int:
        """Those of full batches."""
        return self.num_images - self.num_images % self.spec.train.batch_size


@dataclass(frozen=True)
class Flight:
    """How a run went while all were in flight.

    Attributes:
        start_seconds: From the order to train to the end of the first epoch.
        epoch_seconds: Of every later epoch.
    """

    start_seconds: float
    epoch_seconds: tuple[float, ...]

    @property
    def steady_seconds(self) -> float:
        """Of an epoch: the mean of those after the first."""
        return sum(self.epoch_seconds) / len(self.epoch_seconds)


class Fleet:
    """Processes that train what they are given, and wait for it in between.

    Attributes:
        start_seconds: What it took until all were ready to train.
    """

    def __init__(self, size: int, *, start: str = "spawn") -> None:
        """``start``: how processes start, as :mod:`multiprocessing` names it."""
        context = get_context(start)
        ordered = time.monotonic()
        self._connections: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for _ in range(size):
            ours, theirs = context.Pipe()
            process: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
            process.start()
            theirs.close()  # so that the end of a process ends its pipe
            self._connections.append(ours)
            self._processes.append(process)
        for connection in self._connections:
            connection.recv()
        self.start_seconds = time.monotonic() - ordered

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        for process in self._processes:
            process.terminate()
            process.join()

    def fly(self, jobs: Sequence[Job], *, epochs: int) -> list[Flight]:
        """Train all jobs at once, until each has trained ``epochs`` after its first.

        Raises:
            RuntimeError: if a run ends by itself.
            EOFError: if a process dies; why stands in its output.
        """
        crew = self._connections[: len(jobs)]
        assert len(crew) == len(jobs)
        ordered = time.monotonic()
        for connection, job in zip(crew, jobs, strict=True):
            connection.send(job)
        starts = [_end_of_epoch(connection) - ordered for connection in crew]
        ends = [[time.monotonic()] for _ in crew]
        for connection in crew:
            connection.send("go on")
        while min(map(len, ends)) <= epochs:
            ready = wait(crew)
            for connection, times in zip(crew, ends, strict=True):
                if connection in ready:
                    times.append(_end_of_epoch(connection))
        for connection in crew:
            connection.send("stop")
            while isinstance(connection.recv(), float):
                pass
        return [
            Flight(start, tuple(later - earlier for earlier, later in pairwise(times)))
            for start, times in zip(starts, ends, strict=True)
        ]


def _end_of_epoch(connection: Connection) -> float:
    """The time that a run says next."""
    said = connection.recv()
    if not isinstance(said, float):
        raise RuntimeError(f"a run ended by itself: {said}")
    return said


def _work(connection: Connection) -> None:
    """A process of the fleet, set up as a worker of a sweep is."""
    engine.set_process_numerics(1)
    state = ProcessState.capture()
    connection.send("ready")
    while True:
        connection.send(_train(connection.recv(), connection))
        state.restore()


def _train(job: Job, connection: Connection) -> str:
    """Train until something is said after the first epoch; how the run ended."""
    spec = job.spec
    result = engine.train(
        make_model(spec, num_classes=job.num_classes),
        make_dataset(num_images=job.num_images, num_classes=job.num_classes),
        spec,
        regularization=regularization.resolve(spec.regularization),
        device=engine.prepare_device(job.device, threads=1, model=spec.model, width=spec.width),
        observers=[_Reporter(connection)],
        should_stop=connection.poll,
    )
    if result.status == "stopped":
        connection.recv()
    return result.status


class _Reporter:
    """Says when an epoch has ended; after the first it waits until all runs have ended theirs."""

    name = "reporter"

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def look(self, sight: engine.Sight) -> None:
        if sight.epoch:
            self._connection.send(time.monotonic())
        if sight.epoch == 1:
            self._connection.recv()

    def state(self) -> bytes:
        return b"-"

    def restore(self, state: bytes | None, *, num_epochs: int) -> bool:
        return True
