"""One attempt at one run: build, train, and tell results from stops and accidents."""

import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from torch import nn

from ...datasets import Dataset, load_planned
from ...diagnostics import ProbeObserver, reestimated_for_test
from ...engine import (
    Checkpoints,
    Device,
    Observer,
    Progress,
    TrainResult,
    prepare_device,
    save_weights,
    set_process_numerics,
    train,
)
from ...engine.captured import NUM_WARMUP_STEPS
from ...errors import DataError
from ...models import initial_network
from ...registry import parse_level
from ...regularization import resolve as resolve_regularization
from ...store import written_weights
from ...store.records import RunRecord
from ...usercode import code_digest, import_module_of
from .accidents import accident
from .batch_clock import BatchClock
from .process_state import (
    device_memory_bytes,
    peak_memory_bytes,
    reset_peak_memory,
    seed_global_generators,
    set_torch_defaults,
)
from .protocol import Advanced, Assignment, Done, PutBack, Result, Setup, Tried
from .recording import make_record, numerics_of, where_trained
from .task_attempt import attempt_task, device_of_task

StopQuestion = Callable[[], bool]
ProgressListener = Callable[[Advanced], None]


def attempt_run(
    assignment: Assignment,
    setup: Setup,
    *,
    should_stop: StopQuestion,
    on_progress: ProgressListener,
) -> Result:
    """Train one run, from its newest checkpoint if it has one.

    Returns:
        ``Done`` with a result (also diverged), or with the traceback of an exception in code;
        ``PutBack`` after a stop or an accident of the machine; ``Tried`` for a mere try. Whatever
        a user's code raises ends in one of these, ``SystemExit`` included, but not
        ``KeyboardInterrupt``.
    """
    settings = assignment.spec.model_dump_json(exclude_defaults=True)
    note(f"run {assignment.run_id} begins, lease {assignment.token}: {settings}")
    try:
        with warnings.catch_warnings():
            result = _attempt(assignment, setup, should_stop, on_progress)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        result = _failure(assignment, setup, error)
    note(f"run {assignment.run_id} ends: {_summary(result)}")
    return result


def note(text: str) -> None:
    """One line with the time into the run's log, which is where stderr goes during a run."""
    # A full disk, or a stream that users' code closed, must not turn a log into an accident.
    with suppress(OSError, ValueError):
        sys.stderr.write(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S}] {text}\n")
        sys.stderr.flush()


def _attempt(
    assignment: Assignment, setup: Setup, should_stop: StopQuestion, on_progress: ProgressListener
) -> Result:
    _import_users_code(assignment)
    set_torch_defaults()
    set_process_numerics(setup.threads)
    seed_global_generators(assignment.spec.seed)
    if assignment.task is not None:
        return attempt_task(assignment, should_stop=should_stop, on_progress=on_progress)
    if assignment.max_batches is not None:
        return _try(assignment, setup, assignment.max_batches, should_stop)
    device = _device(assignment, setup)
    checkpoints = Checkpoints(
        Path(setup.checkpoints),
        assignment.run_id,
        assignment.token,
        numerics_of(device),
        allow_environment_change=setup.allow_environment_change,
        interval_seconds=setup.checkpoint_seconds,
    )
    asked = assignment.observe.probes
    batch_size = assignment.spec.train.batch_size
    probes = None if asked is None else ProbeObserver(asked, batch_size=batch_size)
    model, result = _train(
        assignment,
        setup,
        device=device,
        checkpoints=checkpoints,
        observers=[] if probes is None else [probes],
        should_stop=should_stop,
        on_progress=lambda progress: on_progress(_progress(assignment, progress)),
    )
    for refusal in checkpoints.refusals:
        note(f"a checkpoint was not used: {refusal}")
    if result.status == "stopped":
        return PutBack(
            run_id=assignment.run_id, reason="stopped with a checkpoint", is_accident=False
        )
    # Weights that came out otherwise are refused with their record; the kept ones stay.
    if assignment.observe.keep_weights and assignment.recorded_weights in (
        None,
        result.weights_sha256,
    ):
        folder = Path(setup.weights)
        save_weights(model, written_weights(folder, assignment.run_id, assignment.token))
    where = where_trained(device, is_changed=checkpoints.environment_changed)
    dataset = _load(assignment, setup)
    rows = () if probes is None else probes.rows
    return Done(record=make_record(assignment, result, dataset, where, probes=rows))


