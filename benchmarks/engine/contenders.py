"""The processes that turns.py lets take turns: the engine, loops, products, batches.

Each works for one turn whenever it is told to, and answers with the seconds that the turn took.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path

import torch
import torch.nn.functional as F

from actwise import engine, regularization
from actwise.spec import RunSpec
from benchmarks.engine.cells import (
    make_batches,
    make_dataset,
    make_device,
    make_model,
    make_spec,
    study_cells,
)
from benchmarks.engine.loops import Batches, loader_batches, make_step, memory_batches

GEMM_SIDE = 2048
GEMM_PRODUCTS = 2
GEMM_FLOP = 2 * GEMM_SIDE**3 * GEMM_PRODUCTS
AUGMENTED_BATCH_SIZE = 512
AUGMENTED_BATCHES = 20
STUDY_WARMUP_BATCHES = 3

LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}

Turn = Callable[[], None]
Kind = Callable[[argparse.Namespace], None]


def run_engine(options: argparse.Namespace) -> None:
    """``engine.train`` itself, as a sweep calls it, halted between turns where it asks to stop."""
    engine.set_process_numerics(options.threads)
    spec = _spec(options)
    asked = 0
    has_ended = False
    started = 0.0

    def should_stop() -> bool:
        nonlocal asked, has_ended, started
        if asked % options.batches == 0:
            if asked:
                options.connection.send(time.perf_counter() - started)
            has_ended = not _wait_for_turn(options)
            started = time.perf_counter()
        asked += 1
        return has_ended

    with tempfile.TemporaryDirectory() as folder:
        engine.train(
            make_model(spec),
            make_dataset(),
            spec,
            regularization=regularization.resolve(spec.regularization),
            device=make_device(spec),
            checkpoints=engine.Checkpoints(
                Path(folder), "bench", 0, {}, interval_seconds=float("inf")
            ),
            should_stop=should_stop,
            on_progress=lambda progress: None,
        )


def run_augmentation(options: argparse.Namespace) -> None:
    """Batches of 512 images as the engine makes them: order, flip, crop, normalization."""
    engine.set_process_numerics(options.threads)
    spec = make_spec("resnet18-table2", 1.0, level="bn+aug")
    settings = spec.train.model_copy(update={"batch_size": AUGMENTED_BATCH_SIZE})
    batches = make_batches(spec.model_copy(update={"train": settings}))

    def turn() -> None:
        for number in range(AUGMENTED_BATCHES):
            batches.batch(number)

    _take_turns(options, turn)


def run_default(options: argparse.Namespace) -> None:
    """The bare loop in torch's default format."""
    _run_loop(options, torch.contiguous_format)


def run_channels_last(options: argparse.Namespace) -> None:
    """The bare loop in the faster format."""
    _run_loop(options, torch.channels_last)


def run_mkl(options: argparse.Namespace) -> None:
    """Products of two square matrices as ``torch.mm`` computes them (MKL in torch's builds)."""
    a_MK, b_KN = torch.randn(2, GEMM_SIDE, GEMM_SIDE)

    def turn() -> None:
        for _ in range(GEMM_PRODUCTS):
            torch.mm(a_MK, b_KN)

    _take_turns(options, turn)


def run_onednn(options: argparse.Namespace) -> None:
    """The same products by oneDNN, which computes the convolutions."""
    a_MK, b_KN = (matrix.to_mkldnn() for matrix in torch.randn(2, GEMM_SIDE, GEMM_SIDE))

    def turn() -> None:
        for _ in range(GEMM_PRODUCTS):
            F.linear(a_MK, b_KN)

    with torch.inference_mode():
        _take_turns(options, turn)


def run_study_memory(options: argparse.Namespace) -> None:
    """The cells of the study by the bare loop, one after another."""
    batches = memory_batches(LAYOUTS[options.layout])
    _take_turns_with_study(options, lambda: batches)


def run_study_loader(options: argparse.Namespace) -> None:
    """The same by a DataLoader with transforms per image."""

    def make() -> Batches:
        return loader_batches(options.images, num_workers=options.loader_workers)

    _take_turns_with_study(options, make)


def _take_turns_with_study(options: argparse.Namespace, make: Callable[[], Batches]) -> None:
    layout = LAYOUTS[options.layout]

    def train(num_batches: int) -> None:
        for spec in study_cells():
            step = make_step(spec, layout)
            for x_NCHW, labels_N in islice(make(), num_batches):
                step(x_NCHW, labels_N)

    train(min(STUDY_WARMUP_BATCHES, options.batches))
    _take_turns(options, lambda: train(options.batches))


def _run_loop(options: argparse.Namespace, layout: torch.memory_format) -> None:
    step = make_step(_spec(options), layout)
    batches = memory_batches(layout)

    def turn() -> None:
        for x_NCHW, labels_N in islice(batches, options.batches):
            step(x_NCHW, labels_N)

    _take_turns(options, turn)


def _spec(options: argparse.Namespace) -> RunSpec:
    return make_spec(
        options.model, options.width, activation=options.activation, level=options.level
    )


def _take_turns(options: argparse.Namespace, turn: Turn) -> None:
    """Take a turn whenever told to, and say how long it took."""
    while _wait_for_turn(options):
        started = time.perf_counter()
        turn()
        options.connection.send(time.perf_counter() - started)


def _wait_for_turn(options: argparse.Namespace) -> bool:
    """Block until it is this process's turn; false when there are no more."""
    with suppress(EOFError):
        options.connection.recv()
        return True
    return False


KINDS: dict[str, Kind] = {
    "engine": run_engine,
    "augmentation": run_augmentation,
    "default": run_default,
    "channels_last": run_channels_last,
    "mkl": run_mkl,
    "onednn": run_onednn,
    "study-memory": run_study_memory,
    "study-loader": run_study_loader,
}


def main(connection: Connection, arguments: list[str]) -> None:
    """Work as ``arguments`` say, until the other end of the connection closes."""
    parser = argparse.ArgumentParser(description="A process of benchmarks/engine/turns.py.")
    parser.add_argument("kind", choices=KINDS, help="what is timed")
    parser.add_argument("--model", default="resnet18-table2", help="network that is trained")
    parser.add_argument("--width", type=float, default=0.25, help="multiplier of its channels")
    parser.add_argument("--activation", default="relu", help="of the network")
    parser.add_argument("--level", help="regularization (default: the richest)")
    parser.add_argument("--batches", type=int, default=1, help="of a turn (study: of a cell)")
    parser.add_argument("--images", type=int, default=10_000, help="of a study")
    parser.add_argument("--loader-workers", type=int, default=0, help="processes of the DataLoader")
    parser.add_argument("--layout", choices=LAYOUTS, default="channels_last", help="of a study")
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args(arguments)
    options.connection = connection
    torch.set_num_threads(options.threads)
    KINDS[options.kind](options)
