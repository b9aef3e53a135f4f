"""A level of the factor under measurement: a new network, on images of a data set or on noise.

Legend: N images, C channels, H height, W width.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from .. import datasets
from ..datasets import Dataset
from ..engine import prepare_device, prepare_parts
from ..errors import ActwiseError, SpecError
from ..models import NUM_CLASSES, image_shape, initial_network, resolve
from ..spec import RunSpec, TrainSpec
from ..usercode import describe_fault
from .diagnosis import diagnose
from .probe_set import fitting_batch
from .signal_report import DEFAULT_IMAGES, SignalReport

_NO_DATASET = "digits"
"""Stands in a spec whose network sees noise."""
_WIDEST = 16


@dataclass(frozen=True)
class Noise:
    """Images of independent N(0, 1) values, a batch at a time; the same each time."""

    shape: tuple[int, int, int]
    num_images: int

    def __iter__(self) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(0)
        size = fitting_batch(torch.Size(self.shape).numel())
        for start in range(0, self.num_images, size):
            number = min(size, self.num_images - start)
            yield torch.randn(number, *self.shape, generator=generator)


def diagnose_level(
    model: str,
    *,
    dataset: str | None = None,
    images: int | None = None,
    shape: tuple[int, int, int] | None = None,
    activation: str | None = None,
    regularization: str | None = None,
    width: float = 1.0,
    data_dir: str | Path | None = None,
) -> SignalReport:
    """The signal flow of a new network of ``model`` with its initial weights.

    Args:
        model: A level of the factor.
        dataset: The data set whose first training images, normalized, it sees. None: noise.
        images: How many; None: :data:`DEFAULT_IMAGES`, or all that there are.
        shape: Of noise; None: what the network is made for.
        activation: None: ``relu``, or of a network of others its own.
        regularization: None: ``bn``, or of a network of others its own.
        width: Multiplier of its channels.
        data_dir: Where data sets lie.

    Raises:
        SpecError: if a level is none, or the network does not run on the images.
        DataError: if the data set is missing or damaged.
    """
    number = number_of(images)
    if not 0 < width <= _WIDEST:
        raise SpecError(f"--width {width:g} must be above 0 and at most {_WIDEST}")
    is_own = resolve(model).is_own
    keeps = is_own and activation is None
    spec = RunSpec(
        dataset=dataset or _NO_DATASET,
        model=model,
        regularization=regularization or ("own" if is_own else "bn"),
        activation=activation or "relu",
        width=width,
        seed=0,
        train=TrainSpec(init="own" if is_own else "he"),
    )
    if dataset is None:
        shape = image_shape(model, shape)
        made = _network(spec, shape, NUM_CLASSES, keeps_activations=keeps)
        report = diagnose(made, Noise(shape, number))
        return replace(report, model=model, image_source=source_of("noise", shape))
    if shape is not None:
        raise SpecError(f"--shape is of noise; images of {dataset} have the shape that they have")
    data = datasets.load(dataset, data_dir)
    made = _network(spec, data.info.input_shape, data.info.num_classes, keeps_activations=keeps)
    report = diagnose(made, *training_images(data, spec, number))
    source = source_of(spec.dataset, data.info.input_shape)
    return replace(report, model=model, image_source=source)


def training_images(dataset: Dataset, spec: RunSpec, number: int) -> tuple[Tensor, Tensor]:
    """The first images that a run trains on, normalized as it does, and their labels.

    Canonical order is that of a hash, so that they are as good as drawn by chance.

    Returns:
        (N, C, H, W), float32, and (N,), int64; all of them if there are fewer than ``number``.
    """
    device = prepare_device("cpu", threads=1, model=spec.model, width=spec.width)
    parts = prepare_parts(dataset, spec, device)
    return parts.first(number, device=device)


def source_of(name: str, shape: tuple[int, int, int]) -> str:
    """What images are, for a report: ``digits (1x32x32)``."""
    return f"{name} ({'x'.join(map(str, shape))})"


def number_of(images: int | None) -> int:
    """How many images are asked for.

    Raises:
        SpecError: if it is no number of images.
    """
    number = DEFAULT_IMAGES if images is None else images
    if number < 1:
        raise SpecError(f"--images {number} must be at least 1")
    return number


def _network(
    spec: RunSpec, shape: tuple[int, int, int], num_classes: int, *, keeps_activations: bool
) -> nn.Module:
    try:
        return initial_network(
            spec,
            input_shape=shape,
            num_classes=num_classes,
            keeps_activations=keeps_activations,
        )
    except ActwiseError:
        raise
    except (Exception, SystemExit) as error:
        raise SpecError(f"model {spec.model} failed: {describe_fault(error)}") from error
