"""How fast the engine trains on one CUDA device, beside what the device can do at all.

    python -m benchmarks.engine.gpu [--workers 1 2 4 8] [--compile off on] [--paper relu]
        [--json FILE]

In one process: the rates of bfloat16 products of 8,192 x 8,192 and of copies, and the loop that
everybody writes (eager.py), with convolutions in float32 and in TF32, each in its faster layout.

Then ``resnet18`` with augmentation in bfloat16, as many at once as asked for: processes that share
the device, as ``actwise run --workers N --device cuda`` starts them, with the steps as they are and
compiled (``train.compile``, which fuses what lies between convolutions). Choose by this table. The
processes share the device by time, or at once where CUDA's multi-process service runs (start it by
``nvidia-cuda-mps-control -d``); the output says which.

With the best choice, the 24 cells of the study ``paper``, or its 8 with ReLU: their steady epochs
(flights.py) give the time of 200 epochs, an extrapolation. Start, first epoch, capture and
compiling of every run count; the evaluation after a run's last epoch, checkpoints and records do
not.

With --device cpu everything is tried out in miniature, and its numbers mean nothing.
"""

import argparse
import json
import os
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from actwise import datasets, load_study
from actwise.spec import RunSpec
from benchmarks.engine import cells
from benchmarks.engine.clock import seconds_of
from benchmarks.engine.eager import CONVOLUTIONS, Eager, measure_eager, render_eager
from benchmarks.engine.flights import Fleet, Job
from benchmarks.printing import describe, markdown, where

LEARNING_RATE = 0.01
"""One that training on noise bears."""


@dataclass(frozen=True)
class InFlight:
    """Of ``workers`` runs at once: images/s together, training FLOP/s over the product's."""

    workers: int
    is_compiled: bool
    images_per_second: float
    share_of_product: float


@dataclass(frozen=True)
class PaperCell:
    """Seconds of one cell of ``paper``: before its second epoch, and of an epoch from then on."""

    cell: str
    start_seconds: float
    epoch_seconds: float
    num_epochs: int


@dataclass(frozen=True)
class Paper:
    """The cells, and the minutes of all of them at the length of the study."""

    cells: list[PaperCell]
    minutes: float


