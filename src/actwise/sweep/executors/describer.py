"""Describes the cells of a plan: those with users' code in forks of another process."""

import queue
from pathlib import Path
from types import TracebackType
from typing import Self

from ...errors import DataError, SpecError
from ...signs import listening
from ...spec import Describe, Description, RunSpec, description_key
from .. import worker
from .executor import IDLE_SECONDS
from .nursery import Nursery
from .stopping import StopRequest
from .worker_process import Inbox, WorkerProcess


class Describer:
    """A :data:`actwise.spec.Describe` that users' code can neither hang, end nor colour.

    Cells with users' code are described in another process, each in a fork of it. A user's data set
    is read there too, once, into the data cache for the runs. The process ends with the context.
    """

    def __init__(
        self, data_dir: Path | None, nursery: Nursery, *, stop: StopRequest | None = None
    ) -> None:
        """``data_dir``: the data folder. ``stop`` is asked several times a second."""
        self._data_dir = data_dir
        self._nursery = nursery
        self._stop = stop
        self._ours: Describe | None = None
        self._known: dict[tuple[object, ...], Description] = {}
        self._process: WorkerProcess | None = None
        self._inbox: Inbox = queue.SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    def __call__(self, cell: RunSpec) -> Description:
        """What is known of a cell.

        Raises:
            SpecError: if a level is not valid, or users' code fails, exits or kills its process.
            DataError: if the data set is missing or damaged.
            StoppedError: if the time is over.
        """
        self._heed_stop()
        if not _users_levels(cell):
            with listening(self._heed_stop):
                return self._described_here(cell)
        key = description_key(cell)
        if key not in self._known:
            self._known[key] = self._ask(cell)
        return self._known[key]

    def _heed_stop(self, *_: object) -> None:
        if self._stop is not None and self._stop():
            raise self._stop.error("planning ended, and nothing was begun: stopped")

    def _described_here(self, cell: RunSpec) -> Description:
        if self._ours is None:
            # Torch comes with it.
            from ...models import make_describe

            self._ours = make_describe(self._data_dir)
        return self._ours(cell)

    def _ask(self, cell: RunSpec) -> Description:
        self._read_here(cell)
        process = self._process = self._process or self._start()
        folder = None if self._data_dir is None else str(self._data_dir.absolute())
        process.ask(worker.CellQuestion(spec=cell, data_dir=folder))
        answer = self._wait(cell)
        if isinstance(answer, worker.Described):
            return answer.description
        if isinstance(answer, worker.Refused):
            kind = DataError if answer.exit_code == DataError.exit_code else SpecError
            raise kind(answer.reason)
        raise SpecError(f"the process that planned {_named(cell)} ended: {process.end()}")

    def _read_here(self, cell: RunSpec) -> None:
        """Decode files of the user's into the cache where it can be heard how far that is."""
        level = cell.dataset
        if cell.task is None and {*level} & {*":("} and not _is_users_dataset(level):
            from ...datasets import info

            with listening(self._heed_stop):
                info(level, self._data_dir)

    def _start(self) -> WorkerProcess:
        try:
            process = WorkerProcess(self._nursery, plans=True)
        except OSError as error:
            raise SpecError(f"no process can be started to plan in: {error}") from None
        process.listen(self._inbox)
        return process

    def _wait(self, cell: RunSpec) -> worker.Message | None:
        while True:
            if self._stop is not None and self._stop():
                raise self._stop.error(
                    f"planning of users' code ended, and nothing was begun: {_named(cell)} stopped"
                )
            try:
                return self._inbox.get(timeout=IDLE_SECONDS)[1]
            except queue.Empty:
                continue


def _users_levels(cell: RunSpec) -> list[str]:
    """Those that name users' code; what is no level at all is refused by whoever reads it."""
    if cell.task is not None:
        return [cell.task.function, *([cell.activation] if ":" in cell.activation else [])]
    levels = (cell.model, cell.regularization, cell.activation)
    named = [level for level in levels if ":" in level]
    return [cell.dataset, *named] if _is_users_dataset(cell.dataset) else named


def _named(cell: RunSpec) -> str:
    return " with ".join(_users_levels(cell))


def _is_users_dataset(level: str) -> bool:
    if ":" not in level:
        return False
    # Torch comes with it.
    from ...datasets import is_users_dataset

    return is_users_dataset(level)
