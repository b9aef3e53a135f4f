"""How fast the engine trains on one CUDA device, beside what the device can do at all.

    .venv/bin/python benchmarks/gpu.py [--workers 1 2 4 8] [--compile] [--epochs 4] [--json FILE]

In one process: the rate of bfloat16 products of 8,192 x 8,192 and of copies, and an eager float32
loop over a DataLoader. Then, for each number of runs in flight (processes that share the device, as
``actwise run --workers N --device cuda`` starts them), trainings of ``resnet18`` in bfloat16; and
with the best number, the 24 cells of ``paper``, whose steady epochs (all but the first) give the
time of 200 epochs: an extrapolation. With --device cpu everything is tried out in miniature.
"""

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch

import cells
from actwise import engine, regularization
from actwise.spec import RunSpec
from clock import seconds_of
from loops import loader_batches, make_step
from printing import describe, markdown, where

PAPER_EPOCHS = 200
PAPER_LEVELS = {
    "vgg16-table1": ("bn+dropout", "bn+dropout+aug"),
    "resnet18-table2": ("bn", "bn+aug"),
}
PAPER_NUM_CLASSES = (10, 100)


@dataclass(frozen=True)
class Job:
    """One training: so many epochs of so many random images."""

    spec: RunSpec
    num_images: int
    num_classes: int
    device: str


@dataclass(frozen=True)
class InFlight:
    """Of ``workers`` runs at once: images/s together, training FLOP/s over the product's."""

    workers: int
    images_per_second: float
    share_of_product: float


def train(job: Job) -> list[float]:
    """Seconds of every epoch, as the engine records them; in a process of the pool."""
    engine.set_process_numerics(1)
    spec = job.spec
    device = engine.prepare_device(job.device, threads=1, model=spec.model, width=spec.width)
    result = engine.train(
        cells.make_model(spec, num_classes=job.num_classes),
        cells.make_dataset(num_images=job.num_images, num_classes=job.num_classes),
        spec,
        regularization=regularization.resolve(spec.regularization),
        device=device,
    )
    return [epoch.seconds for epoch in result.epochs]


