"""How fast the engine trains, against bare PyTorch loops and the cores' peak (`make bench`).

For both networks of the paper at width 1/4 and 1, in turns: images/s of the engine (which also
augments and records), of an eager loop on batches that lie ready in memory (same network with its
dropout, threads and optimizer; default format and channels_last), and products of matrices. Ratios
are of medians over the rounds; the quartiles are those of the rounds' own ratios.

Loops run as PyTorch starts; the engine has its process's settings (engine/process.py). With
--keep-memory the loops keep freed memory too, so that only the engine itself is compared.

The last ratio is training FLOP/s (three times the forward pass) over those of the product. It can
exceed 1: on AMD processors MKL's product runs at less than half the speed of oneDNN's convolutions.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

import contenders
from actwise import datasets, models

LOOPS = ("default", "channels_last")
KINDS = ("engine", *LOOPS, "gemm")
NAMES = {
    "engine": "engine",
    "default": "bare default",
    "channels_last": "bare channels_last",
    "gemm": "GEMM, GFLOP/s",
}
# Batches of a turn, so that turns last about as long whatever the network.
NETWORKS = {
    ("vgg16-table1", 0.25): 8,
    ("resnet18-table2", 0.25): 12,
    ("vgg16-table1", 1.0): 2,
    ("resnet18-table2", 1.0): 2,
}


@dataclass(frozen=True)
class Ratio:
    """Engine over a loop: of the medians, and the quartiles of the rounds' ratios."""

    of_medians: float
    lower_quartile: float
    upper_quartile: float

    @property
    def quartiles(self) -> str:
        return f"{self.lower_quartile:.2f}-{self.upper_quartile:.2f}"


@dataclass(frozen=True)
class Measurement:
    """One network: medians over the rounds, and ratios."""

    model: str
    width: float
    rounds: int
    images_per_second: dict[str, float]
    gemm_gflops: float
    engine_over: dict[str, Ratio]
    flops_over_gemm: Ratio
    peak_bytes: dict[str, int]
    checkpoint_seconds: float


