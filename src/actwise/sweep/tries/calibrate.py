"""``plan --calibrate``: measured speed and memory in place of the assumed ones."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ...spec import PlannedRun
from ..plan import (
    CostEstimate,
    Plan,
    RunOptions,
    StepKind,
    check_machine,
    check_memory,
    check_try,
    compiler_bytes,
    count_workers,
    estimate,
    images_in_all,
    longest_first,
    make_label,
    makespan,
    step_kind,
    training_images,
)
from ..worker import Tried
from .tries import TrialError, measure, pace

_FEW_STEPS = 5
"""With fewer, most of a run is its start, and one disturbed step decides its time."""


@dataclass(frozen=True, kw_only=True)
class CellRate:
    """Speed of one distinct network with its activation, while all workers train it at once.

    Attributes:
        images_per_second: Of one worker, median over the workers.
        before_seconds: What comes before the first step at that rate.
        peak_memory_bytes: Of one worker's process, most of all; None where it is not known.
        device_memory_bytes: Of a CUDA device, for one worker, most of all; else None.
        seconds_per_run: All epochs with their evaluations, and what comes before the first step;
            an upper bound with plateau.
    """

    label: str
    images_per_second: float
    before_seconds: float
    peak_memory_bytes: int | None
    device_memory_bytes: int | None
    seconds_per_run: float

    @property
    def step_seconds(self) -> float:
        """Of a run, what its images take, evaluations included."""
        return self.seconds_per_run - self.before_seconds


@dataclass(frozen=True)
class Calibration:
    """A plan's cost by measurement, on a ``device`` (``cpu`` or ``cuda``); cells are distinct."""

    estimate: CostEstimate
    cells: tuple[CellRate, ...]
    device: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"estimate": self.estimate.to_json(), "cells": [asdict(c) for c in self.cells]}


def calibrate(
    plan: Plan,
    options: RunOptions | None = None,
    *,
    on_tried: Callable[[int, int], None] = lambda done, wanted: None,
) -> Calibration:
    """Train some batches of every network of ``plan`` on every worker; nothing is kept.

    Cells that differ only in what costs no time (learning rate, schedule ...) share one try.
    ``on_tried`` hears after every try how many are done, of how many.

    Raises:
        ActwiseError: if a cell cannot be trained.
        SpecError: if the device is not there, or a run larger than the memory.
        DataError: if a data set is missing or damaged.
    """
    options = options or RunOptions()
    check_try(plan.study, what="--calibrate")
    runs = plan.distinct_cells
    device = check_machine(runs, options)
    check_memory(plan, runs, options, device=device)
    workers = count_workers(plan, plan.distinct_runs, options, device=device)
    kinds = _longest_of_kinds(plan)
    found = measure(list(kinds.values()), options, workers=workers, on_tried=on_tried)
    cells = [_cell_rate(plan, run, found.trials[kinds[step_kind(run)].run_id]) for run in runs]
    durations = longest_first(cell.seconds_per_run for cell in cells) * len(plan.study.seeds)
    seconds = found.start_seconds + makespan(durations, workers=workers)
    arithmetic = estimate(plan, workers=workers)
    compilers = [compiler_bytes(run.spec) for run in runs]
    memory = [
        cell.peak_memory_bytes and cell.peak_memory_bytes + more
        for cell, more in zip(cells, compilers, strict=True)
    ]
    measured = replace(
        arithmetic,
        memory_bytes=_most(memory) or arithmetic.memory_bytes,
        seconds=seconds,
        device_memory_bytes=_most(cell.device_memory_bytes for cell in cells),
        is_measured=True,
        basis="measured: some steps of every network with all workers busy" + _caution(plan),
    )
    return Calibration(measured, tuple(cells), device)


def _longest_of_kinds(plan: Plan) -> dict[StepKind, PlannedRun]:
    """For every kind of step the run with the most of them: a short one may not get warm."""
    longest: dict[StepKind, PlannedRun] = {}
    for run in plan.distinct_cells:
        known = longest.setdefault(step_kind(run), run)
        if images_in_all(plan, run) > images_in_all(plan, known):
            longest[step_kind(run)] = run
    return longest


def _cell_rate(plan: Plan, run: PlannedRun, trials: Sequence[Tried]) -> CellRate:
    label = make_label(plan.study)(run)
    try:
        found = pace(trials)
    except TrialError as error:
        raise TrialError(f"run {label} {error}") from None
    images = images_in_all(plan, run)
    return CellRate(
        label=label,
        images_per_second=found.images_per_second,
        before_seconds=found.before_seconds,
        peak_memory_bytes=_most(trial.peak_memory_bytes for trial in trials),
        device_memory_bytes=_most(trial.device_memory_bytes for trial in trials),
        seconds_per_run=found.before_seconds + images / found.images_per_second,
    )


def _caution(plan: Plan) -> str:
    """What makes a measured time uncertain."""
    steps = [
        training_images(run.spec, plan.description(run)) // run.spec.train.batch_size
        for run in plan.distinct_cells
    ]
    if min(steps) >= _FEW_STEPS:
        return ""
    return f"; runs of fewer than {_FEW_STEPS} steps are too short to be timed well"


def _most(values: Iterable[int | None]) -> int | None:
    """The largest of those that are known."""
    return max((value for value in values if value is not None), default=None)
