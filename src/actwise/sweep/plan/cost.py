"""What a plan will cost, before anything is measured: arithmetic, labelled as such.

Training takes three passes (forward, gradient of the inputs, gradient of the weights) of two
floating-point operations per multiply-accumulate: 3 x 2 x MACs per image. An evaluation takes the
first of them.
"""

import heapq
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...spec import Description, PlannedRun, ProbesSpec, RunSpec
from .plan import Plan, num_available
from .resources import compiler_bytes

ASSUMED_FLOPS = ((0.125, 28e9), (0.25, 67e9), (1.0, 83e9))
"""(width, floating-point operations per second of one worker with one thread): the middle of VGG16
and ResNet18 (Tables 1 and 2), two runs at once on a 2-core machine whose GEMM peak is 153e9 a core
(n = 1, torch 2.13, channels_last): 35 and 20 at width 1/8 (the demo, batches of 32), 66 and 69 at
1/4, 90 and 77 at 1. Narrow layers are slower a FLOP, for their other work shrinks with the width
and not with its square. Networks with few channels at width 1 (``resnet20`` ...) are as slow as
narrow ones: there this is too fast, by a factor of 2 to 4. ``plan --calibrate`` measures."""

LEAST_STEP_SECONDS, LEAST_STEP_SECONDS_PER_SITE = 1.0e-3, 0.6e-3
"""What a step takes however small its network is, by the places of its activation: 1.3 ms with 3
in a multilayer perceptron, 3.9 with 3 behind convolutions, 13 with 19, 64 with 109 (width 1/16,
batches of 2, 33 steps each, the faster of two runs; processor time of one thread with both cores of
an EPYC busy, torch 2.13)."""

RUN_SECONDS, RUN_SECONDS_PER_SITE = 0.03, 0.006
"""Of a run beside its steps and its evaluations: its network, its data from the cache, its record;
0.03 to 0.7 s for the networks above (n = 5 runs each)."""

START_SECONDS = 3.5
"""Of a command until its first batch (n = 1, docs/performance.md): processes that import torch."""

EVALUATION_SHARE = 1 / 3
"""Of the time of a training image: the forward pass is one of the three that training takes."""


PROBE_SHARE, PROBED_MEMORY = 2.5, 1.2
"""The same of an image that signal flow is measured on; and what a run with probes takes of the
memory of one without (:data:`actwise.diagnostics.probes.BATCH_SIZE`: 1.14 measured)."""


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """Cost of a plan.

    Attributes:
        num_cells: Labels; ``num_distinct_cells`` of them are different trainings.
        num_runs: Runs that are trained; ``num_labelled_runs`` counts every label.
        num_aliased_groups: Cells that stand under several labels.
        macs_per_image: Smallest and largest of the networks.
        parameters: Smallest and largest of the networks.
        memory_bytes: Of the largest run on a CPU, or of its process on the host of a device.
        device_memory_bytes: Of the largest run, measured on a CUDA device; else None.
        floating_point_operations: Of the training of all runs.
        is_upper_bound: Whether a schedule (plateau) may end runs before their last epoch; only
            with ``is_measured`` are the seconds then an upper bound.
        seconds: At the assumed or measured rate of all workers; None where nothing is known.
        basis: Where the rate comes from, in words.
    """

    num_cells: int
    num_distinct_cells: int
    num_runs: int
    num_labelled_runs: int
    num_aliased_groups: int
    num_excluded: int
    macs_per_image: tuple[int, int]
    parameters: tuple[int, int]
    memory_bytes: int
    floating_point_operations: float
    is_upper_bound: bool
    workers: int
    seconds: float | None
    is_measured: bool
    basis: str
    device_memory_bytes: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def estimate(
    plan: Plan, *, workers: int, threads: int = 1, cores: float = math.inf, device: str = "cpu"
) -> CostEstimate:
    """The cost of ``plan`` by arithmetic alone.

    Args:
        plan: What is to be trained.
        workers: How many runs at once.
        threads: Of each of them; assumed to be worth as many cores.
        cores: That all of them share.
        device: ``cpu``, or ``cuda``, for which no rate is assumed; nor is one of trainings of the
            user's own.
    """
    cores_of_one = min(threads, cores / workers)
    cells = plan.distinct_cells
    rates = [assumed_flops(run.spec.width) for run in cells]
    durations = [assumed_seconds(plan, run, cores=cores_of_one) for run in cells]
    num_seeds = len(plan.study.seeds)
    is_known = device == "cpu" and plan.study.task is None
    flops = sum(training_flops(run.spec, plan.description(run)) for run in cells)
    networks = plan.descriptions.values()
    return CostEstimate(
        num_cells=len(plan.cells),
        num_distinct_cells=len(plan.descriptions),
        num_runs=len(plan.distinct_runs),
        num_labelled_runs=len(plan.runs),
        num_aliased_groups=len(plan.aliases),
        num_excluded=plan.num_excluded,
        macs_per_image=_range(network.macs for network in networks),
        parameters=_range(network.parameters for network in networks),
        memory_bytes=most_memory_bytes(plan, cells),
        floating_point_operations=flops * num_seeds,
        is_upper_bound=any_may_end_early(cells),
        workers=workers,
        seconds=START_SECONDS + makespan(longest_first(durations) * num_seeds, workers=workers)
        if is_known and durations
        else None,
        is_measured=False,
        basis=f"assumed: {_range_text(rates)} GFLOP/s per core, {START_SECONDS} s to start"
        if is_known
        else "",
    )


