"""A data set and runs small enough to be trained hundreds of times in a test."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from actwise import activations, regularization
from actwise.datasets import Dataset, DatasetInfo
from actwise.engine import Device, TrainResult, train
from actwise.engine.batches import TrainingBatches
from actwise.engine.device import set_backend
from actwise.engine.images import prepare_parts
from actwise.engine.training import Training
from actwise.models import build_network, initialise
from actwise.spec import RunSpec, TrainSpec

CPU = Device(torch.device("cpu"), threads=1, memory_format="channels_last")


def make_dataset(
    *, num_train: int = 60, num_test: int = 40, num_classes: int = 4, side: int = 8
) -> Dataset:
    """Noisy images whose brightest quarter tells their class."""
    generator = np.random.Generator(np.random.SFC64(0))

    def part(num_images: int) -> tuple[torch.Tensor, torch.Tensor]:
        labels_N = np.arange(num_images) % num_classes
        images_NCHW = generator.integers(0, 120, (num_images, 3, side, side), dtype=np.uint8)
        half = side // 2
        for image_CHW, label in zip(images_NCHW, labels_N, strict=True):
            top, left = half * (label // 2), half * (label % 2)
            image_CHW[:, top : top + half, left : left + half] += 100
        return torch.from_numpy(images_NCHW), torch.from_numpy(labels_N)

    info = DatasetInfo(
        level="made",
        digest="0" * 64,
        input_shape=(3, side, side),
        num_classes=num_classes,
        num_train=num_train,
        num_test=num_test,
        class_names=tuple("abcd"[:num_classes]),
    )
    return Dataset(info, *part(num_train), *part(num_test))


DATASET = make_dataset()


def make_spec(
    *,
    regularization: str = "bn",
    activation: str = "relu",
    model: str = "convnet",
    width: float = 0.125,
    seed: int = 0,
    **train_settings: Any,
) -> RunSpec:
    settings = {"epochs": 3, "batch_size": 16, "learning_rate": 0.05} | train_settings
    return RunSpec(
        dataset="made",
        model=model,
        regularization=regularization,
        activation=activation,
        width=width,
        seed=seed,
        train=TrainSpec(**settings),
    )


def make_model(spec: RunSpec, dataset: Dataset = DATASET) -> nn.Module:
    """The network of a run, with its initial weights."""
    model = build_network(
        spec, input_shape=dataset.info.input_shape, num_classes=dataset.info.num_classes
    )
    initialise(model, seed=spec.seed, init=spec.train.init, gain=activations.gain(spec.activation))
    return model


def train_small(
    spec: RunSpec, *, model: nn.Module | None = None, dataset: Dataset = DATASET, **options: Any
) -> TrainResult:
    """Train a run on the CPU; ``options`` go to :func:`actwise.engine.train`."""
    return train(
        make_model(spec, dataset) if model is None else model,
        dataset,
        spec,
        regularization=regularization.resolve(spec.regularization),
        **({"device": CPU} | options),
    )


def without_times(result: TrainResult) -> dict[str, Any]:
    """What of a result has to be the same whenever and wherever the run is trained."""
    values = {k: v for k, v in vars(result).items() if "second" not in k}
    values["epochs"] = [replace(record, seconds=0.0) for record in result.epochs]
    if result.predictions_N is not None:
        values["predictions_N"] = result.predictions_N.tolist()
    return values


def make_training(spec: RunSpec, device: Device = CPU) -> Training:
    """A run before its first batch."""
    set_backend(spec.train.precision, device)
    level = regularization.resolve(spec.regularization)
    parts = prepare_parts(DATASET, spec, device)
    batches = TrainingBatches(
        parts.train,
        normalizer=parts.normalizer,
        regularization=level,
        batch_size=spec.train.batch_size,
        seed=spec.seed,
        device=device,
    )
    model = make_model(spec).to(device.torch_device)
    model.to(memory_format=device.torch_memory_format)  # type: ignore[call-overload]
    training = Training(model, batches, spec=spec, regularization=level, device=device)
    training.begin()
    return training
