"""What an activation costs: the time of a training step over ReLU's, for every one in the table.

    python -m benchmarks.engine.activations [--model vgg16-table1] [--width 0.25] [--rounds 7]

All networks are made first; then every activation trains one batch, in turns, again and again, so
that all share the machine's good and bad minutes. A ratio is the median over the rounds of an
activation's time over that of ReLU in the same round, with its quartiles. Passes are operations on
a tensor as large as the activation's input, forward and backward, counted as torch dispatches them;
transcendental are those with an exponential, a logarithm or the like.
"""

import argparse
import json
from dataclasses import asdict, dataclass

import numpy as np

from actwise import activations, engine
from benchmarks.engine.cells import make_spec, make_training
from benchmarks.engine.clock import seconds_of
from benchmarks.engine.passes import Passes, count_passes
from benchmarks.printing import describe, markdown, where

LIMIT = 1.5
"""Above it the reason stands in docs/performance.md."""
BASELINE = "relu"


@dataclass(frozen=True)
class Cost:
    """Of one activation: milliseconds of a step (median), and over ReLU's (median, quartiles)."""

    activation: str
    passes: Passes
    milliseconds: float
    ratio: float
    lower_quartile: float
    upper_quartile: float


def measure(options: argparse.Namespace) -> list[Cost]:
    """The cost of every activation asked for, the dearest first."""
    engine.set_process_numerics(1)
    names = options.activation or list(activations.ACTIVATIONS)
    names = [BASELINE, *(name for name in names if name != BASELINE)]
    specs = [make_spec(options.model, options.width, activation=name) for name in names]
    trainings = [make_training(spec)[1] for spec in specs]
    seconds_RA = np.array(
        [[seconds_of(t.train_batch) for t in trainings] for _ in range(options.rounds + 1)]
    )
    seconds_RA = seconds_RA[1:]  # the first round warms up
    ratios_RA = seconds_RA / seconds_RA[:, :1]
    costs = [
        Cost(
            name,
            count_passes(name),
            1000 * float(np.median(seconds_R)),
            *np.quantile(ratios_R, [0.5, 0.25, 0.75]),
        )
        for name, seconds_R, ratios_R in zip(names, seconds_RA.T, ratios_RA.T, strict=True)
    ]
    return sorted(costs, key=lambda cost: -cost.ratio)


def render(costs: list[Cost]) -> str:
    header = ["activation", "ms", "over relu", "quartiles", "tensor passes", "transcendental"]
    rows = [
        [
            cost.activation,
            f"{cost.milliseconds:.1f}",
            f"{cost.ratio:.2f}",
            f"{cost.lower_quartile:.2f}-{cost.upper_quartile:.2f}",
            str(cost.passes.num_all),
            str(cost.passes.num_transcendental),
        ]
        for cost in costs
    ]
    return markdown(header, rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="resnet18-table2", help="network that is trained")
    parser.add_argument("--width", type=float, default=0.25, help="multiplier of its channels")
    parser.add_argument("--rounds", type=int, default=7, help="turns of all activations")
    parser.add_argument("--activation", nargs="+", help="only these, and relu")
    parser.add_argument("--quick", action="store_true", help="one round of PReLU and ELU")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.activation = 1, ["prelu", "elu"]
    costs = measure(options)
    place = where(n=options.rounds, threads=1, model=options.model, width=options.width)
    if options.json:
        print(json.dumps({"environment": place, "results": [asdict(c) for c in costs]}, indent=1))
        return
    print(render(costs))
    num_dear = sum(cost.ratio > LIMIT for cost in costs)
    print(f"\n{num_dear} of {len(costs)} above {LIMIT}.\n\n{describe(place)}")


if __name__ == "__main__":
    main()
