"""Who may look at a run while it trains."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from ..rng import global_positions, move_global_to
from ..store.records import EpochRecord
from .device import Device


@dataclass(frozen=True)
class Sight:
    """What an observer is shown of a run, between two epochs.

    Attributes:
        model: As it stands; in training or in evaluation mode.
        record: Of the epoch that has ended; None before the first batch of a run.
        is_last: Whether no epoch follows.
        num_images: That the run trains on.
        images: So many of these, always the same ones, with their labels: as an evaluation sees
            them (normalized, not augmented), on the run's device and in its memory format.
    """

    model: nn.Module
    record: EpochRecord | None
    is_last: bool
    num_images: int
    images: Callable[[int], tuple[Tensor, Tensor]]

    @property
    def epoch(self) -> int:
        """How many epochs have ended."""
        return 0 if self.record is None else self.record.epoch


class Observer(Protocol):
    """Looks at the model between epochs and changes nothing.

    An observer may put the model into evaluation mode and draw from any global generator (modes and
    generators are set again), but must leave weights, buffers and gradients as they are: a run
    with observers ends at the same weights as one without.
    """

    name: str

    def look(self, sight: Sight) -> None:
        """Called before the first batch and after every finished epoch, in order."""
        ...

    def state(self) -> bytes:
        """What it has seen, for a checkpoint; not empty."""
        ...

    def restore(self, state: bytes | None, *, num_epochs: int) -> bool:
        """Go on from a checkpoint after so many epochs, whose state of this observer is given.

        Returns:
            Whether it holds all that this observer would have seen by then; else the run starts
            from nothing, and so does the observer.
        """
        ...


@contextmanager
def generators_kept(device: Device) -> Iterator[None]:
    """Put back where torch's, numpy's and Python's own generators stand."""
    devices = [device.torch_device] if device.is_cuda else []
    others = global_positions()
    with torch.random.fork_rng(devices=devices):
        yield
    move_global_to(others)


def states_of(observers: Sequence[Observer]) -> dict[str, Tensor]:
    """Their states as a checkpoint holds them: bytes by name."""
    return {
        f"{_GROUP}{observer.name}": torch.frombuffer(bytearray(observer.state()), dtype=torch.uint8)
        for observer in observers
    }


def lacking(
    observers: Sequence[Observer], tensors: dict[str, Tensor], *, num_epochs: int
) -> list[str]:
    """Let all go on from a checkpoint; the names of those that cannot."""
    found = {o.name: tensors.get(f"{_GROUP}{o.name}") for o in observers}
    states = {n: None if t is None else t.numpy().tobytes() for n, t in found.items()}
    return [o.name for o in observers if not o.restore(states[o.name], num_epochs=num_epochs)]


_GROUP = "observer/"