def _train(
    assignment: Assignment,
    setup: Setup,
    *,
    device: Device,
    checkpoints: Checkpoints | None,
    observers: Sequence[Observer] = (),
    should_stop: StopQuestion,
    on_progress: Callable[[Progress], None],
) -> tuple[nn.Module, TrainResult]:
    spec = assignment.spec
    dataset = _load(assignment, setup)
    if dataset.info.digest != assignment.data_digest:
        _loaded.clear()
        raise DataError(_changed(f"data set {spec.dataset!r}"))
    model = initial_network(
        spec, input_shape=dataset.info.input_shape, num_classes=dataset.info.num_classes
    )
    result = train(
        model,
        dataset,
        spec,
        regularization=resolve_regularization(spec.regularization),
        device=device,
        observe=assignment.observe,
        observers=observers,
        reestimate=reestimated_for_test if assignment.observe.reestimated else None,
        checkpoints=checkpoints,
        should_stop=should_stop,
        on_progress=on_progress,
    )
    return model, result


def _try(
    assignment: Assignment, setup: Setup, max_batches: int, should_stop: StopQuestion
) -> Result:
    device = _device(assignment, setup)
    # Before its steps are replayed as a graph, a run on CUDA is slower than it will be.
    num_warm = 1 + (NUM_WARMUP_STEPS if device.is_cuda else 0)
    last: list[Progress] = []

    def is_stopping() -> bool:
        clock.before_batch()
        return clock.is_over or should_stop()

    def on_progress(progress: Progress) -> None:
        clock.after_batch(ends_epoch=progress.batch == progress.batches)
        last[:] = [progress]

    reset_peak_memory(device.torch_device)
    clock = BatchClock(
        warm=num_warm if max_batches else 0,
        least=max(0, max_batches - 1),
        least_seconds=assignment.timed_seconds,
        synchronize=device.synchronize,
    )
    _, result = _train(
        assignment,
        setup,
        device=device,
        checkpoints=None,
        should_stop=is_stopping,
        on_progress=on_progress,
    )
    if result.status == "stopped" and not clock.is_over:
        return PutBack(run_id=assignment.run_id, reason="stopped", is_accident=False)
    loss = last[0].loss if last else None
    batch_seconds = clock.batch_seconds
    return Tried(
        run_id=assignment.run_id,
        loss=float("nan") if result.status == "diverged" else loss,
        images_per_second=assignment.spec.train.batch_size / batch_seconds
        if batch_seconds
        else None,
        before_seconds=clock.before_seconds,
        peak_memory_bytes=peak_memory_bytes(),
        device_memory_bytes=device_memory_bytes(device.torch_device),
    )


# A worker mostly stays with one data set; loading again would hash its files again.
_loaded: dict[tuple[str, str, str | None], Dataset] = {}


def _load(assignment: Assignment, setup: Setup) -> Dataset:
    level, digest = assignment.spec.dataset, assignment.data_digest
    key = (level, digest, setup.data_dir)
    if key not in _loaded:
        # Before the next is read: both CIFAR sets at once would be 180 MB more.
        _loaded.clear()
        folder = None if setup.data_dir is None else Path(setup.data_dir)
        _loaded[key] = load_planned(level, folder, digest=digest)
    return _loaded[key]


def _import_users_code(assignment: Assignment) -> None:
    """Import what the run names, if it is still what its id was made from.

    Before anything is set or drawn: what a module does at its import happens in the first run of
    a process only, and must not tell that run from the others.
    """
    for text, digest in assignment.code_digests:
        level = parse_level(text, kind="level")
        if code_digest(level) != digest:
            raise DataError(_changed(f"the code of {text!r}"))
        import_module_of(level, kind="level")


def _changed(what: str) -> str:
    """Nothing is filed under an id that is not what the id was made from."""
    return f"{what} has changed since the plan was made; start the command again"


def _device(assignment: Assignment, setup: Setup) -> Device:
    if assignment.task is not None:
        return device_of_task()
    return prepare_device(
        setup.device,
        threads=setup.threads,
        model=assignment.spec.model,
        width=assignment.spec.width,
    )


def _failure(assignment: Assignment, setup: Setup, error: BaseException) -> Result:
    reason = accident(error)
    if reason is not None:
        with suppress(MemoryError):  # there may be none left for it
            note("".join(traceback.format_exception(error)))
        return PutBack(run_id=assignment.run_id, reason=_in_utf8(reason), is_accident=True)
    text = _in_utf8("".join(traceback.format_exception(error)))
    note(text)
    if assignment.max_batches is not None:
        return Tried(run_id=assignment.run_id, traceback=text)
    where = where_trained(_device(assignment, setup), is_changed=False)
    return Done(
        record=RunRecord(
            run_id=assignment.run_id, status="failed", traceback=text, environment=where
        )
    )


def _in_utf8(text: str) -> str:
    """With escapes for what UTF-8 has no bytes for, as in names of files: no store holds it."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _progress(assignment: Assignment, progress: Progress) -> Advanced:
    return Advanced(**{**asdict(progress), "run_id": assignment.run_id})


def _summary(result: Result) -> str:
    if isinstance(result, Done):
        return result.record.status
    return result.reason if isinstance(result, PutBack) else "tried"