def rates_of_device(device: torch.device, *, side: int, megabytes: int) -> tuple[float, float]:
    """FLOP/s of a bfloat16 product and bytes/s of a copy (read plus write), the best of ten."""
    a_MK, b_KN = torch.randn(2, side, side, device=device).bfloat16()
    source = torch.empty(megabytes << 20, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    product_seconds = min(seconds_of(partial(torch.mm, a_MK, b_KN), device) for _ in range(10))
    copy_seconds = min(seconds_of(partial(target.copy_, source), device) for _ in range(10))
    return 2 * side**3 / product_seconds, 2 * source.numel() / copy_seconds


def measure_in_flight(options: argparse.Namespace, product_rate: float) -> list[InFlight]:
    """``resnet18``, for every number of workers, compiled or not; each is printed at once.

    A number at which a process dies, for want of memory say, ends the row of larger ones.
    """
    found: list[InFlight] = []
    for is_compiled in options.compile:
        job = make_job(_resnet18(options), options, is_compiled=is_compiled)
        with Fleet(max(options.workers), start=options.start) as fleet:
            for workers in sorted(options.workers):
                try:
                    flights = fleet.fly([job] * workers, epochs=options.epochs)
                except EOFError:
                    print(f"{_in_flight(workers, is_compiled)}: a process died", flush=True)
                    break
                rate = sum(job.images_per_epoch / flight.steady_seconds for flight in flights)
                share = rate * cells.flop_per_image(job.spec) / product_rate
                found.append(InFlight(workers, is_compiled, rate, share))
                print(f"{_in_flight(workers, is_compiled)}: {rate:,.0f} images/s", flush=True)
    if not found:
        raise SystemExit("no run could be trained")
    return found


def _in_flight(workers: int, is_compiled: bool) -> str:
    return f"{workers} in flight, {'compiled' if is_compiled else 'not compiled'}"


def measure_paper(options: argparse.Namespace, fleet: Fleet, best: InFlight) -> Paper:
    """The cells of the study that are asked for, as many at once as were best."""
    study = load_study("paper")
    jobs = [
        make_job(spec, options, is_compiled=best.is_compiled)
        for spec in study.cells()
        if options.paper in ("all", spec.activation)
    ]
    workers = min(best.workers, len(jobs))
    found: list[PaperCell] = []
    while len(found) < len(jobs):
        left = jobs[len(found) : len(found) + workers]
        # The last ones fly beside some of the first, so that all workers are busy.
        together = [*left, *jobs[: workers - len(left)]]
        flights = fleet.fly(together, epochs=options.epochs)
        found += [
            PaperCell(
                f"{job.spec.dataset} {job.spec.model} {job.spec.regularization} "
                f"{job.spec.activation}",
                flight.start_seconds,
                flight.steady_seconds,
                len(flight.epoch_seconds),
            )
            for job, flight in zip(left, flights, strict=False)
        ]
    epochs_left = study.train.epochs - 1
    seconds = sum(cell.start_seconds + epochs_left * cell.epoch_seconds for cell in found)
    return Paper(found, (fleet.start_seconds + seconds / workers) / 60)


def make_job(spec: RunSpec, options: argparse.Namespace, *, is_compiled: bool) -> Job:
    """A training of a cell that goes on until it is stopped."""
    settings = {"epochs": 1000, "learning_rate": LEARNING_RATE, "compile": is_compiled}
    if options.is_cuda:
        settings["precision"] = options.precision
    train = spec.train.model_copy(update=settings)
    num_classes = datasets.info(spec.dataset, None).num_classes
    spec = spec.model_copy(update={"width": options.width, "train": train})
    return Job(spec, options.images, num_classes, options.device)


def _resnet18(options: argparse.Namespace) -> RunSpec:
    return cells.make_spec("resnet18", options.width, level="bn+aug")


def multi_process_service() -> str:
    """Whether CUDA's multi-process service runs, as far as a client can see."""
    folder = Path(os.environ.get("CUDA_MPS_PIPE_DIRECTORY", "/tmp/nvidia-mps"))
    return "on" if (folder / "control").exists() else "off"


def render_in_flight(in_flight: list[InFlight], eager: Eager) -> str:
    header = ["runs in flight", "compiled", "images/s", "of the product"]
    header += [f"over eager {convolutions}" for convolutions in CONVOLUTIONS]
    rows = [
        [
            str(found.workers),
            "yes" if found.is_compiled else "no",
            f"{found.images_per_second:,.0f}",
            f"{found.share_of_product:.1%}",
            *(f"{found.images_per_second / eager.best(kind):.1f}" for kind in CONVOLUTIONS),
        ]
        for found in in_flight
    ]
    return markdown(header, rows, num_names=2)


def render_paper(paper: Paper, best: InFlight) -> str:
    least = min(cell.num_epochs for cell in paper.cells)
    num_epochs = load_study("paper").train.epochs
    return (
        f"{len(paper.cells)} cells x {num_epochs} epochs, "
        f"{_in_flight(best.workers, best.is_compiled)}: {paper.minutes:.1f} minutes,\n"
        f"extrapolated from at least {least} steady epochs of every cell, all runs in flight; with "
        "start, capture\nand compiling, without the last evaluation, checkpoints and records."
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--device",
        default="cuda",
        choices=["cuda", "cpu"],
        help="cpu: in miniature, to try the script",
    )
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1, 2, 4, 8], help="runs in flight"
    )
    parser.add_argument("--compile", nargs="+", choices=["off", "on"], help="default: both on CUDA")
    parser.add_argument("--epochs", type=int, default=3, help="timed of every run, after its first")
    parser.add_argument(
        "--precision",
        default="bfloat16",
        choices=["float32", "tf32", "bfloat16"],
        help="of the engine",
    )
    parser.add_argument(
        "--paper", default="all", choices=["all", "relu", "none"], help="which of the 24 cells"
    )
    parser.add_argument("--json", type=Path, help="write figures to this file too, as they come")
    options = parser.parse_args()
    if min(*options.workers, options.epochs) < 1:
        parser.error("--workers and --epochs start at 1")
    if options.json and not options.json.parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    options.is_cuda = options.device == "cuda"
    compile_ = options.compile or (["off", "on"] if options.is_cuda else ["off"])
    options.compile = [value == "on" for value in compile_]
    options.start = "spawn" if options.is_cuda else "forkserver"
    # On the CPU only whether everything runs: images and network in miniature.
    options.images, options.width = (50_000, 1.0) if options.is_cuda else (128, 1 / 8)
    return options


def main() -> None:
    options = parse()
    if options.is_cuda and not torch.cuda.is_available():
        print("skipped: no CUDA device here (--device cpu tries everything out in miniature)")
        return
    side, megabytes = (8192, 4096) if options.is_cuda else (256, 16)
    device = torch.device(options.device)
    rates = rates_of_device(device, side=side, megabytes=megabytes)
    name = torch.cuda.get_device_name() if options.is_cuda else "cpu, in miniature"
    place = where(device=name, multi_process_service=multi_process_service(), n=options.epochs)
    print(f"Products {rates[0] / 1e12:.4g} TFLOP/s, copies {rates[1] / 1e12:.3g} TB/s.\n")
    asked = {name: str(value) for name, value in vars(options).items()}
    content: dict[str, Any] = {
        "options": asked,
        "environment": place,
        "product_flops": rates[0],
        "copy_bytes_per_second": rates[1],
    }
    eager = measure_eager(_resnet18(options), device, is_quick=not options.is_cuda)
    print(render_eager(eager) + "\n", flush=True)
    content["eager"] = asdict(eager)
    save(content, options.json)
    if options.is_cuda:
        torch.cuda.empty_cache()  # all memory for the runs
    in_flight = measure_in_flight(options, rates[0])
    print(f"\n{render_in_flight(in_flight, eager)}\n", flush=True)
    content["in_flight"] = [asdict(found) for found in in_flight]
    save(content, options.json)
    best = max(in_flight, key=lambda found: found.images_per_second)
    if options.paper != "none":
        with Fleet(best.workers, start=options.start) as fleet:
            paper = measure_paper(options, fleet, best)
        print(render_paper(paper, best) + "\n")
        content["paper"] = asdict(paper)
        save(content, options.json)
    print(describe(place))


def save(content: dict[str, Any], path: Path | None) -> None:
    """What is known so far, if somebody asked for a file."""
    if path is not None:
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
