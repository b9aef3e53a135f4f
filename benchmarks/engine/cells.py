"""The cells that the benchmarks of speed train: the paper's networks on images of CIFAR's shape."""

from functools import cache

import torch
from torch import nn

from actwise import datasets, engine, models, regularization
from actwise.engine.batches import TrainingBatches
from actwise.engine.device import set_backend
from actwise.engine.images import prepare_parts
from actwise.engine.training import Training
from actwise.spec import RunSpec, TrainSpec

NETWORKS = ("vgg16-table1", "resnet18-table2")
LEVELS = {
    "vgg16-table1": ("bn", "bn+aug", "bn+dropout", "bn+dropout+aug"),
    "resnet18-table2": ("bn", "bn+aug"),
}
"""Regularizations of the shipped studies that differ in this network, the richest last."""
STUDY_ACTIVATIONS = ("relu", "elu")
BATCH_SIZE = 128
NUM_IMAGES = 50_000
NUM_CLASSES = 10
INPUT_SHAPE = (3, 32, 32)


def make_spec(
    model: str, width: float, *, activation: str = "relu", level: str | None = None
) -> RunSpec:
    """A cell, of the richest regularization unless told, whose learning rate noise bears."""
    return RunSpec(
        dataset="cifar10",
        model=model,
        regularization=LEVELS[model][-1] if level is None else level,
        activation=activation,
        width=width,
        seed=0,
        train=TrainSpec(batch_size=BATCH_SIZE, learning_rate=0.01, epochs=1000),
    )


def study_cells() -> list[RunSpec]:
    """The cells of the study that study.py times: both networks at width 1/4, ReLU and ELU."""
    return [
        make_spec(model, 0.25, activation=activation)
        for model in NETWORKS
        for activation in STUDY_ACTIVATIONS
    ]


def make_model(spec: RunSpec, *, num_classes: int = NUM_CLASSES) -> nn.Module:
    """The network of a run with its initial weights."""
    model = models.build_network(spec, input_shape=INPUT_SHAPE, num_classes=num_classes)
    models.initialise(model, seed=0, init="he", gain=1.0)
    return model


def make_device(spec: RunSpec) -> engine.Device:
    """One thread of the CPU, as a worker has it."""
    return engine.prepare_device("cpu", threads=1, model=spec.model, width=spec.width)


def make_batches(spec: RunSpec) -> TrainingBatches:
    """The augmented batches of a run; its first epoch is begun."""
    device = make_device(spec)
    parts = prepare_parts(make_dataset(), spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=regularization.resolve(spec.regularization),
        batch_size=spec.train.batch_size,
        seed=0,
        device=device,
    )
    batches.start_epoch(1)
    return batches


def make_training(spec: RunSpec) -> tuple[nn.Module, Training]:
    """The network of a run and the run at its first batch, on one thread of the CPU."""
    device = make_device(spec)
    set_backend(spec.train.precision, device)
    network = make_model(spec).to(memory_format=device.torch_memory_format)  # type: ignore[call-overload]
    training = Training(
        network,
        make_batches(spec),
        spec=spec,
        regularization=regularization.resolve(spec.regularization),
        device=device,
    )
    training.begin()
    return network, training


@cache
def make_dataset(
    *, num_images: int = NUM_IMAGES, num_classes: int = NUM_CLASSES
) -> datasets.Dataset:
    """As many random images as CIFAR-10 has: what they show does not matter for the time."""

    def part(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        images_NCHW = torch.randint(0, 256, (count, *INPUT_SHAPE), dtype=torch.uint8)
        return images_NCHW, torch.randint(0, num_classes, (count,))

    info = datasets.DatasetInfo(
        level="random",
        digest="",
        input_shape=INPUT_SHAPE,
        num_classes=num_classes,
        num_train=num_images,
        num_test=BATCH_SIZE,
        class_names=tuple(map(str, range(num_classes))),
    )
    return datasets.Dataset(info, *part(num_images), *part(BATCH_SIZE))


def flop_per_image(spec: RunSpec) -> int:
    """Of a training step: forward, and twice that backward; two operations a product."""
    return 3 * 2 * models.describe(spec, datasets.info("cifar10", None)).macs
