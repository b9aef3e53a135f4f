"""One attempt at a run whose training is the user's own: there is no checkpoint, it begins anew."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import torch

from ...engine import Device
from ...store.records import RunRecord, pack_metrics
from ...tasks import ReturnedError, train_task
from .process_state import set_torch_defaults
from .protocol import Advanced, Assignment, Done, PutBack, Result
from .recording import where_trained


def attempt_task(
    assignment: Assignment,
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[Advanced], None],
) -> Result:
    """Call the function of a run; what it raises goes through, but after a stop.

    A stop comes as it would at a terminal, as KeyboardInterrupt: the function may be in a loop
    that nobody else can leave. Users' code may turn that into anything, SystemExit included, so
    whatever it raises or gives back after the stop is the stop.

    Returns:
        ``Done`` with what was returned, or with a sentence that says why that is no result;
        ``PutBack`` after a stop.
    """
    assert assignment.task is not None
    run_id = assignment.run_id
    stopped = PutBack(run_id=run_id, reason="stopped; it begins anew", is_accident=False)

    def on_epoch(epoch: int, metrics: dict[str, float | None]) -> None:
        on_progress(_progress(run_id, epoch, metrics))

    try:
        with _interruptible() as interrupts:
            if should_stop():
                return stopped
            result = train_task(
                assignment.spec,
                response=assignment.task.response,
                is_percent=assignment.task.unit == "percent",
                on_epoch=on_epoch,
            )
    except BaseException as error:
        if should_stop():
            return stopped
        if isinstance(error, KeyboardInterrupt):
            raise RuntimeError("the training raised KeyboardInterrupt") from error
        if not isinstance(error, ReturnedError):
            raise
        where = where_trained(device_of_task(), is_changed=False)
        failed = RunRecord(run_id=run_id, status="failed", traceback=str(error), environment=where)
        return Done(record=failed)
    set_torch_defaults()  # of which users' code may have left others
    if interrupts or should_stop():
        # Caught by the user's code, which then ended early.
        return stopped
    return Done(
        record=RunRecord(
            run_id=run_id,
            status="finished",
            epochs=result.epochs,
            train_seconds=result.seconds,
            environment=where_trained(device_of_task(), is_changed=False),
            observed=("probes",),
            probes=pack_metrics(result.metrics),
        )
    )


@contextmanager
def _interruptible() -> Iterator[list[int]]:
    """Let the interrupt of a stop through; the signals that came are in the list."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        raise KeyboardInterrupt

    before: Any = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


def device_of_task() -> Device:
    """What torch was used with, as far as it can be seen afterwards."""
    is_cuda = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return Device(
        torch_device=torch.device("cuda" if is_cuda else "cpu"),
        threads=torch.get_num_threads(),
        memory_format="contiguous",
    )


def _progress(run_id: str, epoch: int, metrics: dict[str, float | None]) -> Advanced:
    return Advanced(
        run_id=run_id,
        epoch=epoch,
        epochs=None,
        batch=0,
        batches=1,
        loss=None,
        images_per_second=None,
        metrics=metrics,
    )
