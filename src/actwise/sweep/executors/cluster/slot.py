"""What is done on a node: one ordinary worker process at a time, and the data it reads.

Nothing trains in a process of Ray's: a slot owns a pool of one, so threads, logs, signals, users'
code and bits are those of a local worker. When a slot ends, however it does, its worker follows.
"""

import os
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from socket import gethostname
from typing import Any

from .... import __version__
from ....errors import ActwiseError
from ....spec import ENGINE_VERSION
from ...worker import Advanced, PutBack, Result, Setup, Start, Work, decode, encode
from ..crew import carry
from ..kept import end_kept_mother
from ..nursery import Nursery
from ..pool import Pool
from .luggage import Files, environment_here, start_here

VERSION = f"{__version__}, engine {ENGINE_VERSION}"
_TELL_SECONDS = 1.0
"""Between two messages that hold no result: one driver hears a thousand slots."""


@dataclass(frozen=True)
class NodeReport:
    """What a node says of itself.

    Attributes:
        mark: A file that it has made in the folder of logs, for the driver to find.
        problem: Why it cannot be used, in a sentence.
    """

    node_id: str
    host: str
    mark: str = ""
    problem: str = ""


def look_around(logs: str, version: str) -> NodeReport:
    """See whether a node has what every run needs: this version, and the store's folders."""
    import ray

    host, node_id = gethostname(), ray.get_runtime_context().get_node_id()
    if version != VERSION:
        return NodeReport(node_id, host, problem=f"has actwise {VERSION}, this machine {version}")
    mark = Path(logs, f".{secrets.token_hex(8)}.tmp")
    try:
        mark.touch(exist_ok=False)
    except OSError as error:
        reason = error.strerror or str(error)
        return NodeReport(
            node_id,
            host,
            problem=f"cannot write into {logs} ({reason}); give --artifacts a folder that all see",
        )
    return NodeReport(node_id, host, mark=mark.name)


def fill_cache(start: bytes, data_dir: str | None, level: str, digest: str, box: list[Any]) -> str:
    """Have a data set in this machine's cache; why that cannot be, empty if it can.

    ``box`` holds a reference to what :func:`actwise.datasets.hand_over` gave; it is fetched only
    if this machine finds nothing of that digest itself.
    """
    import ray

    from ....datasets import load_planned, take_over

    begun = decode(start)
    assert isinstance(begun, Start)
    os.environ.update(environment_here(begun))
    try:
        if load_planned(level, data_dir, digest=digest).info.digest == digest:
            return ""
    except ActwiseError:
        pass  # then it is not here
    if take_over(*ray.get(box[0])):
        return ""
    return f"the data cache of {gethostname()} cannot be written, and {level} is not there"


class RaySlot:
    """An actor. While :meth:`train` is under way, :meth:`stop` and :meth:`end` may be called."""

    def __init__(self, setup: bytes, start: bytes) -> None:
        begun, told = decode(setup), decode(start)
        assert isinstance(begun, Setup)
        assert isinstance(told, Start)
        self._setup, self._start = begun, told
        self._folder = tempfile.TemporaryDirectory(prefix="actwise-code-")
        self._files: Files = {}
        self._nursery = Nursery(threads=begun.threads, start=self._make_start)
        self._pool = Pool(begun, 1, self._nursery)
        self._should_stop = threading.Event()

    def begin(self, version: str) -> NodeReport:
        """Say where it is, and begin to import torch."""
        found = look_around(self._setup.logs, version)
        try:
            if not found.problem:
                self._nursery.begin()
        except OSError as error:
            return replace(found, problem=f"no worker process can be started: {error}")
        return found

    def train(self, work: bytes, files: Files, *problems: str) -> Iterator[list[bytes]]:
        """What its worker says, several messages at once.

        ``problems`` with the data, if any, put the work back.
        """
        order = decode(work)
        assert isinstance(order, Work)
        for problem in filter(None, problems):
            yield [
                encode(PutBack(run_id=assignment.run_id, reason=problem, is_accident=True))
                for assignment in order.assignments
            ]
            return
        self._files = files
        said: list[Advanced | Result] = []
        next_time = 0.0
        for event in carry(
            self._pool, iter([order.assignments]), should_stop=self._should_stop.is_set
        ):
            if said and _is_outdone(said[-1], event):
                said.pop()
            said.append(event)
            if not isinstance(event, Advanced) or time.monotonic() >= next_time:
                yield [encode(each) for each in said]
                said, next_time = [], time.monotonic() + _TELL_SECONDS

    def stop(self) -> None:
        """Stop what trains at its next batch; nothing trains here after that."""
        self._should_stop.set()

    def end(self) -> None:
        """Leave no process behind."""
        with self._nursery:
            self._pool.close()
        end_kept_mother()
        self._folder.cleanup()

    def _make_start(self) -> Start:
        return start_here(self._start, self._files, Path(tempfile.mkdtemp(dir=self._folder.name)))


def _is_outdone(said: Advanced | Result, event: Advanced | Result) -> bool:
    """Whether it tells no more than the next does: of every epoch the last word counts."""
    if not (isinstance(said, Advanced) and isinstance(event, Advanced)):
        return False
    return (said.run_id, said.epoch) == (event.run_id, event.epoch)
