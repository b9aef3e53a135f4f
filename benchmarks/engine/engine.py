"""How fast the engine trains, against the cores' peak and bare PyTorch loops (`make bench`).

First at full width and the richest regularization: training FLOP/s (three times the forward pass)
of one engine on every core with one thread each, as a sweep runs, over those of products of
2048 x 2048 matrices on the same cores, by MKL (what `torch.mm` is) and by oneDNN (which computes
the convolutions). MKL runs at less than half of oneDNN's speed on AMD processors, so the ratio is
over the faster of the two.

Then at width 1/4 and every regularization of the shipped studies: the engine, which also augments
and records, over a bare eager loop on batches in memory (same network, dropout and optimizer, no
augmentation), one process of one thread each. Last, the time of the engine's augmentation.

All take turns (turns.py); n is the number of rounds, a ratio is the median of the rounds'
own ratios, with their quartiles. Loops run as PyTorch starts; the engine sets its process up.
"""

import argparse
import json
import statistics
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.engine.cells import BATCH_SIZE, LEVELS, NETWORKS, flop_per_image, make_spec
from benchmarks.engine.contenders import AUGMENTED_BATCHES, GEMM_FLOP
from benchmarks.engine.turns import Contender, Ratio, num_cores, rates
from benchmarks.printing import describe, markdown, where

PRODUCTS = ("mkl", "onednn")
LOOPS = ("default", "channels_last")
ACTIVATIONS = ("relu", "prelu", "elu")
# Batches of a turn, so that turns last about as long whatever the network.
FULL_WIDTH_BATCHES = {"vgg16-table1": 1, "resnet18-table2": 2}
NARROW_BATCHES = {"vgg16-table1": 6, "resnet18-table2": 9}


@dataclass(frozen=True)
class PeakRow:
    """All cores together at full width: medians, and the ratio over the faster product."""

    model: str
    regularization: str
    activation: str
    images_per_second: float
    gflops: float
    product_gflops: dict[str, float]
    over_peak: Ratio


@dataclass(frozen=True)
class LoopRow:
    """One thread at width 1/4: images/s (medians), and the engine over each loop."""

    model: str
    regularization: str
    images_per_second: dict[str, float]
    over: dict[str, Ratio]


def measure_peak(model: str, activation: str, options: argparse.Namespace) -> PeakRow:
    """One row of the first table."""
    spec = make_spec(model, options.peak_width, activation=activation)
    num_batches = 1 if options.quick else FULL_WIDTH_BATCHES[model]
    engine = Contender(
        "engine",
        *_arguments(model, options.peak_width, num_batches),
        f"--activation={activation}",
        copies=options.copies,
    )
    products = {name: Contender(name, copies=options.copies) for name in PRODUCTS}
    turns = rates({"engine": engine, **products}, rounds=options.rounds)
    images_R = turns["engine"] * num_batches * BATCH_SIZE
    flops_R = images_R * flop_per_image(spec)
    product_flops = {name: turns[name] * GEMM_FLOP for name in PRODUCTS}
    peak_R = max(product_flops.values(), key=lambda rate_R: float(np.median(rate_R)))
    return PeakRow(
        model=model,
        regularization=spec.regularization,
        activation=activation,
        images_per_second=statistics.median(images_R),
        gflops=statistics.median(flops_R) / 1e9,
        product_gflops={n: statistics.median(f_R) / 1e9 for n, f_R in product_flops.items()},
        over_peak=Ratio.of(flops_R, peak_R),
    )


def measure_loops(model: str, level: str, options: argparse.Namespace) -> LoopRow:
    """One row of the second table."""
    num_batches = 1 if options.quick else NARROW_BATCHES[model]
    arguments = [*_arguments(model, 0.25, num_batches), f"--level={level}"]
    kinds = ("engine", *LOOPS)
    turns = rates({kind: Contender(kind, *arguments) for kind in kinds}, rounds=options.rounds)
    images = {kind: turns_R * num_batches * BATCH_SIZE for kind, turns_R in turns.items()}
    return LoopRow(
        model=model,
        regularization=level,
        images_per_second={kind: statistics.median(rate_R) for kind, rate_R in images.items()},
        over={kind: Ratio.of(images["engine"], images[kind]) for kind in LOOPS},
    )


def measure_augmentation(options: argparse.Namespace) -> float:
    """Median seconds of a batch of 512 augmented images on one thread."""
    turns = rates({"": Contender("augmentation")}, rounds=options.rounds)
    return 1 / float(np.median(turns[""])) / AUGMENTED_BATCHES


def _arguments(model: str, width: float, num_batches: int) -> list[str]:
    return [f"--model={model}", f"--width={width}", f"--batches={num_batches}"]


def render_peak(rows: list[PeakRow]) -> str:
    header = ["network", "activation", "images/s", "GFLOP/s", "MKL", "oneDNN", "over peak"]
    cells = [
        [
            row.model,
            row.activation,
            f"{row.images_per_second:,.0f}",
            f"{row.gflops:,.0f}",
            *(f"{row.product_gflops[name]:,.0f}" for name in PRODUCTS),
            str(row.over_peak),
        ]
        for row in rows
    ]
    return markdown(header, cells, num_names=2)


def render_loops(rows: list[LoopRow]) -> str:
    header = ["network and regularization", "images/s", "over default", "over channels_last"]
    cells = [
        [
            f"{row.model} {row.regularization}",
            f"{row.images_per_second['engine']:,.0f}",
            *(str(row.over[kind]) for kind in LOOPS),
        ]
        for row in rows
    ]
    return markdown(header, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="turns of each contender")
    parser.add_argument(
        "--quick", action="store_true", help="1 round of one batch on one core; one cell, width 1/4"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args()
    options.peak_width = 0.25 if options.quick else 1.0
    options.copies = 1 if options.quick else num_cores()
    cells = [(model, activation) for model in NETWORKS for activation in ACTIVATIONS]
    levels = [(model, level) for model in NETWORKS for level in LEVELS[model]]
    if options.quick:
        options.rounds, cells, levels = 1, cells[:1], levels[:1]
    peaks = [measure_peak(model, activation, options) for model, activation in cells]
    loops = [measure_loops(model, level, options) for model, level in levels]
    augmentation_seconds = measure_augmentation(options)
    place = where(n=options.rounds, threads=1, processes=options.copies)
    if options.json:
        content: dict[str, Any] = {
            "environment": place,
            "peak": [asdict(row) for row in peaks],
            "loops": [asdict(row) for row in loops],
            "augmentation_seconds_per_512_images": augmentation_seconds,
        }
        print(json.dumps(content, indent=1))
        return
    print(f"Width {options.peak_width:g}, richest regularization, cores: {options.copies}\n")
    print(render_peak(peaks))
    print("\nWidth 1/4, one thread, the engine over bare loops:\n")
    print(render_loops(loops))
    print(f"\nFlip and crop of 512 images, one thread: {1000 * augmentation_seconds:.1f} ms.")
    print(f"\n{describe(place)}")


if __name__ == "__main__":
    main()
