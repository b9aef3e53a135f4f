"""``plan --calibrate``: measured speed and memory in place of the assumed ones."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from ..errors import ActwiseError
from ..spec import PlannedRun
from .assignment import make_label
from .estimate import Estimate, estimate, training_images
from .options import RunOptions
from .plan import Plan
from .preflight import check_machine, count_workers
from .protocol import PutBack, Tried
from .stopping import StopRequest
from .trial import try_runs

NUM_BATCHES = 3
"""One to warm up, two that are timed."""


@dataclass(frozen=True, kw_only=True)
class CellRate:
    """Speed of one distinct network with its activation, while all workers train it at once.

    Attributes:
        images_per_second: Of one worker, median over the workers.
        peak_memory_bytes: Of one worker's process, most of all; None where it is not known.
        seconds_per_run: All epochs, test images not counted; an upper bound with plateau.
    """

    label: str
    images_per_second: float
    peak_memory_bytes: int | None
    seconds_per_run: float


@dataclass(frozen=True)
class Calibration:
    """A plan's cost by measurement."""

    estimate: Estimate
    cells: tuple[CellRate, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"estimate": self.estimate.to_json(), "cells": [asdict(c) for c in self.cells]}


def calibrate(plan: Plan, options: RunOptions | None = None) -> Calibration:
    """Train three batches of every network of ``plan`` on every worker; nothing is kept.

    Cells that differ only in what costs no time (learning rate, schedule ...) share one try.

    Raises:
        ActwiseError: if a cell cannot be trained.
        SpecError: if the device is not there.
        DataError: if a data set is missing or damaged.
    """
    options = options or RunOptions()
    runs = plan.distinct_cells
    device = check_machine(runs, options)
    workers = count_workers(plan, runs, options, device=device)
    kinds: dict[tuple[object, ...], PlannedRun] = {}
    for run in runs:
        kinds.setdefault(_kind(run), run)
    rates = _measure(list(kinds.values()), options, workers=workers)
    cells = [_cell_rate(plan, run, rates[kinds[_kind(run)].run_id]) for run in runs]
    seconds = sum(cell.seconds_per_run for cell in cells) * len(plan.study.seeds) / workers
    memory = [cell.peak_memory_bytes for cell in cells if cell.peak_memory_bytes is not None]
    arithmetic = estimate(plan, workers=workers)
    measured = replace(
        arithmetic,
        memory_bytes=max(memory, default=arithmetic.memory_bytes),
        seconds=seconds,
        basis=f"measured: {NUM_BATCHES - 1} steps of every network with {workers} workers busy",
    )
    return Calibration(measured, tuple(cells))


def _kind(run: PlannedRun) -> tuple[object, ...]:
    """What the time of a step depends on."""
    train = run.spec.train
    levels = tuple(run.settings[name] for name in ("model", "regularization", "activation"))
    protocol = (train.batch_size, train.optimizer, train.precision, train.compile)
    return (run.settings["data"], *levels, run.spec.width, *protocol, bool(train.gradient_clip))


def _measure(
    runs: Sequence[PlannedRun], options: RunOptions, *, workers: int
) -> dict[str, list[Tried]]:
    """Every run once on every worker, so that all are busy with the same network."""
    copies = [run for run in runs for _ in range(workers)]
    found: dict[str, list[Tried]] = {run.run_id: [] for run in runs}
    with StopRequest(time_limit_seconds=options.time_limit_seconds) as stop:
        for trial in try_runs(
            copies, options, max_batches=NUM_BATCHES, workers=workers, should_stop=stop
        ):
            if isinstance(trial, PutBack):
                raise ActwiseError(f"calibration ended: {trial.reason}")
            if trial.traceback is not None:
                last_line = trial.traceback.strip().splitlines()[-1]
                raise ActwiseError(f"run {trial.run_id} cannot be trained: {last_line}")
            found[trial.run_id].append(trial)
        if stop():
            raise ActwiseError(f"calibration ended: stopped by {stop.reason}")
    return found


def _cell_rate(plan: Plan, run: PlannedRun, trials: Sequence[Tried]) -> CellRate:
    label = make_label(plan.study)(run)
    timed = [trial.images_per_second for trial in trials if trial.images_per_second]
    if not timed:
        raise ActwiseError(f"run {label} diverges in its first batches and cannot be timed")
    rate = median(timed)
    memory = [t.peak_memory_bytes for t in trials if t.peak_memory_bytes is not None]
    return CellRate(
        label=label,
        images_per_second=rate,
        peak_memory_bytes=max(memory, default=None),
        seconds_per_run=training_images(run.spec, plan.description(run)) / rate,
    )
