"""The images that a model is measured on, in batches, and what their gradient is of.

Legend: B images of a batch, K outputs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpecError, shortened
from ..rng import stream
from ..surgery import Example, tensors
from .signal_report import GradientOf

Loss = Callable[[Any, Tensor], Tensor]
"""Of what the model returned and the labels: one value, or one an image; they are summed."""

_MOST_VALUES, _MOST_IMAGES = 1_000_000, 250
"""Of a batch, unless its size is asked for: it bounds the memory."""


@dataclass(frozen=True)
class Batch:
    """Some images as the model takes them.

    Attributes:
        first: The place of its first image among all.
    """

    example: Example
    labels: Tensor | None
    first: int
    size: int


@dataclass(frozen=True)
class ProbeSet:
    """All batches; may be gone through again if what it is made of may.

    Attributes:
        images: What a model takes, of all images; or an iterable of batches, as a DataLoader is.
        labels: Classes, (N,) or the shape of the output without its last axis; or what ``loss``
            takes. None without, or where the batches bring their own.
        batch_size: None: as many as ten thousand floats a hundred times would hold.
    """

    images: Any
    labels: Any = None
    batch_size: int | None = None

    def __iter__(self) -> Iterator[Batch]:
        """The batches in order.

        Raises:
            SpecError: if there are none, or labels do not fit.
        """
        first = 0
        for example, labels in self._parts():
            size = _num_samples(example)
            if not size:
                continue
            yield Batch(example, labels, first, size)
            first += size
        if not first:
            raise SpecError("there are no images; expected at least one")

    def _parts(self) -> Iterator[tuple[Example, Tensor | None]]:
        images = self.images
        if isinstance(images, Tensor | tuple | list | dict):
            yield from self._sliced(images)
        elif isinstance(images, Iterable) and not hasattr(images, "__array__"):
            if self.labels is not None:
                raise SpecError("labels are given twice over; batches bring their own")
            yield from map(_of_loader, images)
        else:
            raise SpecError(
                f"images is a {type(images).__name__}; expected a tensor (N, C, H, W), what the "
                "model takes as a tuple or dict of tensors, or a DataLoader"
            )

    def _sliced(self, images: Example) -> Iterator[tuple[Example, Tensor | None]]:
        total = _num_samples(images)
        labels = None if self.labels is None else _as_labels(self.labels, total)
        values = sum(t.numel() for t in tensors(images)) // max(1, total)
        fitting = max(1, min(_MOST_IMAGES, _MOST_VALUES // max(1, values)))
        size = fitting if self.batch_size is None else self.batch_size
        if size < 1:
            raise SpecError(f"batch_size={size} must be at least 1")
        for start in range(0, total, size):
            part = slice(start, min(start + size, total))
            yield _part(images, part, total), None if labels is None else labels[part]


def objective(
    out: Any, batch: Batch, loss: Loss | None
) -> tuple[Tensor | None, GradientOf | None, int | None]:
    """What the gradient of a batch is of: a sum over its images, and how many are right.

    Without labels it is the product of each image's output with a fixed random vector of +-1 /
    sqrt(K), whose gradient has K^-1/2 times the Frobenius norm of the Jacobian on average.

    Returns:
        The sum; None if the model gives no floating tensor. What it is. Images that are right;
        None without classes.

    Raises:
        SpecError: if the labels do not fit what the model returns.
    """
    found = next((t for t in tensors(out) if t.is_floating_point() and t.dim()), None)
    if batch.labels is None:
        if found is None or len(found) % batch.size:
            return None, None, None
        flat_BK = found.reshape(batch.size, -1)
        return (flat_BK * _directions(batch, flat_BK)).sum(), _OF_OUTPUT, None
    if loss is not None:
        return loss(out, batch.labels).sum(), "loss", None
    if found is None or found.shape[:-1] != batch.labels.shape:
        given = "no tensor of floats" if found is None else f"shape {tuple(found.shape)}"
        raise SpecError(
            f"labels have shape {tuple(batch.labels.shape)} and the model returns {given}; "
            "expected one row of values for each label, or a loss=... of your own"
        )
    scores, labels = found.flatten(0, -2), batch.labels.flatten().to(found.device)
    if labels.dtype.is_floating_point or int(labels.max()) >= scores.shape[1]:
        raise SpecError(
            f"labels are {shortened(sorted(set(labels.tolist())))}; expected classes from 0 to "
            f"{scores.shape[1] - 1}, or a loss=... of your own"
        )
    value = F.cross_entropy(scores, labels.long(), reduction="sum")
    return value, "cross-entropy", int((scores.argmax(1) == labels).sum())


_OF_OUTPUT: GradientOf = "random directions of the output"


def _directions(batch: Batch, out_BK: Tensor) -> Tensor:
    """Of every image its own, whatever batch it is in."""
    size = out_BK.shape[1]
    places = range(batch.first, batch.first + batch.size)
    bits = [stream(0, "probe", str(place)).integers(0, 2, size) for place in places]
    signs = torch.tensor([(2 * part - 1).tolist() for part in bits], dtype=out_BK.dtype)
    scaled: Tensor = signs.to(out_BK.device) / size**0.5
    return scaled


def _num_samples(example: Example) -> int:
    return next((len(t) for t in tensors(example) if t.dim()), 0)


def _part(example: Any, part: slice, total: int) -> Any:
    """The images of a slice; what is no tensor of all images stays."""
    if isinstance(example, Tensor):
        return example[part] if example.dim() and len(example) == total else example
    if isinstance(example, dict):
        return {name: _part(value, part, total) for name, value in example.items()}
    if isinstance(example, tuple | list):
        return type(example)(_part(value, part, total) for value in example)
    return example


def _of_loader(item: Any) -> tuple[Example, Tensor | None]:
    """A batch of a DataLoader: images, or images and their labels."""
    is_pair = isinstance(item, tuple | list) and len(item) == 2
    if is_pair and isinstance(item[1], Tensor) and not item[1].is_floating_point():
        return item[0], item[1]
    return item, None


def _as_labels(labels: Any, total: int) -> Tensor:
    try:
        found = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        raise SpecError(f"labels are a {type(labels).__name__}; expected classes") from None
    if not found.dim() or len(found) != total:
        raise SpecError(
            f"there are {len(found) if found.dim() else 1:,} labels for {total:,} images"
        )
    return found
