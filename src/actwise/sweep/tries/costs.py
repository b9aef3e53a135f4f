"""Has the steps of some cells timed, in a process of their own."""

import queue
from collections.abc import Callable

from ...errors import DataError, SpecError
from ..executors import Nursery, StopRequest
from ..executors.executor import IDLE_SECONDS
from ..executors.worker_process import Inbox, WorkerProcess
from ..worker import Costed, CostQuestion, Refused, Round


def time_steps(
    question: CostQuestion,
    nursery: Nursery,
    *,
    stop: StopRequest | None = None,
    on_round: Callable[[Round], None] = lambda done: None,
) -> Costed:
    """Ask a new process, which ends with the answer; users' code runs nowhere else.

    Args:
        question: What is timed.
        nursery: Where the process comes from.
        stop: Asked several times a second.
        on_round: Hears of every round.

    Raises:
        SpecError: if a level is not valid, or users' code fails, exits or kills its process.
        StoppedError: if it is stopped.
    """
    inbox: Inbox = queue.SimpleQueue()
    try:
        process = WorkerProcess(nursery)
    except OSError as error:
        raise SpecError(f"no process can be started to measure in: {error}") from None
    try:
        process.listen(inbox)
        process.ask(question)
        while True:
            if stop is not None and stop():
                raise stop.error("measuring ended: stopped")
            try:
                _, message = inbox.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                continue
            if isinstance(message, Round):
                on_round(message)
            elif isinstance(message, Refused):
                kind = DataError if message.exit_code == DataError.exit_code else SpecError
                raise kind(message.reason)
            elif isinstance(message, Costed):
                return message
            else:
                raise SpecError(
                    f"the process that timed model {question.model} ended: {process.end()}"
                )
    finally:
        process.end()
