"""Whether ``train.compile`` pays on this machine, by trying: nothing decides it silently.

Compiling costs every run its seconds and gives every step a little: what comes out depends on the
network, on the machine and on how long a run is.
"""

import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from typing import Any

from ...spec import PlannedRun, canonical_settings, cell_hash, run_id, spec_hash
from ..plan import Plan, RunOptions, compiler_bytes, safe_memory_bytes, training_images
from .calibrate import Calibration, CellRate
from .tries import TrialError, measure, pace

SHORTEST_RUN_SECONDS = 120.0
"""Shorter runs are not tried. To compile takes a minute or more (docs/performance.md): a step that
took half the time would only just repay that."""

LEAST_SAVING = 0.05
"""Of a run's seconds, from which on compiling is recommended; less is lost in a machine's noise."""


NUM_TURNS = 2
NUM_BATCHES = 6
"""Of a try, the first of which is not timed. As it is and compiled take turns, for the difference
is smaller than what the load of a machine changes from minute to minute."""


@dataclass(frozen=True, kw_only=True)
class CompileTimes:
    """A run as it is and compiled; rates are one worker's while all are busy with the same cell.

    Attributes:
        seconds_per_run: As it is; an upper bound with plateau, as in :class:`.CellRate`.
        compile_seconds: What the first step takes longer, the longest of all tries; less where
            torch finds in its cache what it compiled before, as later runs of the same cell do.
        compiled_seconds_per_run: With the time of compilation; evaluations are not compiled.
        is_recommended: Whether compiling saves :data:`LEAST_SAVING` of a run or more.
    """

    images_per_second: float
    seconds_per_run: float
    compiled_images_per_second: float
    compile_seconds: float
    compiled_seconds_per_run: float
    is_recommended: bool


@dataclass(frozen=True, kw_only=True)
class ModelAdvice:
    """What a cell of a model came to; ``times`` are None where ``problem`` says why."""

    model: str
    width: float
    regularization: str
    activation: str
    times: CompileTimes | None = None
    problem: str | None = None


