"""What concerns all runs, found out before any is leased."""

from collections.abc import Sequence

from ..errors import SpecError
from ..spec import PlannedRun, StudySpec
from ..store import RunStore
from .estimate import most_memory_bytes
from .options import RunOptions
from .plan import Plan
from .protocol import Setup
from .resources import allowed_cpus, default_workers, physical_cores, safe_memory_bytes


def check_study(study: StudySpec) -> None:
    """Refuse what no run could honour.

    Raises:
        SpecError: if the study asks for something that this version cannot do.
    """
    if study.observe.probes:
        raise SpecError(
            f"study {study.name!r}: observe.probes=true is not available yet; leave it out"
        )


def check_machine(runs: Sequence[PlannedRun], options: RunOptions) -> str:
    """Whether the device and the data are there; decodes the data once, for all workers.

    Returns:
        The type of the device: ``cpu`` or ``cuda``.

    Raises:
        SpecError: if there is no such device, or a precision is not for it.
        DataError: if a data set is missing, damaged or not what it claims to be.
    """
    from ..datasets import load
    from ..engine import prepare_device

    first = runs[0].spec
    device = prepare_device(
        options.device, threads=options.threads, model=first.model, width=first.width
    )
    check_precision(runs, device=device.torch_device.type)
    for level in dict.fromkeys(run.spec.dataset for run in runs):
        load(level, options.data_dir)
    return device.torch_device.type


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


def make_setup(store: RunStore, options: RunOptions, *, workers: int) -> Setup:
    """What all workers of a command are told."""
    return Setup(
        data_dir=None if options.data_dir is None else str(options.data_dir.absolute()),
        device=options.device,
        threads=options.threads,
        checkpoints=str(store.checkpoints),
        weights=str(store.weights),
        logs=str(store.logs),
        cpus=_cpus(workers * options.threads),
        checkpoint_seconds=options.checkpoint_seconds,
        allow_environment_change=options.allow_environment_change,
    )


def _cpus(num_threads: int) -> tuple[int, ...] | None:
    """One logical CPU of every physical core, if that is enough: two runs on one core are slow.

    All workers get the same set and the system spreads them: pinned one by one, the workers of two
    drivers would share a core while others idle.
    """
    cores = physical_cores()
    if num_threads > len(cores) or set(cores) == allowed_cpus():
        return None
    return tuple(cores)
