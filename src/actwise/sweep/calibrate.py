"""``plan --calibrate``: measured speed and memory in place of the assumed ones."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..spec import PlannedRun
from .assignment import make_label
from .estimate import Estimate, estimate, training_images
from .options import RunOptions
from .plan import Plan, num_available
from .preflight import check_machine, count_workers
from .protocol import Tried
from .trial import NUM_BATCHES, TrialError, measure, pace

EVALUATION_SHARE = 1 / 3
"""Of the time of a training image: the forward pass is one of the three that training takes."""


@dataclass(frozen=True, kw_only=True)
class CellRate:
    """Speed of one distinct network with its activation, while all workers train it at once.

    Attributes:
        images_per_second: Of one worker, median over the workers.
        before_seconds: What comes before the first step at that rate.
        peak_memory_bytes: Of one worker's process, most of all; None where it is not known.
        seconds_per_run: All epochs with their evaluations, and what comes before the first step;
            an upper bound with plateau.
    """

    label: str
    images_per_second: float
    before_seconds: float
    peak_memory_bytes: int | None
    seconds_per_run: float

    @property
    def step_seconds(self) -> float:
        """Of a run, what its images take, evaluations included."""
        return self.seconds_per_run - self.before_seconds


@dataclass(frozen=True)
class Calibration:
    """A plan's cost by measurement, on a ``device`` (``cpu`` or ``cuda``); cells are distinct."""

    estimate: Estimate
    cells: tuple[CellRate, ...]
    device: str

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
    found = measure(list(kinds.values()), options, workers=workers)
    num_test = _num_test(runs, options)
    cells = [
        _cell_rate(plan, run, found.trials[kinds[_kind(run)].run_id], num_test[run.spec.dataset])
        for run in runs
    ]
    durations = [cell.seconds_per_run for cell in cells] * len(plan.study.seeds)
    seconds = found.start_seconds + makespan(durations, workers=workers)
    memory = [cell.peak_memory_bytes for cell in cells if cell.peak_memory_bytes is not None]
    arithmetic = estimate(plan, workers=workers)
    measured = replace(
        arithmetic,
        memory_bytes=max(memory, default=arithmetic.memory_bytes),
        seconds=seconds,
        basis=f"measured: {NUM_BATCHES - 1} steps of every network with {workers} workers busy",
    )
    return Calibration(measured, tuple(cells), device)


def _kind(run: PlannedRun) -> tuple[object, ...]:
    """What the time of a step depends on."""
    train = run.spec.train
    levels = tuple(run.settings[name] for name in ("model", "regularization", "activation"))
    protocol = (train.batch_size, train.optimizer, train.precision, train.compile)
    return (run.settings["data"], *levels, run.spec.width, *protocol, bool(train.gradient_clip))


def makespan(durations: Iterable[float], *, workers: int) -> float:
    """Seconds until all is done where each worker, when free, takes the next of ``durations``."""
    free_at = [0.0] * workers
    for duration in durations:
        heapq.heapreplace(free_at, free_at[0] + duration)
    return max(free_at)


def _num_test(runs: Sequence[PlannedRun], options: RunOptions) -> dict[str, int]:
    from ..datasets import info

    levels = dict.fromkeys(run.spec.dataset for run in runs)
    return {level: info(level, options.data_dir).num_test for level in levels}


def _cell_rate(plan: Plan, run: PlannedRun, trials: Sequence[Tried], num_test: int) -> CellRate:
    label = make_label(plan.study)(run)
    try:
        found = pace(trials, batch_size=run.spec.train.batch_size)
    except TrialError as error:
        raise TrialError(f"run {label} {error}") from None
    images: float = training_images(run.spec, plan.description(run))
    images += EVALUATION_SHARE * _evaluated_images(plan, run, num_test)
    memory = [t.peak_memory_bytes for t in trials if t.peak_memory_bytes is not None]
    return CellRate(
        label=label,
        images_per_second=found.images_per_second,
        before_seconds=found.before_seconds,
        peak_memory_bytes=max(memory, default=None),
        seconds_per_run=found.before_seconds + images / found.images_per_second,
    )


def _evaluated_images(plan: Plan, run: PlannedRun, num_test: int) -> int:
    """Of one run: those held out after every epoch; the test split at the end, or as often."""
    epochs = run.spec.train.epochs
    description = plan.description(run)
    num_held_out = description.num_train - num_available(run.spec, description)
    return epochs * num_held_out + num_test * (epochs if plan.study.observe.test_curve else 1)
