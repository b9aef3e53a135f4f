"""The learning rate of every step, and when a run ends.

With ``t`` the step counted from 0 and ``T`` the number of steps:

- plateau: ``learning_rate * decay_factor ** drops``;
- step: ``learning_rate * decay_factor ** (milestones passed)``;
- cosine: ``learning_rate * (1 + cos(pi * t / T)) / 2``, counted from the end of the warm-up;
- onecycle: a straight line from a 25th of the peak up to the peak over the first 30 % of the
  steps, then ``peak * (1 + cos(pi * u)) / 2`` with ``u`` going from 0 to 1; momentum stays fixed.

A warm-up is a straight line from 0 over its steps, on top of the first three.
"""

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from ..spec import TrainSpec

LAST_DROP = 4
"""The drop at which the plateau schedule ends the run instead of dropping."""
RELATIVE_THRESHOLD = 1e-4
ONECYCLE_RISE_FRACTION = 0.3
ONECYCLE_START_FRACTION = 1 / 25


def rate_tensor(device: torch.device) -> Tensor:
    """Where a learning rate lies: float32 on CUDA, whose kernels read it there; else float64."""
    return torch.zeros((), dtype=torch.float32 if device.type == "cuda" else torch.float64).to(
        device
    )


@dataclass
class Plateau:
    """Whether learning still progresses, as torch's ReduceLROnPlateau sees it.

    An epoch is progress if its loss is below ``best * (1 - 1e-4)``. ``patience`` epochs in a row
    without progress are borne; the next one is a drop.
    """

    best: float = math.inf
    num_bad_epochs: int = 0
    drops: int = 0

    def observe(self, loss: float, *, patience: int) -> None:
        """Take in the loss of a finished epoch."""
        if loss < self.best * (1 - RELATIVE_THRESHOLD):
            self.best, self.num_bad_epochs = loss, 0
            return
        self.num_bad_epochs += 1
        if self.num_bad_epochs > patience:
            self.drops, self.num_bad_epochs = self.drops + 1, 0


class Schedule:
    """The learning rate of every step, and when the run ends."""

    def __init__(self, settings: TrainSpec, *, batches_per_epoch: int) -> None:
        self._settings = settings
        self._batches_per_epoch = batches_per_epoch
        self._warmup_steps = settings.warmup_epochs * batches_per_epoch
        self._num_steps = settings.epochs * batches_per_epoch
        # As integers: 0.55 * 100 is above 55 in floating point.
        self._milestone_steps = [
            math.ceil(round(milestone * self._num_steps, 9))
            for milestone in settings.step_milestones
        ]
        self._plateau = Plateau()

    def learning_rate(self, step: int) -> float:
        """The rate of a step, counted from 0 over the whole run."""
        if step < self._warmup_steps:
            return self._settings.learning_rate * (step + 1) / self._warmup_steps
        return self._settings.learning_rate * self._factor(step)

    def end_epoch(self, *, train_loss: float, validation_loss: float | None) -> None:
        """Take in the losses of a finished epoch; only the plateau schedule looks at them."""
        if self._settings.schedule != "plateau":
            return
        loss = train_loss
        if self._settings.plateau_monitor == "validation_loss":
            assert validation_loss is not None, "TrainSpec asks for a validation split"
            loss = validation_loss
        self._plateau.observe(loss, patience=self._settings.plateau_patience)

    def is_over(self, num_epochs: int) -> bool:
        """Whether a run that has trained ``num_epochs`` is done."""
        return num_epochs >= self._settings.epochs or self._plateau.drops >= LAST_DROP

    def ends_with(self, num_epochs: int, *, train_loss: float) -> bool:
        """Whether an epoch of this training loss is the last one, the ``num_epochs``-th.

        Known before the epoch is taken in unless the plateau watches the validation loss.
        """
        plateau = replace(self._plateau)
        if self._settings.schedule == "plateau":
            plateau.observe(train_loss, patience=self._settings.plateau_patience)
        return num_epochs >= self._settings.epochs or plateau.drops >= LAST_DROP

    def state(self) -> dict[str, Any]:
        """What :meth:`restore` needs, as plain JSON values."""
        return asdict(self._plateau)

    def restore(self, state: dict[str, Any]) -> None:
        self._plateau = Plateau(**state)

    def _factor(self, step: int) -> float:
        settings = self._settings
        if settings.schedule == "plateau":
            return settings.decay_factor**self._plateau.drops
        if settings.schedule == "step":
            return settings.decay_factor ** sum(step >= m for m in self._milestone_steps)
        if settings.schedule == "cosine":
            return _half_cosine(step - self._warmup_steps, self._num_steps - self._warmup_steps)
        rise_steps = ONECYCLE_RISE_FRACTION * self._num_steps
        if step < rise_steps:
            return ONECYCLE_START_FRACTION + (1 - ONECYCLE_START_FRACTION) * step / rise_steps
        return _half_cosine(step - rise_steps, self._num_steps - rise_steps)


def _half_cosine(t: float, duration: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * t / duration))
