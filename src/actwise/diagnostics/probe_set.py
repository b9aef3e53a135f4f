"""The images that a model is measured on, in batches, and what their gradient is of.

Legend: B images of a batch, K outputs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from ..errors import SpecError
from ..numbers import counted
from ..rng import stream
from ..surgery import Example, tensors, with_tensors
from ..usercode import describe_fault
from .signal_report import GradientOf

Loss = Callable[[Any, Tensor], Tensor]
"""Of what the model returned and the labels: the mean over the images, or one value an image."""

_MOST_VALUES, _MOST_IMAGES = 1_000_000, 250
"""Of a batch, unless its size is asked for: it bounds the memory."""


@dataclass(frozen=True)
class ProbeBatch:
    """Some images as the model takes them.

    Attributes:
        first: The place of its first image among all.
    """

    example: Example
    labels: Tensor | None
    first: int
    size: int

    def __str__(self) -> str:
        return f"images {self.first + 1:,} to {self.first + self.size:,}"


@dataclass(frozen=True)
class ProbeSet:
    """All batches; may be gone through again if what it is made of may.

    Attributes:
        images: What a model takes, of all images; or an iterable of batches, as a DataLoader is,
            or a list of pairs of images and classes.
        labels: Classes, (N,) or the shape of the output without its last axis; or what ``loss``
            takes. None without, or where the batches bring their own.
        batch_size: The most; None: 250, fewer where they hold more than a million numbers.
        has_loss: Whether labels may be anything, so that every pair has them.
    """

    images: Any
    labels: Any = None
    batch_size: int | None = None
    has_loss: bool = False

    def __iter__(self) -> Iterator[ProbeBatch]:
        """The batches in order.

        Raises:
            SpecError: if there are none, they hold NaN, or labels do not fit.
        """
        first = 0
        for example, labels in self._parts():
            size = _num_samples(example)
            if not size:
                continue
            batch = ProbeBatch(example, labels, first, size)
            if any(t.is_floating_point() and t.isnan().any() for t in tensors(example)):
                raise SpecError(f"{batch} hold NaN: it would come out of any model")
            yield batch
            first += size
        if not first:
            raise SpecError("there are no images; expected at least one")

    def beginning(self, number: int) -> Any:
        """The first images, at most ``number``, fewer if the first batch has fewer.

        Raises:
            SpecError: as when iterating.
        """
        first = next(iter(self))
        return _part(first.example, slice(number), first.size)

    def _parts(self) -> Iterator[tuple[Example, Tensor | None]]:
        images, size = self.images, self.batch_size
        if size is not None and (not isinstance(size, int | np.integer) or size < 1):
            raise SpecError(f"batch_size={size!r}; expected a whole number of at least 1")
        is_listed = isinstance(images, list) and bool(images) and all(map(self._is_pair, images))
        if isinstance(images, Tensor | tuple | list | dict) and not is_listed:
            yield from self._sliced(images)
        elif isinstance(images, Iterable) and not isinstance(images, Iterator | np.ndarray):
            if self.labels is not None:
                raise SpecError("labels are given twice over; batches bring their own")
            yield from (item if self._is_pair(item) else (item, None) for item in images)
        else:
            hint = "torch.as_tensor(images), " if isinstance(images, np.ndarray) else ""
            raise SpecError(
                f"images is a {type(images).__name__}; expected {hint}a tensor of all images, a "
                "tuple or dict of tensors as the model takes them, or a DataLoader"
            )

    def _is_pair(self, batch: Any) -> bool:
        """Whether it is one of images and their labels; two inputs of floats may look so."""
        if not isinstance(batch, tuple | list) or len(batch) != 2:
            return False
        labels = batch[1]
        return isinstance(labels, Tensor) and (self.has_loss or not labels.is_floating_point())

    def _sliced(self, images: Example) -> Iterator[tuple[Example, Tensor | None]]:
        total = _num_samples(images)
        labels = None if self.labels is None else _as_labels(self.labels, total)
        values = sum(t.numel() for t in tensors(images)) // max(1, total)
        size = fitting_batch(values) if self.batch_size is None else self.batch_size
        number = -(-total // size)  # of nearly the same size, for those that normalize by batch
        for place in range(number):
            part = slice(place * total // number, (place + 1) * total // number)
            yield _part(images, part, total), None if labels is None else labels[part]


def fitting_batch(num_values: int) -> int:
    """How many images of so many numbers a batch holds unless its size is asked for."""
    return max(1, min(_MOST_IMAGES, _MOST_VALUES // max(1, num_values)))


class Objective(NamedTuple):
    """What the gradient of a batch is of.

    Attributes:
        value: A sum over its images; None if the model gives no floating tensor.
        of: What it is.
        num_right, num_labels: Classes that the model gives rightly, and all; 0 without any.
    """

    value: Tensor | None
    of: GradientOf | None
    num_right: int = 0
    num_labels: int = 0


def objective(out: Any, batch: ProbeBatch, loss: Loss | None = None) -> Objective:
    """What the gradient of a batch is of.

    Without labels it is the product of each image's output (of each, if there are several) with a
    fixed random vector of +-1 / sqrt(K), whose gradient's mean square is that of the Jacobian's
    entries summed over the input and averaged over the outputs.

    Raises:
        SpecError: if the labels do not fit what the model returns, or ``loss`` fails.
    """
    floats = [t for t in tensors(out) if t.is_floating_point() and t.dim()]
    if loss is not None:
        return Objective(_summed(loss, out, batch), "loss")
    if batch.labels is None:
        flat = [t.reshape(batch.size, -1) for t in floats if not len(t) % batch.size]
        if not flat:
            return Objective(None, None)
        value = torch.stack([(x_BK * _directions(batch, x_BK)).sum() for x_BK in flat]).sum()
        return Objective(value, "random directions of the output")
    found = floats[0] if floats else None
    if found is None or found.shape[:-1] != batch.labels.shape:
        given = "no tensor of floats" if found is None else f"shape {tuple(found.shape)}"
        raise SpecError(
            f"labels have shape {tuple(batch.labels.shape)} and the model returns {given}; "
            "expected one row of values for each label, or a loss=... of your own"
        )
    scores, labels = found.flatten(0, -2), batch.labels.flatten().to(found.device, copy=True)
    is_class = (labels >= 0) & (labels < scores.shape[1]) & (labels == labels.long())
    if not is_class.all():
        raise SpecError(
            f"label {labels[~is_class][0].item()} is no class from 0 to {scores.shape[1] - 1}; "
            "for other labels give a loss=... of your own"
        )
    value = F.cross_entropy(scores, labels.long(), reduction="sum")
    is_known = ~scores.isnan().any(1)  # the greatest of NaN is the first
    num_right = int(((scores.argmax(1) == labels) & is_known).sum())
    return Objective(value, "cross-entropy", num_right, len(labels))


def _summed(loss: Loss, out: Any, batch: ProbeBatch) -> Tensor:
    """The sum of a loss of the user's over the images of a batch."""
    if batch.labels is None:
        raise SpecError("loss is given without labels; give both or neither")
    try:
        value = loss(out, batch.labels)
    except Exception as error:
        raise SpecError(f"loss raised {describe_fault(error)} on {batch}") from error
    if not isinstance(value, Tensor) or not value.is_floating_point():
        kind = str(value.dtype) if isinstance(value, Tensor) else type(value).__name__
        raise SpecError(f"loss gives a {kind}; expected a tensor of floats that needs gradients")
    if value.numel() == 1:
        return value.sum() * batch.size
    if value.shape[:1] != (batch.size,):
        raise SpecError(
            f"loss gives shape {tuple(value.shape)} of {batch.size} images; expected their mean, "
            "or one value an image"
        )
    return value.sum()


def _directions(batch: ProbeBatch, out_BK: Tensor) -> Tensor:
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
    return with_tensors(example, lambda t: t[part] if t.dim() and len(t) == total else t)


def _as_labels(labels: Any, total: int) -> Tensor:
    try:
        found = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError):
        raise SpecError(f"labels are a {type(labels).__name__}; expected classes") from None
    if not found.dim() or len(found) != total:
        number = counted(len(found) if found.dim() else 1, "label")
        raise SpecError(f"{number} for {counted(total, 'image')}")
    return found
