"""Images on the device: uint8 as they are stored, normalized a batch at a time.

Legend: N images, C channels, H height, W width.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..datasets import Dataset, channel_statistics, pictures_of
from ..spec import RunSpec
from .device import Device
from .split import split_images


@dataclass(frozen=True)
class Images:
    """One part of a data set on the device.

    Attributes:
        images_NCHW: uint8; on the CPU the memory-mapped file itself, shared by all workers.
        labels_N: int64.
        indices_M: The images of this part, int64, rising: a view, so that a split copies nothing.
    """

    images_NCHW: Tensor
    labels_N: Tensor
    indices_M: Tensor

    def __len__(self) -> int:
        return len(self.indices_M)


@dataclass(frozen=True)
class Normalizer:
    """Gives each channel mean 0 and variance 1 over the images that are trained on.

    Attributes:
        mean_C11: Mean of the pixels (0..255), float32.
        scale_C11: One over their standard deviation; 1 for a channel that never varies.
    """

    mean_C11: Tensor
    scale_C11: Tensor

    def __call__(self, pixels_NCHW: Tensor) -> Tensor:
        """Float32 images from uint8 pixels."""
        return (pixels_NCHW - self.mean_C11).mul_(self.scale_C11)


@dataclass(frozen=True)
class Parts:
    """What a run trains on, holds out and is tested on."""

    train: Images
    validation: Images
    test: Images
    normalizer: Normalizer

    def first(self, count: int, *, device: Device) -> tuple[Tensor, Tensor]:
        """The first images to train on, as an evaluation sees them, with their labels.

        Canonical order is that of hashes: any images are as good as the first.
        """
        indices_M = self.train.indices_M[:count]
        x_NCHW = self.normalizer(self.train.images_NCHW[indices_M])
        return (
            x_NCHW.to(memory_format=device.torch_memory_format),
            self.train.labels_N[indices_M],
        )


def prepare_parts(dataset: Dataset, spec: RunSpec, device: Device) -> Parts:
    """Split a data set as a run asks, and put it on the device.

    Raises:
        SpecError: if there are too few images.
    """
    split = split_images(
        dataset.train_labels_N.numpy(),
        seed=spec.seed,
        validation_fraction=spec.train.validation_fraction,
        train_size=spec.train.train_size,
        pictures_N=pictures_of(dataset) if spec.train.validation_fraction else None,
    )
    to = device.torch_device
    images_NCHW = dataset.train_images_NCHW.to(to)
    labels_N = dataset.train_labels_N.to(to)

    def part(indices_M: np.ndarray) -> Images:
        return Images(images_NCHW, labels_N, torch.from_numpy(indices_M).to(to))

    return Parts(
        train=part(split.train_indices_N),
        validation=part(split.validation_indices_N),
        test=Images(
            dataset.test_images_NCHW.to(to),
            dataset.test_labels_N.to(to),
            torch.arange(len(dataset.test_labels_N), device=to),
        ),
        normalizer=_normalizer(dataset.train_images_NCHW, split.train_indices_N, to),
    )


def _normalizer(images_NCHW: Tensor, indices_M: np.ndarray, to: torch.device) -> Normalizer:
    means, deviations = channel_statistics(images_NCHW, torch.from_numpy(indices_M))
    mean_C11 = torch.tensor(means, dtype=torch.float64).view(-1, 1, 1) * 255
    deviation_C11 = torch.tensor(deviations, dtype=torch.float64).view(-1, 1, 1) * 255
    deviation_C11[deviation_C11 == 0] = 1.0
    return Normalizer(mean_C11.float().to(to), (1 / deviation_C11).float().to(to))
