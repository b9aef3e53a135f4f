"""What benchmarks/engine.py times: the engine, bare PyTorch loops, the product of two matrices.

Each contender is a process of its own. It trains (or multiplies) for one turn whenever it reads a
line, and answers with the seconds that the turn took; between turns it sleeps. So contenders share
the cores' good and bad minutes, and each has the memory and the settings of its own kind.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from actwise import datasets, engine, models, regularization
from actwise.engine.batches import TrainingBatches
from actwise.engine.device import set_backend
from actwise.engine.images import prepare_parts
from actwise.engine.training import Training
from actwise.spec import RunSpec, TrainSpec

GEMM_SIDE = 2048
GEMM_PRODUCTS = 4
BATCH_SIZE = 128
AUGMENTED_BATCH_SIZE = 512
NUM_AUGMENTED_BATCHES = 20
NUM_IMAGES = 50_000
NUM_PREPARED_BATCHES = 16
NUM_CLASSES = 10
INPUT_SHAPE = (3, 32, 32)

Turn = Callable[[], None]


def make_spec(
    model: str, width: float, *, activation: str = "relu", level: str | None = None
) -> RunSpec:
    """The paper's cell with augmentation, at a learning rate that noise does not blow up."""
    richest = "bn+dropout+aug" if model.startswith("vgg") else "bn+aug"
    return RunSpec(
        dataset="cifar10",
        model=model,
        regularization=richest if level is None else level,
        activation=activation,
        width=width,
        seed=0,
        train=TrainSpec(batch_size=BATCH_SIZE, learning_rate=0.01, epochs=1000),
    )


def make_training(
    model: str, width: float, *, activation: str = "relu", level: str | None = None
) -> Training:
    """A run of :func:`make_spec` at its first batch, on one thread of the CPU."""
    spec = make_spec(model, width, activation=activation, level=level)
    device = engine.prepare_device("cpu", threads=1, model=model, width=width)
    set_backend(spec.train.precision, device)
    network = make_model(spec).to(memory_format=device.torch_memory_format)  # type: ignore[call-overload]
    bound = regularization.resolve(spec.regularization)
    parts = prepare_parts(make_dataset(), spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=bound,
        batch_size=BATCH_SIZE,
        seed=0,
        device=device,
    )
    training = Training(network, batches, spec=spec, regularization=bound, device=device)
    training.begin()
    return training


def make_model(spec: RunSpec) -> nn.Module:
    """The network of a run with its initial weights."""
    model = models.build_network(spec, input_shape=INPUT_SHAPE, num_classes=NUM_CLASSES)
    models.initialise(model, seed=0, init="he", gain=1.0)
    return model


@cache
def make_dataset() -> datasets.Dataset:
    """As many random images as CIFAR-10 has: what they show does not matter for the time."""

    def part(num_images: int) -> tuple[torch.Tensor, torch.Tensor]:
        images_NCHW = torch.randint(0, 256, (num_images, *INPUT_SHAPE), dtype=torch.uint8)
        return images_NCHW, torch.randint(0, NUM_CLASSES, (num_images,))

    info = datasets.DatasetInfo(
        level="random",
        digest="",
        input_shape=INPUT_SHAPE,
        num_classes=NUM_CLASSES,
        num_train=NUM_IMAGES,
        num_test=BATCH_SIZE,
        class_names=tuple("0123456789"),
    )
    return datasets.Dataset(info, *part(NUM_IMAGES), *part(BATCH_SIZE))


def run_engine(spec: RunSpec, num_batches: int, threads: int) -> None:
    """``engine.train`` itself, as a sweep calls it, halted between turns where it asks to stop."""
    engine.set_process_numerics(threads)
    asked = 0
    has_ended = False
    started = 0.0

    def should_stop() -> bool:
        nonlocal asked, has_ended, started
        if asked % num_batches == 0:
            if asked:
                answer(time.perf_counter() - started)
            has_ended = not wait_for_turn()
            started = time.perf_counter()
        asked += 1
        return has_ended

    with tempfile.TemporaryDirectory() as folder:
        engine.train(
            make_model(spec),
            make_dataset(),
            spec,
            regularization=regularization.resolve(spec.regularization),
            device=engine.prepare_device(
                "cpu", threads=threads, model=spec.model, width=spec.width
            ),
            checkpoints=engine.Checkpoints(
                Path(folder), "bench", 0, {}, interval_seconds=float("inf")
            ),
            should_stop=should_stop,
            on_progress=lambda progress: None,
        )
        # What lies between the last question and here is one checkpoint.
        answer(time.perf_counter() - started)


