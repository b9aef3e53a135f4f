"""A worker process: ``python -m actwise.sweep.worker``, one per slot, trains run after run.

With the number of a socket after that, it is the mother of workers (:mod:`.forking`).

It reads messages on stdin and answers on its first stdout (:mod:`.protocol`). It ends, with every
process it started, as soon as the driver's end of the pipe closes, whatever it computes: a
reader thread waits for that, and torch's operations do not hold the interpreter.
"""

import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NoReturn

from .forking import become_a_fork
from .protocol import (
    WORKERS_LOG,
    Advanced,
    CellQuestion,
    CostQuestion,
    Message,
    Setup,
    Start,
    Stop,
    Work,
    WorkerQuestion,
    decode,
    encode,
    is_told_at_start,
)

PROGRESS_SECONDS = 0.25


def main() -> None:
    """Serve the driver until its pipe closes."""
    # The driver decides when to stop; these reach a whole session when a machine shuts down.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    if sys.argv[1:]:
        become_a_fork(int(sys.argv.pop()), _import_all)
    inbox, outbox = _take_pipes()
    orders = _Orders()
    threading.Thread(target=_listen, args=(inbox, orders), daemon=True).start()
    _begin(orders.start.get())
    _serve(orders, outbox)


def _begin(start: Start) -> None:
    """Be where the driver is: the mother may be of a time when it was elsewhere."""
    sys.path[:] = start.import_path
    if str(Path.cwd()) != start.folder:  # it may be one that cannot be entered again
        os.chdir(start.folder)
    for name in filter(is_told_at_start, list(os.environ)):
        del os.environ[name]
    os.environ.update(start.environment)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, out of reach of users' code: 0 is empty, 1 goes where 2 goes."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return inbox, outbox


class _Orders:
    """What the driver has said and nobody has taken up."""

    def __init__(self) -> None:
        self.start: queue.SimpleQueue[Start] = queue.SimpleQueue()
        self.next: queue.SimpleQueue[Setup | WorkerQuestion | Work] = queue.SimpleQueue()
        self.should_stop = threading.Event()


def _listen(inbox: BinaryIO, orders: _Orders) -> None:
    try:
        for line in inbox:
            match decode(line):
                case Start() as start:
                    orders.start.put(start)
                case Setup() | CellQuestion() | CostQuestion() | Work() as order:
                    orders.next.put(order)
                case Stop():
                    orders.should_stop.set()
                    # Ignored by our trainings; one of the user's own asks nobody whether to stop.
                    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    finally:
        _end_group()


def _end_group() -> None:
    """End this process and its descendants now, without waiting for an operation to return."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _import_all() -> None:
    # Torch comes with them.
    from . import attempt, describing, process_state  # noqa: F401


def _serve(orders: _Orders, outbox: BinaryIO) -> NoReturn:
    # Torch comes with them; a fork has it. No device is touched before there is work.
    from .attempt import attempt_run
    from .describing import Planner
    from .process_state import ProcessState
    from .run_log import descriptors_to

    worker = os.getpid()

    def send(message: Message) -> None:
        if os.getpid() != worker:  # users' code forked, and went on in both
            os._exit(0)
        outbox.write(encode(message))
        outbox.flush()

    first = orders.next.get()
    planner = Planner()
    while isinstance(first, CellQuestion | CostQuestion):
        if isinstance(first, CellQuestion):
            send(planner.answer(first))
        else:
            from .costing import cost_of_steps

            send(cost_of_steps(first, on_round=send))
        first = orders.next.get()
    assert isinstance(first, Setup)
    setup, logs = first, Path(first.logs)
    if setup.cpus is not None:
        # Threads of torch inherit it: none has been started.
        os.sched_setaffinity(0, setup.cpus)
    state = ProcessState.capture()
    with descriptors_to(logs / WORKERS_LOG):
        while True:
            work = orders.next.get()
            assert isinstance(work, Work)
            for assignment in work.assignments:
                with descriptors_to(logs / f"{assignment.run_id}.log"):
                    result = attempt_run(
                        assignment,
                        setup,
                        should_stop=orders.should_stop.is_set,
                        on_progress=Throttle(send),
                    )
                    state.restore()
                send(result)


class Throttle:
    """Passes on progress a few times a second, and the end of every epoch."""

    def __init__(self, send: Callable[[Advanced], None]) -> None:
        self._send = send
        self._next_time = 0.0

    def __call__(self, progress: Advanced) -> None:
        now = time.monotonic()
        if now >= self._next_time or progress.batch == progress.batches:
            self._next_time = now + PROGRESS_SECONDS
            self._send(progress)


if __name__ == "__main__":
    main()
