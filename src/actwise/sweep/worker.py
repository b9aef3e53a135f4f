"""A worker process: ``python -m actwise.sweep.worker``, one per slot, trains run after run.

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
from typing import BinaryIO

from .protocol import Message, Progress, Result, Setup, Stop, Work, decode, encode

PROGRESS_SECONDS = 0.25


def main() -> None:
    """Serve the driver until its pipe closes."""
    inbox, outbox = _take_pipes()
    should_stop = threading.Event()
    work: queue.SimpleQueue[Work] = queue.SimpleQueue()
    setup = decode(inbox.readline())
    assert isinstance(setup, Setup)
    # Listening begins before torch is imported: that takes seconds.
    threading.Thread(target=_listen, args=(inbox, work, should_stop), daemon=True).start()
    _prepare_process(setup)
    _serve(setup, outbox, work, should_stop)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's pipes, out of reach of users' code: 0 is empty, 1 goes where 2 goes."""
    inbox, outbox = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return inbox, outbox


def _listen(inbox: BinaryIO, work: "queue.SimpleQueue[Work]", should_stop: threading.Event) -> None:
    try:
        for line in inbox:
            message = decode(line)
            if isinstance(message, Stop):
                should_stop.set()
            elif isinstance(message, Work):
                work.put(message)
    finally:
        _end_group()


def _end_group() -> None:
    """End this process and its descendants now, without waiting for an operation to return."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _prepare_process(setup: Setup) -> None:
    """Affinity and path, before torch is imported; the threads stand in the environment."""
    # The driver decides when to stop; these reach a whole session when a machine shuts down.
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    sys.path[:] = setup.import_path
    if setup.cpus is not None:
        os.sched_setaffinity(0, setup.cpus)


def _serve(
    setup: Setup,
    outbox: BinaryIO,
    work: "queue.SimpleQueue[Work]",
    should_stop: threading.Event,
) -> None:
    from .attempt import attempt
    from .process_state import ProcessState
    from .run_log import descriptors_to

    def send(message: Message) -> None:
        outbox.write(encode(message))
        outbox.flush()

    state = ProcessState.capture()
    while True:
        for assignment in work.get().assignments:
            with descriptors_to(Path(setup.logs) / f"{assignment.run_id}.log"):
                result: Result = attempt(
                    assignment,
                    setup,
                    should_stop=should_stop.is_set,
                    on_progress=Throttle(send),
                )
                state.restore()
            send(result)


class Throttle:
    """Passes on progress a few times a second, and the end of every epoch."""

    def __init__(self, send: Callable[[Progress], None]) -> None:
        self._send = send
        self._next_time = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now >= self._next_time or progress.batch == progress.batches:
            self._next_time = now + PROGRESS_SECONDS
            self._send(progress)


if __name__ == "__main__":
    main()