def assumed_seconds(plan: Plan, run: PlannedRun, *, cores: float = 1.0) -> float:
    """Of one run, evaluations included, at the assumed rate on so many cores of a CPU.

    No step is faster than its calls are.
    """
    description = plan.description(run)
    sites, images = description.activation_sites, images_in_all(plan, run)
    steps = images / run.spec.train.batch_size
    least = steps * (LEAST_STEP_SECONDS + LEAST_STEP_SECONDS_PER_SITE * sites)
    operations = 6.0 * description.macs * images / (assumed_flops(run.spec.width) * cores)
    return RUN_SECONDS + RUN_SECONDS_PER_SITE * sites + max(operations, least)


def assumed_flops(width: float) -> float:
    """The rate of :data:`ASSUMED_FLOPS` at a width, interpolated on logarithms.

    Above the widest point it stays, below the narrowest it falls with the width.
    """
    widths, rates = zip(*ASSUMED_FLOPS, strict=True)
    rate = math.exp(np.interp(math.log(width), np.log(widths), np.log(rates)))
    return rate * min(1.0, width / widths[0])


def training_flops(spec: RunSpec, description: Description) -> float:
    """Floating-point operations of one run that trains all its epochs; none that are the user's."""
    return 6.0 * description.macs * training_images(spec, description)


def training_images(spec: RunSpec, description: Description) -> int:
    """Images that one run processes in training, over all its epochs."""
    train = spec.train
    size = train.train_size or num_available(spec, description)
    return train.epochs * (size // train.batch_size) * train.batch_size


def images_in_all(plan: Plan, run: PlannedRun) -> float:
    """Of one run: images of training, and those of evaluation for what they take of one.

    1 where the training is the user's own: before one was seen, all seem equally long.
    """
    if run.spec.task is not None:
        return 1.0
    trained = training_images(run.spec, plan.description(run))
    evaluated = EVALUATION_SHARE * evaluated_images(plan, run)
    return trained + evaluated + PROBE_SHARE * probed_images(plan, run)


def evaluated_images(plan: Plan, run: PlannedRun) -> int:
    """Of one run: the validation and the test split, each after every epoch or at the end."""
    epochs = run.spec.train.epochs
    description = plan.description(run)
    num_held_out = description.num_train - num_available(run.spec, description)
    observe = plan.study.observe
    num_validations = epochs if observe.validation_curve == "every" else 1
    num_tests = (epochs if observe.test_curve else 1) + observe.reestimated
    return num_validations * num_held_out + num_tests * description.num_test


def probed_images(plan: Plan, run: PlannedRun) -> int:
    """Of one run: the images of all its probes."""
    probes, epochs = plan.study.observe.probes, run.spec.train.epochs
    if probes is None:
        return 0
    return (1 + -(-epochs // probes.every)) * probe_size(plan, run, probes)


def probe_size(plan: Plan, run: PlannedRun, probes: ProbesSpec) -> int:
    """Images of one probe of a run."""
    size = run.spec.train.train_size or num_available(run.spec, plan.description(run))
    return probes.num_images(size)


def makespan(durations: Iterable[float], *, workers: int) -> float:
    """Seconds until all is done where each worker, when free, takes the next of ``durations``."""
    free_at = [0.0] * workers
    for duration in durations:
        heapq.heapreplace(free_at, free_at[0] + duration)
    return max(free_at)


def longest_first(durations: Iterable[float]) -> list[float]:
    """Those of one seed in the order in which they are trained (:class:`.order.PendingRuns`)."""
    return sorted(durations, reverse=True)


def most_memory_bytes(plan: Plan, runs: Iterable[PlannedRun]) -> int:
    """Of the largest of ``runs`` on a CPU, with the compilers beside it."""
    cells = {run.cell_hash: run for run in runs}.values()
    return max((_memory_bytes(plan, run) for run in cells), default=0)


def any_may_end_early(runs: Iterable[PlannedRun]) -> bool:
    """Whether a plateau schedule makes the number of epochs an upper bound."""
    return any(run.spec.train.schedule == "plateau" and run.spec.task is None for run in runs)


def _memory_bytes(plan: Plan, run: PlannedRun) -> int:
    share = PROBED_MEMORY if plan.study.observe.probes is not None else 1.0
    return int(share * plan.description(run).memory_bytes) + compiler_bytes(run.spec)


def _range_text(rates: Iterable[float]) -> str:
    """``28`` or ``28 to 83``."""
    found = [f"{rate / 1e9:.2g}" for rate in sorted({*rates})]
    return found[0] if len(found) == 1 else f"{found[0]} to {found[-1]}"


def _range(values: Iterable[int]) -> tuple[int, int]:
    found = list(values)
    return (min(found, default=0), max(found, default=0))
