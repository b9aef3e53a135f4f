"""Workers that import torch while the driver still plans, which takes both more than a second."""

from types import TracebackType
from typing import Self

from ..plan import PREPARED_BYTES, RunOptions, available_memory_bytes, default_workers
from .worker_process import WorkerProcess


class EarlyWorkers:
    """Worker processes without a store. They end with the context, unless they were taken.

    Attributes:
        available_bytes: Memory that was available before they started: what they take is part
            of what their runs are reckoned to need.
    """

    def __init__(self, options: RunOptions, *, num_runs: int) -> None:
        """Start as many as ``num_runs`` are likely to need; fewer if the system starts no more.

        None are started for runs in this process.
        """
        self.available_bytes = available_memory_bytes()
        carried = default_workers(
            PREPARED_BYTES,
            threads=options.threads,
            device=options.device,
            available_bytes=self.available_bytes,
        )
        wanted = 0 if options.executor == "inline" else min(options.workers or carried, num_runs)
        self._workers: list[WorkerProcess] = []
        try:
            while len(self._workers) < wanted:
                self._workers.append(WorkerProcess(threads=options.threads))
        except OSError:
            return

    def take(self, count: int) -> list[WorkerProcess]:
        """At most ``count`` of them, for the caller to end; the others end now."""
        taken, self._workers = self._workers[:count], self._workers[count:]
        self.close()
        return taken

    def close(self) -> None:
        """End those that are left."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
