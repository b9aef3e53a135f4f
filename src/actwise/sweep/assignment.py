"""From a planned run to what a worker is told of it, and what is left of it afterwards."""

from collections.abc import Callable
from contextlib import suppress

from ..registry import format_value
from ..spec import ObserveSpec, PlannedRun, StudySpec
from ..store import RunStore, kept_weights
from .protocol import Assignment


def make_assignment(
    run: PlannedRun,
    *,
    token: int = 0,
    observe: ObserveSpec,
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
        recorded_weights=recorded_weights,
        max_batches=max_batches,
        timed_seconds=timed_seconds,
    )


def make_label(study: StudySpec) -> Callable[[PlannedRun], str]:
    """A function that names a run for people: the levels of the factors that vary, and the seed."""
    varying = [name for name, levels in study.factors.items() if len(levels) > 1]
    names = varying or ["model", "activation"]

    def label(run: PlannedRun) -> str:
        return " ".join([*(_level(run, name) for name in names), f"seed {run.spec.seed}"])

    return label


def remove_leftovers(store: RunStore, run_id: str) -> None:
    """Delete the checkpoints of a run that has ended, and what killed writers left of it."""
    left = {*store.checkpoints.glob(f"{run_id}.*"), *store.weights.glob(f"{run_id}.*")}
    for path in left - {kept_weights(store.weights, run_id)}:
        # The result is safe; what the disk does not let go now, `store gc` finds.
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _level(run: PlannedRun, factor: str) -> str:
    if factor.startswith("train."):
        name = factor.removeprefix("train.")
        return f"{name}={format_value(getattr(run.spec.train, name))}"
    value = getattr(run.spec, factor)
    return f"width={value:g}" if factor == "width" else str(value)