class Contender:
    """A process of benchmarks/contenders.py."""

    def __init__(self, kind: str, arguments: list[str], *, threads: int) -> None:
        self.kind = kind
        self.peak_bytes = 0
        environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
        script = Path(contenders.__file__)
        self._process = subprocess.Popen(
            [sys.executable, str(script), kind, f"--threads={threads}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def turn(self) -> float:
        """Seconds of one turn."""
        return self._exchange("turn\n")

    def end(self) -> float:
        """End the process; the engine's answer is the time of a checkpoint."""
        seconds = self._exchange("end\n") if self.kind == "engine" else 0.0
        self._process.communicate()
        return seconds

    def _exchange(self, line: str) -> float:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        self.peak_bytes = answer["peak_bytes"]
        return float(answer["seconds"])


def measure(model: str, width: float, options: argparse.Namespace) -> Measurement:
    """Time all contenders for one network, in turns; the first round warms up."""
    num_batches = 1 if options.quick else NETWORKS[model, width]
    arguments = [f"--model={model}", f"--width={width}", f"--batches={num_batches}"]
    arguments += ["--keep-memory"] if options.keep_memory else []
    contenders_by_kind = {
        kind: Contender(kind, arguments, threads=options.threads) for kind in KINDS
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for number in range(options.rounds + 1):
        for kind, contender in contenders_by_kind.items():
            turn = contender.turn()
            if number:
                seconds[kind].append(turn)
    checkpoint_seconds = max(contender.end() for contender in contenders_by_kind.values())
    num_images = num_batches * contenders.BATCH_SIZE
    speeds = {kind: num_images / np.array(seconds[kind]) for kind in ("engine", *LOOPS)}
    gemm_flop = 2 * contenders.GEMM_SIDE**3 * contenders.GEMM_PRODUCTS
    gemm = gemm_flop / np.array(seconds["gemm"])
    return Measurement(
        model=model,
        width=width,
        rounds=options.rounds,
        images_per_second={kind: statistics.median(v) for kind, v in speeds.items()},
        gemm_gflops=statistics.median(gemm) / 1e9,
        engine_over={kind: ratio(speeds["engine"], speeds[kind]) for kind in LOOPS},
        flops_over_gemm=ratio(speeds["engine"] * flop_per_image(model, width), gemm),
        peak_bytes={kind: c.peak_bytes for kind, c in contenders_by_kind.items()},
        checkpoint_seconds=checkpoint_seconds,
    )


def measure_augmentation(options: argparse.Namespace) -> float:
    """Median seconds of a batch of 512 augmented images."""
    contender = Contender("augment", [], threads=options.threads)
    turns = [contender.turn() for _ in range(options.rounds + 1)][1:]
    contender.end()
    return statistics.median(turns) / contenders.NUM_AUGMENTED_BATCHES


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> Ratio:
    """Of two series that were measured in turns."""
    lower, upper = np.quantile(numerator / denominator, [0.25, 0.75])
    medians = float(np.median(numerator) / np.median(denominator))
    return Ratio(medians, float(lower), float(upper))


def flop_per_image(model: str, width: float) -> int:
    """Of a training step: forward, and twice that backward; two operations a product."""
    info = datasets.info("cifar10", None)
    return 3 * 2 * models.describe(contenders.make_spec(model, width), info).macs


def render(measurements: list[Measurement]) -> Table:
    """Five lines a network, one a contender and one for the checkpoint."""
    table = Table(
        title="Training in turns: medians; ratio: engine over each; MB: peak memory", box=SIMPLE
    )
    table.add_column("network", no_wrap=True)
    table.add_column("contender", no_wrap=True)
    for heading in ("images/s", "ratio", "quartiles", "MB"):
        table.add_column(heading, justify="right", no_wrap=True)
    for m in measurements:
        labels = [m.model, f"width {m.width:g}", "", ""]
        speeds = m.images_per_second | {"gemm": m.gemm_gflops}
        for label, kind in zip(labels, KINDS, strict=True):
            over = m.flops_over_gemm if kind == "gemm" else m.engine_over.get(kind)
            ratios = ("", "") if over is None else (f"{over.of_medians:.2f}", over.quartiles)
            megabytes = f"{m.peak_bytes[kind] / 1e6:,.0f}"
            table.add_row(label, NAMES[kind], f"{speeds[kind]:,.0f}", *ratios, megabytes)
        table.add_row("", "checkpoint, ms", f"{1000 * m.checkpoint_seconds:.0f}", end_section=True)
    return table


def environment(options: argparse.Namespace) -> dict[str, Any]:
    """What the numbers hold for."""
    return {
        "rounds": options.rounds,
        "threads": options.threads,
        "loops_keep_memory": options.keep_memory,
        "processor": platform.processor() or platform.machine(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "cores": len(os.sched_getaffinity(0)),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1, help="of every contender")
    parser.add_argument("--rounds", type=int, default=7, help="turns of each contender")
    parser.add_argument("--quick", action="store_true", help="turns of one batch; width 1/4 only")
    parser.add_argument("--keep-memory", action="store_true", help="loops keep freed memory too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    console = Console(stderr=options.json)
    measurements = []
    for model, width in NETWORKS:
        if options.quick and width == 1.0:
            continue
        console.print(f"measuring {model} at width {width:g} ...")
        measurements.append(measure(model, width, options))
    augmentation_seconds = measure_augmentation(options)
    if options.json:
        results = [asdict(measurement) for measurement in measurements]
        content = {
            "environment": environment(options),
            "results": results,
            "augmentation_seconds_per_512_images": augmentation_seconds,
        }
        print(json.dumps(content, indent=1))
        return
    console.print(render(measurements))
    console.print(f"flip and crop of 512 images: {1000 * augmentation_seconds:.1f} ms")
    console.print(", ".join(f"{k} {v}" for k, v in environment(options).items()))


if __name__ == "__main__":
    main()
