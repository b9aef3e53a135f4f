"""A data set in memory: uint8 images and their classes, in canonical order.

Legend: N images, C channels (1 or 3), H height, W width, K classes.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Split:
    """Images of one part, training or test: uint8 (N, C, H, W), and their classes: int64 (N,)."""

    images_NCHW: np.ndarray
    labels_N: np.ndarray

    def __len__(self) -> int:
        return len(self.labels_N)


@dataclass(frozen=True)
class Arrays:
    """Both parts as numpy arrays.

    Attributes:
        class_names: Of the K classes, in the order of their labels.
        notes: What reading changed, one sentence each.
    """

    train: Split
    test: Split
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        return len(self.class_names)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every image."""
        channels, height, width = self.train.images_NCHW.shape[1:]
        return int(channels), int(height), int(width)


@dataclass(frozen=True)
class DatasetInfo:
    """What is known of a data set without its images.

    Attributes:
        level: The level as asked (``cifar10``, ``folder:photos``, ``package.module:Name``).
        digest: SHA-256 of the content (:func:`actwise.datasets.content.canonical.digest`).
        input_shape: (channels, height, width), in pixels.
        class_names: In the order of the labels 0 .. num_classes - 1.
        notes: What its user should know before training on it, one sentence each; none for pinned
            content, which is known.
    """

    level: str
    digest: str
    input_shape: tuple[int, int, int]
    num_classes: int
    num_train: int
    num_test: int
    class_names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, arrays: Arrays, *, level: str, digest: str, notes: tuple[str, ...] = ()) -> Self:
        """The facts of decoded ``arrays``."""
        return cls(
            level=level,
            digest=digest,
            input_shape=arrays.input_shape,
            num_classes=arrays.num_classes,
            num_train=len(arrays.train),
            num_test=len(arrays.test),
            class_names=arrays.class_names,
            notes=notes,
        )


@dataclass(frozen=True)
class Dataset:
    """A data set as tensors on the CPU: images uint8 (N, C, H, W), labels int64 (N,).

    The tensors of a cached data set are private views of one memory-mapped file, shared by all
    processes until one of them writes (which changes its own copy only).
    """

    info: DatasetInfo
    train_images_NCHW: "torch.Tensor"
    train_labels_N: "torch.Tensor"
    test_images_NCHW: "torch.Tensor"
    test_labels_N: "torch.Tensor"

    @classmethod
    def of(cls, info: DatasetInfo, arrays: Arrays) -> Self:
        """The tensors share the memory of ``arrays``."""
        import torch

        return cls(
            info=info,
            train_images_NCHW=torch.from_numpy(arrays.train.images_NCHW),
            train_labels_N=torch.from_numpy(arrays.train.labels_N),
            test_images_NCHW=torch.from_numpy(arrays.test.images_NCHW),
            test_labels_N=torch.from_numpy(arrays.test.labels_N),
        )


_NUM_AT_ONCE = 1000


def channel_statistics(
    images_NCHW: "torch.Tensor", indices_M: "torch.Tensor | None" = None
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation (over N, not N - 1) of each channel, pixels scaled to [0, 1].

    Sums are of whole numbers, so the result depends neither on the order of the images nor on the
    number of threads. Only a few images are copied at once: all 45,000 of a CIFAR-10 with a
    validation part took 230 MB, more than many a network.

    Args:
        images_NCHW: uint8, on the CPU.
        indices_M: Those that count, int64; None = all.
    """
    import torch

    if indices_M is None:
        indices_M = torch.arange(len(images_NCHW))
    counts_CV = torch.zeros(images_NCHW.shape[1], 256, dtype=torch.int64)
    for part in torch.split(indices_M, _NUM_AT_ONCE):
        for counts_V, pixels_NHW in zip(counts_CV, images_NCHW[part].unbind(1), strict=True):
            counts_V += torch.bincount(pixels_NHW.flatten(), minlength=256)
    values = torch.arange(256)
    means, deviations = [], []
    for counts_V in counts_CV:
        num_pixels = int(counts_V.sum())
        total, squares = int((counts_V * values).sum()), int((counts_V * values * values).sum())
        means.append(total / num_pixels / 255)
        deviations.append((num_pixels * squares - total * total) ** 0.5 / num_pixels / 255)
    return tuple(means), tuple(deviations)
