"""Where the time of a training step goes, by torch's profiler, as Markdown tables.

    python -m benchmarks.engine.profile_step [--width 0.25] [--steps 5] [--activation relu rational]

Every operation is counted for the part of the step that asked for it: forward under the module
that it runs in, backward under the module whose forward operation it differentiates. Columns, in
percent of a step's time: convolutions and linear layers forward and backward, norms, activations,
dropout's products, the drawing of masks, augmentation (with the gather of images), pooling, the
optimizer, the rest. The last column is the time of an evaluated image over a trained one's. What
norms take of an evaluation bounds what folding them into convolutions could save.
"""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile, record_function

from actwise import engine, regularization
from actwise.activations import is_activation
from actwise.engine.batches import TrainingBatches
from actwise.engine.masks import Masks
from actwise.engine.optimizers import Optimizer
from benchmarks.engine.cells import (
    BATCH_SIZE,
    INPUT_SHAPE,
    LEVELS,
    NETWORKS,
    make_spec,
    make_training,
)
from benchmarks.engine.clock import seconds_of
from benchmarks.printing import describe, markdown, where

PREFIX = "part:"
GROUPS = ("fwd", "bwd", "norm", "act", "drop", "mask", "aug", "pool", "opt", "rest")
ACTIVATIONS = ("relu", "prelu", "elu")
_NORMS = (nn.modules.batchnorm._NormBase, nn.GroupNorm)
_POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d)
_BACKWARD = "autograd::engine::evaluate_function"
# Images of an epoch of the study cifar-mini: 45,000 trained on, 15,000 evaluated.
_EVALUATED_PER_TRAINED = 1 / 3


@dataclass(frozen=True)
class Breakdown:
    """Milliseconds of a step (wall clock, without the profiler) and percent of it by group.

    Attributes:
        evaluation: Time of an evaluated image over that of a trained one.
        norm_of_evaluation: Percent of an evaluation's time that norms take.
    """

    milliseconds: float
    shares: dict[str, float]
    evaluation: float
    norm_of_evaluation: float

    @property
    def saved_by_folding(self) -> float:
        """Percent of a run of cifar-mini if norms cost nothing in evaluation."""
        evaluations = self.evaluation * _EVALUATED_PER_TRAINED
        return evaluations / (1 + evaluations) * self.norm_of_evaluation


def measure(model: str, level: str, activation: str, options: argparse.Namespace) -> Breakdown:
    """Profile the steps of one cell, on one thread."""
    spec = make_spec(model, options.width, activation=activation, level=level)
    network, training = make_training(spec)
    training.train_batch()
    step_seconds = fastest_of(training.train_batch, options.steps)
    with parts_named(network):
        shares = shares_of(training.train_batch, options.steps)
        network.eval()
        x_NCHW = torch.randn(BATCH_SIZE, *INPUT_SHAPE).to(memory_format=torch.channels_last)

        def evaluate() -> None:
            with torch.inference_mode():
                network(x_NCHW)

        evaluate()
        evaluation_seconds = fastest_of(evaluate, options.steps)
        evaluation_shares = shares_of(evaluate, options.steps)
    return Breakdown(
        milliseconds=1000 * step_seconds,
        shares=shares,
        evaluation=evaluation_seconds / step_seconds,
        norm_of_evaluation=evaluation_shares["norm"],
    )


def fastest_of(action: Callable[[], None], count: int) -> float:
    """Seconds of one call; the fastest of ``count``, which other work disturbs least."""
    return min(seconds_of(action) for _ in range(count))


