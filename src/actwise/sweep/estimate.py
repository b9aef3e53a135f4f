"""What a plan will cost, before anything is measured: arithmetic, labelled as such.

Training takes three passes (forward, gradient of the inputs, gradient of the weights) of two
floating-point operations per multiply-accumulate: 3 x 2 x MACs per image.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..spec import Description, PlannedRun, RunSpec
from .plan import Plan, num_available

ASSUMED_FLOPS_PER_WORKER = 65e9
"""Floating-point operations per second of one worker with one thread: the median of VGG16 and
ResNet18 (Tables 1 and 2) at width 1/4 on one core of a 2-core machine whose GEMM peak is 153e9
(torch 2.13, channels_last). ``plan --calibrate`` measures instead."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Cost of a plan.

    Attributes:
        num_cells: Labels; ``num_distinct_cells`` of them are different trainings.
        num_runs: Runs that are trained; ``num_labelled_runs`` counts every label.
        num_aliased_groups: Cells that stand under several labels.
        macs_per_image: Smallest and largest of the networks.
        parameters: Smallest and largest of the networks.
        memory_bytes: Of the largest run, one training process on a CPU.
        floating_point_operations: Of all runs.
        is_upper_bound: Whether a schedule (plateau) may end runs before their last epoch.
        seconds: ``floating_point_operations`` over the assumed or measured rate of all workers.
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
    seconds: float
    basis: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def estimate(plan: Plan, *, workers: int) -> Estimate:
    """The cost of ``plan`` on ``workers`` CPU workers of one thread, by arithmetic alone."""
    total = sum(training_flops(run.spec, plan.description(run)) for run in plan.distinct_cells)
    total *= len(plan.study.seeds)
    networks = plan.descriptions.values()
    return Estimate(
        num_cells=len(plan.cells),
        num_distinct_cells=len(plan.descriptions),
        num_runs=len(plan.distinct_runs),
        num_labelled_runs=len(plan.runs),
        num_aliased_groups=len(plan.aliases),
        num_excluded=plan.num_excluded,
        macs_per_image=_range(network.macs for network in networks),
        parameters=_range(network.parameters for network in networks),
        memory_bytes=max((network.memory_bytes for network in networks), default=0),
        floating_point_operations=total,
        is_upper_bound=any_may_end_early(plan.distinct_cells),
        workers=workers,
        seconds=total / (ASSUMED_FLOPS_PER_WORKER * workers),
        basis=f"assumed: {ASSUMED_FLOPS_PER_WORKER / 1e9:g} GFLOP/s per worker",
    )


def training_flops(spec: RunSpec, description: Description) -> float:
    """Floating-point operations of one run that trains all its epochs."""
    return 6.0 * description.macs * training_images(spec, description)


def training_images(spec: RunSpec, description: Description) -> int:
    """Images that one run processes in training, over all its epochs."""
    train = spec.train
    size = train.train_size or num_available(spec, description)
    return train.epochs * (size // train.batch_size) * train.batch_size


def any_may_end_early(runs: Iterable[PlannedRun]) -> bool:
    """Whether a plateau schedule makes the number of epochs an upper bound."""
    return any(run.spec.train.schedule == "plateau" for run in runs)


def _range(values: Iterable[int]) -> tuple[int, int]:
    found = list(values)
    return (min(found, default=0), max(found, default=0))