def train_all(jobs: list[Job], *, workers: int) -> list[list[float]]:
    """The epochs' seconds of all jobs, ``workers`` of them at a time."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        return list(pool.map(train, jobs))


def rates_of_device(device: torch.device, *, side: int, megabytes: int) -> tuple[float, float]:
    """FLOP/s of a bfloat16 product and bytes/s of a copy (read plus write), the best of ten."""
    a_MK, b_KN = torch.randn(2, side, side, device=device).bfloat16()
    source = torch.empty(megabytes << 20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    product_seconds = min(seconds_of(lambda: torch.mm(a_MK, b_KN), device) for _ in range(10))
    copy_seconds = min(seconds_of(lambda: target.copy_(source), device) for _ in range(10))
    return 2 * side**3 / product_seconds, 2 * source.numel() / copy_seconds


def eager_rate(spec: RunSpec, device: torch.device, *, batches: int) -> float:
    """Images/s of the loop that everybody writes: float32, eager, a DataLoader."""
    step = make_step(spec, torch.contiguous_format, device=device)
    loader = loader_batches((batches + 2) * cells.BATCH_SIZE, num_workers=2)
    step(*(tensor.to(device) for tensor in next(loader)))

    def epoch() -> None:
        for _ in range(batches):
            step(*(tensor.to(device) for tensor in next(loader)))

    return batches * cells.BATCH_SIZE / seconds_of(epoch, device)


def measure_in_flight(options: argparse.Namespace, product_rate: float) -> list[InFlight]:
    """``resnet18`` with augmentation, for every number of workers."""
    spec = with_epochs(cells.make_spec("resnet18", options.width, level="bn+aug"), options)
    job = Job(spec, options.images, 10, options.device)
    found = []
    for workers in options.workers:
        seconds = np.array(train_all([job] * workers, workers=workers))[:, 1:]
        rate = float(sum(options.images / seconds.mean(axis=1)))
        share = rate * cells.flop_per_image(spec) / product_rate
        found.append(InFlight(workers, rate, share))
    return found


def measure_paper(options: argparse.Namespace, *, workers: int) -> dict[str, float]:
    """Hours of 200 epochs of every cell, and seconds of a steady epoch of each."""
    jobs = [
        Job(with_epochs(spec, options), options.images, num_classes, options.device)
        for num_classes, model in product(PAPER_NUM_CLASSES, cells.NETWORKS)
        for level, activation in product(PAPER_LEVELS[model], ("relu", "prelu", "elu"))
        for spec in [cells.make_spec(model, options.width, activation=activation, level=level)]
    ]
    steady = [float(np.mean(seconds[1:])) for seconds in train_all(jobs, workers=workers)]
    scale = 50_000 / options.images
    found = {
        f"{job.spec.model} {job.spec.regularization} {job.spec.activation} {job.num_classes}": s
        for job, s in zip(jobs, steady, strict=True)
    }
    return {"hours": sum(steady) * scale * PAPER_EPOCHS / workers / 3600, **found}


def with_epochs(spec: RunSpec, options: argparse.Namespace) -> RunSpec:
    """In the precision and for the epochs asked for."""
    settings = {"epochs": options.epochs, "compile": options.compile}
    if options.device == "cuda":
        settings["precision"] = options.precision
    return spec.model_copy(update={"train": spec.train.model_copy(update=settings)})


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--epochs", type=int, default=4, help="the first is not counted")
    parser.add_argument("--precision", default="bfloat16", choices=["float32", "tf32", "bfloat16"])
    parser.add_argument("--compile", action="store_true", help="torch.compile in every run")
    parser.add_argument("--no-paper", action="store_true", help="leave out the 24 cells")
    parser.add_argument("--json", type=Path, help="write all figures to this file too")
    return parser.parse_args()


def main() -> None:
    options = parse()
    is_cuda = options.device == "cuda"
    if is_cuda and not torch.cuda.is_available():
        print("skipped: no CUDA device here (--device cpu tries everything out in miniature)")
        return
    # On the CPU only whether everything runs: images and network in miniature.
    options.images, options.width = (50_000, 1.0) if is_cuda else (256, 1 / 16)
    device = torch.device(options.device)
    side, megabytes = (8192, 4096) if is_cuda else (256, 16)
    product_rate, copy_rate = rates_of_device(device, side=side, megabytes=megabytes)
    spec = cells.make_spec("resnet18", options.width, level="bn+aug")
    eager = eager_rate(spec, device, batches=100 if is_cuda else 2)
    in_flight = measure_in_flight(options, product_rate)
    best = max(in_flight, key=lambda found: found.images_per_second)
    name = torch.cuda.get_device_name() if is_cuda else "cpu, in miniature"
    print(f"device {name}: bfloat16 products {product_rate / 1e12:.1f} TFLOP/s, ", end="")
    print(f"copies {copy_rate / 1e12:.2f} TB/s; eager float32 loop {eager:,.0f} images/s")
    rows = [
        [
            str(found.workers),
            f"{found.images_per_second:,.0f}",
            f"{found.share_of_product:.1%}",
            f"{found.images_per_second / eager:.1f}",
        ]
        for found in in_flight
    ]
    print(markdown(("runs in flight", "images/s", "of the product", "over eager"), rows))
    paper = {} if options.no_paper else measure_paper(options, workers=best.workers)
    if paper:
        print(
            f"24 cells x {PAPER_EPOCHS} epochs, {best.workers} in flight: "
            f"{60 * paper['hours']:.1f} minutes\n(extrapolated from {options.epochs - 1} steady "
            "epochs of every cell)"
        )
    print(describe(where()))
    if options.json:
        content = {
            "device": name,
            "product_flops": product_rate,
            "copy_bytes_per_second": copy_rate,
            "eager_images_per_second": eager,
            "in_flight": [asdict(found) for found in in_flight],
            "paper": paper,
            "environment": where(),
        }
        options.json.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