def shares_of(action: Callable[[], None], count: int) -> dict[str, float]:
    """Percent of the time by group, over ``count`` calls."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        for _ in range(count):
            action()
    times = times_by_group(profiler.events())
    total = sum(times.values())
    return {group: 100 * times[group] / total for group in GROUPS}


@contextmanager
def parts_named(network: nn.Module) -> Iterator[None]:
    """Let every module of a kind, every draw of masks or images and every update say what it is."""
    hooks = []
    for module in network.modules():
        group = group_of(module)
        if group is not None:
            hooks += named_hooks(module, group)
    draw_masks, make_batch, update = Masks.fill, TrainingBatches.batch, Optimizer.step
    Masks.fill = named(draw_masks, "mask")  # type: ignore[method-assign]
    TrainingBatches.batch = named(make_batch, "aug")  # type: ignore[method-assign]
    Optimizer.step = named(update, "opt")  # type: ignore[method-assign]
    try:
        yield
    finally:
        Masks.fill, TrainingBatches.batch = draw_masks, make_batch  # type: ignore[method-assign]
        Optimizer.step = update  # type: ignore[method-assign]
        for hook in hooks:
            hook.remove()


def group_of(module: nn.Module) -> str | None:
    if is_activation(module):
        return "act"
    if isinstance(module, nn.Conv2d | nn.Linear):
        return "fwd"
    if isinstance(module, regularization.Dropout):
        return "drop"
    if isinstance(module, _NORMS):
        return "norm"
    return "pool" if isinstance(module, _POOLS) else None


def named_hooks(module: nn.Module, group: str) -> list[Any]:
    spans: list[record_function] = []

    def enter(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        spans.append(record_function(PREFIX + group))
        spans[-1].__enter__()  # type: ignore[no-untyped-call]

    def leave(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        spans.pop().__exit__(None, None, None)

    return [module.register_forward_pre_hook(enter), module.register_forward_hook(leave)]


def named(function: Callable[..., Any], group: str) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        with record_function(PREFIX + group):
            return function(*args, **kwargs)

    return wrapper


def times_by_group(events: Any) -> Counter[str]:
    """Self times of all events, each for the group that caused it."""
    forward_group = {
        event.sequence_nr: group
        for event in events
        if event.sequence_nr >= 0 and (group := own_group(event)) is not None
    }
    times: Counter[str] = Counter()
    for event in events:
        group = own_group(event) or backward_group(event, forward_group) or "rest"
        times[group] += event.self_cpu_time_total
    return times


def own_group(event: Any) -> str | None:
    """That of the nearest enclosing span with a name of ours."""
    while event is not None:
        if event.name.startswith(PREFIX):
            return str(event.name.removeprefix(PREFIX))
        event = event.cpu_parent
    return None


def backward_group(event: Any, forward_group: dict[int, str]) -> str | None:
    """That of the forward operation whose gradient this event computes."""
    while event is not None and not event.name.startswith(_BACKWARD):
        event = event.cpu_parent
    if event is None:
        return None
    group = forward_group.get(event.sequence_nr)
    return "bwd" if group == "fwd" else group


def render(rows: dict[str, Breakdown]) -> str:
    header = ["activation", "ms", *GROUPS, "eval"]
    cells = [
        [name, f"{row.milliseconds:.0f}"]
        + [f"{row.shares[group]:.0f}" for group in GROUPS]
        + [f"{row.evaluation:.2f}"]
        for name, row in rows.items()
    ]
    return markdown(header, cells)


def main() -> None:
    # Else the profiler tells when it starts and stops.
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--model", nargs="+", default=list(NETWORKS), help="networks that are trained"
    )
    parser.add_argument("--width", type=float, default=0.25, help="multiplier of their channels")
    parser.add_argument("--steps", type=int, default=5, help="profiled, after one to warm up")
    parser.add_argument(
        "--activation", nargs="+", default=list(ACTIVATIONS), help="of the networks"
    )
    parser.add_argument("--quick", action="store_true", help="one step of ReLU in one network")
    options = parser.parse_args()
    if options.quick:
        options.steps, options.activation, options.model = 1, ["relu"], list(NETWORKS[-1:])
    engine.set_process_numerics(1)
    for model in options.model:
        for level in LEVELS[model]:
            rows = {name: measure(model, level, name, options) for name in options.activation}
            print(f"`{model}`, `{level}`, width {options.width:g}, percent of a step:\n")
            print(render(rows))
            norms = [row.norm_of_evaluation for row in rows.values()]
            saved = median(row.saved_by_folding for row in rows.values())
            shares = " to ".join(
                dict.fromkeys(f"{share:.0f}" for share in (min(norms), max(norms)))
            )
            print(
                f"\nNorms take {shares} % of an evaluation: folding saves {saved:.1f} % of "
                "cifar-mini.\n"
            )
    print(describe(where(steps=options.steps, threads=1, batch_size=BATCH_SIZE)))


if __name__ == "__main__":
    main()
