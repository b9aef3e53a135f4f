"""What a worker is told: of all runs of a command, and of the one to train next."""

from ...spec import ObserveSpec, PlannedRun, TaskSpec
from ...store import RunStore
from ..plan import RunOptions, allowed_cpus, physical_cores
from .protocol import Assignment, Setup


def make_assignment(
    run: PlannedRun,
    *,
    token: int = 0,
    observe: ObserveSpec,
    task: TaskSpec | None = None,
    recorded_weights: str | None = None,
    max_batches: int | None = None,
    timed_seconds: float = 0.0,
) -> Assignment:
    """What a worker trains: the canonical levels, not the label that happened to ask for them."""
    levels = {name: run.settings[name] for name in ("model", "regularization", "activation")}
    return Assignment(
        run_id=run.run_id,
        token=token,
        spec=run.spec.model_copy(update=levels),
        observe=observe,
        data_digest=run.settings["data"],
        code_digests=tuple((level, digest) for level, digest in run.settings.get("code", ())),
        task=task,
        recorded_weights=recorded_weights,
        max_batches=max_batches,
        timed_seconds=timed_seconds,
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
        cpus=None if options.executor == "ray" else _cpus(workers * options.threads),
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
