"""A whole study by the real command, against the loops that people would write (`make bench`).

`actwise run` trains 4 cells (both networks of the paper at width 1/4 with ReLU and ELU, bn+dropout
+aug) x 2 epochs x 10,000 images with a worker of one thread on each of 2 cores. Its time is that of
the command: start, workers, validation on 1,000 images after every epoch, 10,000 test images at
the end of every run, checkpoints and records in a fresh store.

The loops train the same cells with 2 threads, and nothing else: no evaluation, no record, no start.
So half an epoch of them is timed, after its warm-up, and counted as often as the study has halves.
`memory` finds its batches ready in memory, channels_last, and augments nothing; `loader` is a
DataLoader with torchvision's transforms image by image (loops.py). It comes in PyTorch's default
layout, which is what public scripts train in, and in channels_last; on 2 cores loader workers do
not make it faster (--loader-workers). All take turns, n rounds; real CIFAR-10 where $ACTWISE_DATA
or ../shared/data has it, noise elsewhere (study_data.py).

The last row is part of the first: the workers' time in training steps alone, the sum over the runs
by the number of workers. The rest of the first is start, evaluation and records.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from actwise import RunStore
from actwise.store.exchange import export_table
from benchmarks.engine.cells import BATCH_SIZE, STUDY_ACTIVATIONS, study_cells
from benchmarks.engine.turns import Contender, Ratio
from benchmarks.printing import describe, markdown, where

REPOSITORY = Path(__file__).parents[2]
NUM_IMAGES = 10_000
NUM_EPOCHS = 2
NUM_CORES = 2
NOISE = "benchmarks.engine.study_data:noise"
QUICK_IMAGES, QUICK_LEVEL = 128, f"{NOISE}(1408,128)"
WHOLE = "actwise run, all included"
TRAINING = "of it training steps"


@dataclass(frozen=True)
class Row:
    """One contender: median seconds, training images a second, and its time over the study's."""

    name: str
    seconds: float
    images_per_second: float
    over_study: Ratio


@dataclass(frozen=True)
class Source:
    """Where the study's images come from; 1,000 are held out, 10,000 trained on."""

    level: str
    validation_fraction: float
    data_dir: Path | None


def find_source() -> Source:
    """Real CIFAR-10, or noise."""
    folders = [Path(os.environ.get("ACTWISE_DATA", "")), REPOSITORY.parent / "shared" / "data"]
    for folder in folders:
        if folder.name and (folder / "cifar10").is_dir():
            return Source("cifar10", 0.02, folder)
    return Source(NOISE, 1 / 11, None)


def seconds_of_study(source: Source, options: argparse.Namespace) -> tuple[float, float]:
    """Wall-clock seconds of the command, from a fresh store to its end, and of its training."""
    with tempfile.TemporaryDirectory() as folder:
        command = study_command(source, options, folder)
        started = time.perf_counter()
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            cwd=REPOSITORY,  # first on the path, so that study_data is found
        )
        seconds = time.perf_counter() - started
        with RunStore.open(f"{folder}/store") as store:
            trained = export_table(store, "runs").column("train_seconds").to_pylist()
        return seconds, sum(trained) / NUM_CORES


def study_command(source: Source, options: argparse.Namespace, folder: str) -> list[str]:
    """The command, with its study file and its store in ``folder``."""
    study = Path(folder) / "bench.toml"
    study.write_text(study_text(source, options), encoding="utf-8")
    data = [] if source.data_dir is None else [f"--data={source.data_dir}"]
    command = [sys.executable, "-m", "actwise", "run", str(study), f"--store={folder}/store"]
    return [*command, f"--workers={NUM_CORES}", "--device=cpu", *data]


def study_text(source: Source, options: argparse.Namespace) -> str:
    """The study as a user would write it."""
    cells = study_cells()
    models = list(dict.fromkeys(cell.model for cell in cells))
    return f"""
name = "bench"
width = {cells[0].width}
seeds = "0"

[factors]
dataset = ["{source.level}"]
model = {json.dumps(models)}
regularization = ["bn+dropout+aug"]
activation = {json.dumps(STUDY_ACTIVATIONS)}

[train]
epochs = {NUM_EPOCHS}
batch_size = {BATCH_SIZE}
train_size = {options.images}
schedule = "cosine"
learning_rate = {cells[0].train.learning_rate}
validation_fraction = {source.validation_fraction}
"""


def make_loop(
    kind: str,
    options: argparse.Namespace,
    *,
    batches: int,
    layout: str = "channels_last",
) -> Contender:
    """A loop over the study's cells, ``batches`` each."""
    return Contender(
        kind,
        f"--layout={layout}",
        f"--batches={batches}",
        f"--images={options.images}",
        f"--loader-workers={options.loader_workers}",
        threads=1 if options.quick else NUM_CORES,
    )


def measure(source: Source, options: argparse.Namespace) -> list[Row]:
    """The study first, then the loops."""
    batches_of_epoch = options.images // BATCH_SIZE
    batches = max(1, batches_of_epoch // 2)
    times = NUM_EPOCHS * batches_of_epoch / batches
    loops = {
        "loop, batches in memory": make_loop("study-memory", options, batches=batches),
    } | {
        f"loop, DataLoader, {layout}": make_loop(
            "study-loader", options, batches=batches, layout=layout
        )
        for layout in ("default", "channels_last")
    }
    names = [WHOLE, *loops, TRAINING]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(options.rounds):
        whole, training = seconds_of_study(source, options)
        seconds[WHOLE].append(whole)
        seconds[TRAINING].append(training)
        for name, loop in loops.items():
            seconds[name] += [times * half_an_epoch for half_an_epoch in loop.turn()]
    for loop in loops.values():
        loop.end()
    num_images = len(study_cells()) * NUM_EPOCHS * batches_of_epoch * BATCH_SIZE
    study_R = np.array(seconds[WHOLE])
    return [
        Row(
            name,
            float(np.median(seconds[name])),
            num_images / float(np.median(seconds[name])),
            Ratio.of(np.array(seconds[name]), study_R),
        )
        for name in names
    ]


def render(rows: list[Row]) -> str:
    header = ["4 cells", "seconds", "images/s", "over the study"]
    cells = [
        [row.name, f"{row.seconds:.1f}", f"{row.images_per_second:,.0f}", str(row.over_study)]
        for row in rows
    ]
    return markdown(header, cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender")
    parser.add_argument("--images", type=int, default=NUM_IMAGES, help="trained on, per epoch")
    parser.add_argument("--loader-workers", type=int, default=0, help="processes of the DataLoader")
    parser.add_argument(
        "--quick", action="store_true", help="1 round of 128 images, loops on one thread"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.images = 1, QUICK_IMAGES
    source = Source(QUICK_LEVEL, 1 / 11, None) if options.quick else find_source()
    rows = measure(source, options)
    place = where(
        n=options.rounds,
        images=options.images,
        epochs=NUM_EPOCHS,
        data=source.level,
        loader_workers=options.loader_workers,
    )
    if options.json:
        print(json.dumps({"environment": place, "rows": [asdict(r) for r in rows]}, indent=1))
        return
    print(f"A study of 4 cells, {NUM_EPOCHS} epochs of {options.images:,} images each:\n")
    print(render(rows))
    print(f"\n{describe(place)}")


if __name__ == "__main__":
    main()