def run_bare_loop(spec: RunSpec, num_batches: int, layout: torch.memory_format) -> None:
    """The loop that everybody writes, on batches that are ready in memory."""
    torch.set_flush_denormal(True)
    model = with_torch_dropout(make_model(spec)).to(memory_format=layout)  # type: ignore[call-overload]
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=spec.train.learning_rate,
        momentum=spec.train.momentum,
        weight_decay=spec.train.weight_decay,
    )
    batches = [
        (
            torch.randn(BATCH_SIZE, *INPUT_SHAPE).to(memory_format=layout),
            torch.randint(0, NUM_CLASSES, (BATCH_SIZE,)),
        )
        for _ in range(NUM_PREPARED_BATCHES)
    ]
    model.train()
    step = 0

    def turn() -> None:
        nonlocal step
        for _ in range(num_batches):
            x_NCHW, labels_N = batches[step % NUM_PREPARED_BATCHES]
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x_NCHW), labels_N)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            step += 1

    take_turns(turn)


def run_gemm() -> None:
    """Products of two square matrices in float32."""
    torch.set_flush_denormal(True)
    a_MK, b_KN = torch.randn(2, GEMM_SIDE, GEMM_SIDE)

    def turn() -> None:
        for _ in range(GEMM_PRODUCTS):
            torch.mm(a_MK, b_KN)

    take_turns(turn)


def run_augmentation(threads: int) -> None:
    """Batches of 512 images as the engine makes them: order, flip, crop, normalization."""
    engine.set_process_numerics(threads)
    spec = make_spec("resnet18-table2", 1.0)
    device = engine.prepare_device("cpu", threads=threads, model=spec.model, width=spec.width)
    parts = prepare_parts(make_dataset(), spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=regularization.resolve(spec.regularization),
        batch_size=AUGMENTED_BATCH_SIZE,
        seed=0,
        device=device,
    )
    batches.start_epoch(1)

    def turn() -> None:
        for number in range(NUM_AUGMENTED_BATCHES):
            batches.batch(number)

    take_turns(turn)


def with_torch_dropout(model: nn.Module) -> nn.Module:
    """The same network with ``nn.Dropout`` at its dropout sites."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, regularization.Dropout):
                setattr(module, name, nn.Dropout(child.rate))
    return model


def take_turns(turn: Turn) -> None:
    """Take a turn for every line read, and say how long it took."""
    while wait_for_turn():
        started = time.perf_counter()
        turn()
        answer(time.perf_counter() - started)


def wait_for_turn() -> bool:
    """Block until it is this process's turn; false when there are no more."""
    return sys.stdin.readline() == "turn\n"


def answer(seconds: float) -> None:
    """One line: the seconds of the turn, and this process's peak memory so far."""
    peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "peak_bytes": peak_bytes}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="A contender of benchmarks/engine.py.")
    parser.add_argument("kind", choices=["engine", "default", "channels_last", "gemm", "augment"])
    parser.add_argument("--model", default="resnet18-table2")
    parser.add_argument("--width", type=float, default=0.25)
    parser.add_argument("--batches", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep-memory", action="store_true")
    arguments = parser.parse_args()
    os.nice(5)
    torch.set_num_threads(arguments.threads)
    if arguments.keep_memory:
        engine.keep_freed_memory()
    spec = make_spec(arguments.model, arguments.width)
    if arguments.kind == "engine":
        run_engine(spec, arguments.batches, arguments.threads)
    elif arguments.kind == "augment":
        run_augmentation(arguments.threads)
    elif arguments.kind == "gemm":
        run_gemm()
    else:
        layouts = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
        run_bare_loop(spec, arguments.batches, layouts[arguments.kind])


if __name__ == "__main__":
    main()
