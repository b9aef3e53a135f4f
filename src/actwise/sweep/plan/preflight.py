"""What stands in the way of a plan on this machine, found out before any run is leased."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from ...errors import DataError, SpecError
from ...spec import PlannedRun, StudySpec
from .cost import most_memory_bytes
from .options import RunOptions
from .plan import Plan
from .resources import default_workers, safe_memory_bytes, usable_cores


def check_study(study: StudySpec) -> None:
    """Refuse what no run could honour.

    Raises:
        SpecError: if the study asks for something that this version cannot do.
    """
    if study.race is not None:
        raise SpecError(
            f"study {study.name!r}: [race] is what `actwise recommend` notes of its runs; leave it "
            "out, or give the study to `recommend`"
        )


def check_try(study: StudySpec, *, what: str) -> None:
    """Refuse to train a few batches of what only the user's own function knows the batches of.

    Raises:
        SpecError: if the training is the user's own; ``what`` was asked for.
    """
    if study.task is not None:
        raise SpecError(
            f"{what} trains some batches, and nobody but {study.task.train} knows those of its "
            "own: run one seed with small settings instead, such as task.settings.epochs=1"
        )


def check_machine(runs: Sequence[PlannedRun], options: RunOptions) -> str:
    """Whether the device and the data are there; decodes the data once, for all workers.

    On a Ray cluster the device is one of its nodes', and ``options`` know its type.

    Returns:
        The type of the device: ``cpu`` or ``cuda``.

    Raises:
        SpecError: if there is no such device, or a precision is not for it.
        DataError: if a data set is missing, damaged or not what it claims to be.
    """
    from ...datasets import load_planned
    from ...engine import prepare_device

    first = runs[0].spec
    device: str = options.device
    if options.executor != "ray":
        prepared = prepare_device(
            device, threads=options.threads, model=first.model, width=first.width
        )
        device = prepared.torch_device.type
    if first.task is not None:
        return device
    check_precision(runs, device=device)
    for level, digest in dict.fromkeys((run.spec.dataset, run.settings["data"]) for run in runs):
        load_planned(level, options.data_dir, digest=digest)
    return device


def check_precision(runs: Sequence[PlannedRun], *, device: str) -> None:
    """Refuse a precision that is not for this type of device.

    Raises:
        SpecError: for ``tf32`` without CUDA.
    """
    if device != "cuda" and any(run.spec.train.precision == "tf32" for run in runs):
        raise SpecError("train.precision='tf32' needs a CUDA device; use float32 or bfloat16")


def count_workers(
    plan: Plan,
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    device: str,
    available_bytes: int | None = None,
) -> int:
    """How many of ``runs`` to train at once: as asked, or what this machine carries.

    ``available_bytes`` of memory, or what is available now.
    """
    if options.executor == "inline":
        return 1
    memory_bytes = most_memory_bytes(plan, runs)
    carried = default_workers(
        memory_bytes, threads=options.threads, device=device, available_bytes=available_bytes
    )
    return min(options.workers or carried, len(runs))


def check_memory(
    plan: Plan,
    runs: Sequence[PlannedRun],
    options: RunOptions,
    *,
    device: str,
    available_bytes: int | None = None,
) -> None:
    """Refuse a run that alone needs more memory than there is, unless ``workers`` is given.

    ``available_bytes``: as in :func:`count_workers`. On CUDA nothing is checked.

    Raises:
        SpecError: if the largest run does not fit; it names the sizes and the ways out.
    """
    if options.workers or device != "cpu":
        return
    needed_bytes = most_memory_bytes(plan, runs)
    safe_bytes = safe_memory_bytes(available_bytes)
    if needed_bytes > safe_bytes:
        raise SpecError(
            f"a run needs about {needed_bytes / 1e9:,.1f} GB of memory and this machine has "
            f"{safe_bytes / 1e9:,.1f} GB left for it, the reserve for errors of this estimate not "
            "counted: lower train.batch_size or width, or start it all the same with --workers 1"
        )


def obstacles(plan: Plan, options: RunOptions, *, workers: int, device: str) -> Iterator[str]:
    """A sentence for everything that ``run`` would refuse, and for what would make it slow.

    Args:
        plan: What is to be trained.
        options: How.
        workers: Workers that would train at once.
        device: Type of the device, ``cpu`` or ``cuda``; it need not be here.
    """
    from ...datasets import require_files

    runs = plan.distinct_cells
    levels = dict.fromkeys(run.spec.dataset for run in runs if run.spec.task is None)
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_study(plan.study),
        *(partial(require_files, level, options.data_dir) for level in levels),
        lambda: check_precision(runs, device=device),
        lambda: check_memory(plan, runs, options, device=device),
    )
    for check in checks:
        try:
            check()
        except (DataError, SpecError) as error:
            yield f"`run` would refuse: {error}"
    if device == "cpu":
        yield from crowding(plan, runs, workers=workers, threads=options.threads)


def crowding(
    plan: Plan,
    runs: Iterable[PlannedRun],
    *,
    workers: int,
    threads: int,
    available_bytes: int | None = None,
) -> Iterator[str]:
    """A sentence if so many workers wait for cores, and one if they may run out of memory.

    Args:
        plan: In which the runs are.
        runs: What is trained on the CPU.
        workers: Runs at once.
        threads: Of each of them.
        available_bytes: Of memory, for all of them; what is available now if not given.
    """
    cores = usable_cores()
    most = max(1, math.ceil(cores))
    if workers * threads > most:
        asked = f"{workers} x {threads} threads" if threads > 1 else f"{workers} workers"
        have = f"{cores:g} core{'s' if cores != 1 else ''}"
        yield f"{asked} on {have} are no faster than {most}"
    needed = workers * most_memory_bytes(plan, runs)
    safe = safe_memory_bytes(available_bytes)
    if workers > 1 and needed > safe:
        yield (
            f"{workers} workers need up to {needed / 1e9:,.1f} GB of memory at once and this "
            f"machine has {safe / 1e9:,.1f} GB left for them: `run` without --workers starts as "
            "many as it holds"
        )
