"""What an activation costs: the time of a training step over ReLU's, for every one in the table.

    .venv/bin/python benchmarks/activations.py [--model vgg16-table1] [--width 0.25] [--rounds 7]

All networks are made first; then every activation trains one batch, in turns, again and again, so
that all share the machine's good and bad minutes. A ratio is the median over the rounds of an
activation's time over that of ReLU in the same round, with its quartiles.
"""

import argparse
import json
import os
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

import contenders
from actwise import activations, engine
from actwise.engine.training import Training
from actwise.store.environment import environment

LIMIT = 1.5
"""Above it the reason stands in docs/performance.md."""
BASELINE = "relu"


@dataclass(frozen=True)
class Cost:
    """Of one activation: milliseconds of a step (median), and over ReLU's (median, quartiles)."""

    activation: str
    milliseconds: float
    ratio: float
    lower_quartile: float
    upper_quartile: float


def measure(options: argparse.Namespace) -> list[Cost]:
    """The cost of every activation asked for, the dearest first."""
    engine.set_process_numerics(1)
    names = options.activation or list(activations.ACTIVATIONS)
    names = [BASELINE, *(name for name in names if name != BASELINE)]
    trainings = [
        contenders.make_training(options.model, options.width, activation=name) for name in names
    ]
    seconds_RA = np.array([[seconds_of(t) for t in trainings] for _ in range(options.rounds + 1)])
    seconds_RA = seconds_RA[1:]  # the first round warms up
    ratios_RA = seconds_RA / seconds_RA[:, :1]
    costs = [
        Cost(name, 1000 * float(np.median(seconds_R)), *np.quantile(ratios_R, [0.5, 0.25, 0.75]))
        for name, seconds_R, ratios_R in zip(names, seconds_RA.T, ratios_RA.T, strict=True)
    ]
    return sorted(costs, key=lambda cost: -cost.ratio)


def seconds_of(training: Training) -> float:
    """Of one batch."""
    started = time.perf_counter()
    training.train_batch()
    return time.perf_counter() - started


def render(costs: list[Cost], options: argparse.Namespace) -> Table:
    table = Table(
        title=f"Step of {options.model}, width {options.width:g}, over {BASELINE}", box=SIMPLE
    )
    table.add_column("activation", no_wrap=True)
    for heading in ("ms", "ratio", "quartiles"):
        table.add_column(heading, justify="right", no_wrap=True)
    for cost in costs:
        quartiles = f"{cost.lower_quartile:.2f}-{cost.upper_quartile:.2f}"
        mark = " *" if cost.ratio > LIMIT else ""
        table.add_row(
            cost.activation, f"{cost.milliseconds:.1f}", f"{cost.ratio:.2f}{mark}", quartiles
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="resnet18-table2")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--activation", nargs="+", help="only these, and relu")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    os.nice(5)
    costs = measure(options)
    where: dict[str, Any] = {"rounds": options.rounds, "threads": 1, **environment()}
    if options.json:
        print(json.dumps({"environment": where, "results": [asdict(c) for c in costs]}, indent=1))
        return
    console = Console()
    console.print(render(costs, options))
    num_dear = sum(cost.ratio > LIMIT for cost in costs)
    console.print(f"{num_dear} of {len(costs)} above {LIMIT} (*); torch {torch.__version__}")


if __name__ == "__main__":
    main()