@dataclass(frozen=True)
class CompileAdvice:
    """For every model that was tried; ``notes`` say what was not tried and why."""

    models: tuple[ModelAdvice, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def advise_on_compiling(
    plan: Plan,
    calibration: Calibration,
    options: RunOptions,
    *,
    shortest_run_seconds: float = SHORTEST_RUN_SECONDS,
) -> CompileAdvice:
    """Train some batches of one cell of every model, also compiled; nothing is kept.

    The first cell of every model and width whose run is long enough is tried. What it comes to
    holds for that cell: other activations gain more or lose (docs/performance.md). Where a study
    sets ``train.compile`` itself there is nothing to advise.

    Args:
        plan: The plan that was calibrated.
        calibration: What it came to.
        options: Those it was calibrated with.
        shortest_run_seconds: Runs that take less are not tried.

    Raises:
        ActwiseError: if it is stopped.
    """
    rates = {
        run.run_id: rate for run, rate in zip(plan.distinct_cells, calibration.cells, strict=True)
    }
    open_runs = [run for run in plan.distinct_cells if not _is_decided(plan, run)]
    if not open_runs:
        return CompileAdvice((), ("train.compile is set by the study: nothing to try",))
    workers = calibration.estimate.workers
    missing = missing_compiler(calibration.device)
    if missing is None and calibration.device == "cpu":
        missing = _missing_memory(plan, _first_of_models(open_runs).values(), workers=workers)
    if missing is not None:
        return CompileAdvice((), (f"not tried: {missing}",))
    long_runs = [r for r in open_runs if rates[r.run_id].seconds_per_run >= shortest_run_seconds]
    tried = _first_of_models(long_runs)
    skipped = [_name(key) for key in _first_of_models(open_runs) if key not in tried]
    notes = (f"not tried for runs under {shortest_run_seconds:g} s: {', '.join(skipped)}",)
    return CompileAdvice(
        tuple(
            _advise(plan, run, rates[run.run_id], options, workers=workers)
            for run in tried.values()
        ),
        notes if skipped else (),
    )


def missing_compiler(device: str) -> str | None:
    """What torch's compiler lacks on this machine; None where nothing is missing."""
    if device == "cuda":
        return None if find_spec("triton") else "the package triton is not installed"
    usual = {"darwin": "clang++", "win32": "cl"}.get(sys.platform, "g++")
    name = os.environ.get("CXX", usual)
    return None if shutil.which(name) else f"no C++ compiler is here ({name!r}; CXX names another)"


def _missing_memory(plan: Plan, runs: Iterable[PlannedRun], *, workers: int) -> str | None:
    """What compiling on all workers would take, where that is more than there is."""
    needed_bytes = workers * max(
        plan.description(run).memory_bytes + compiler_bytes(_compiled(plan, run).spec)
        for run in runs
    )
    safe_bytes = safe_memory_bytes()
    if needed_bytes <= safe_bytes:
        return None
    return (
        f"to compile on all workers takes about {needed_bytes / 1e9:,.1f} GB of memory, and "
        f"{safe_bytes / 1e9:,.1f} GB are left for it"
    )


def _is_decided(plan: Plan, run: PlannedRun) -> bool:
    return run.spec.train.compile or "train.compile" in plan.study.factors


_Model = tuple[str, float]


def _first_of_models(runs: list[PlannedRun]) -> Mapping[_Model, PlannedRun]:
    first: dict[_Model, PlannedRun] = {}
    for run in runs:
        first.setdefault((run.settings["model"], run.spec.width), run)
    return first


def _name(key: _Model) -> str:
    return f"{key[0]} at width {key[1]:g}"


def _advise(
    plan: Plan, run: PlannedRun, calibrated: CellRate, options: RunOptions, *, workers: int
) -> ModelAdvice:
    compiled = _compiled(plan, run)
    named = ModelAdvice(
        model=run.settings["model"],
        width=run.spec.width,
        regularization=run.spec.regularization,
        activation=run.spec.activation,
    )
    try:
        found = measure(
            [run, compiled] * NUM_TURNS, options, workers=workers, num_batches=NUM_BATCHES
        )
        eager, other = (pace(found.trials[r.run_id]) for r in (run, compiled))
    except TrialError as error:
        return replace(named, problem=str(error))
    slowest = max(trial.before_seconds or 0.0 for trial in found.trials[compiled.run_id])
    compile_seconds = max(0.0, slowest - eager.before_seconds)
    # An evaluated image counts there as the part of a trained one that it takes.
    all_images = calibrated.images_per_second * calibrated.step_seconds
    images = training_images(run.spec, plan.description(run))
    seconds = eager.before_seconds + all_images / eager.images_per_second
    saved_seconds = images / eager.images_per_second - images / other.images_per_second
    compiled_seconds = seconds + compile_seconds - saved_seconds
    times = CompileTimes(
        images_per_second=eager.images_per_second,
        seconds_per_run=seconds,
        compiled_images_per_second=other.images_per_second,
        compile_seconds=compile_seconds,
        compiled_seconds_per_run=compiled_seconds,
        is_recommended=compiled_seconds <= (1 - LEAST_SAVING) * seconds,
    )
    return replace(named, times=times)


def _compiled(plan: Plan, run: PlannedRun) -> PlannedRun:
    """The same cell with ``train.compile``, which is another run."""
    description = plan.description(run)
    train = run.spec.train.model_copy(update={"compile": True})
    spec = run.spec.model_copy(update={"train": train})
    cell = cell_hash(spec, description)
    hashed = spec_hash(cell, spec.seed)
    return PlannedRun(
        spec=spec,
        cell_hash=cell,
        spec_hash=hashed,
        run_id=run_id(hashed),
        settings=canonical_settings(spec, description),
        is_aliased=False,
        parameters=run.parameters,
    )
