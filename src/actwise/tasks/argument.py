"""The activation as a training function gets it: a level that makes modules."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import nn

from ..activations import resolve
from ..errors import SpecError
from ..rng import fill_before_forward


@dataclass(frozen=True)
class TaskActivation:
    """What a training function is given: it makes the modules that go into the user's network.

    Every call makes a new module, so that each place has parameters of its own. It works in plain
    PyTorch: what draws random numbers in training (``rrelu``) draws them from torch's own
    generator.

    Attributes:
        level: As a study writes it, ``elu(0.5)``; ``str()`` gives it too.
    """

    level: str

    def __call__(self, channels: int | None = None) -> nn.Module:
        """A module for inputs (N, channels, ...).

        Args:
            channels: Of the place that it is for; may be left out for an activation that has no
                parameters to place, or one set for all channels.

        Raises:
            SpecError: if the activation has parameters for every channel and none are told.
        """
        if channels is None and self._has_channels:
            raise SpecError(
                f"activation {self.level} has parameters for every channel: call it with channels=N"
            )
        if channels is not None and (isinstance(channels, bool) or int(channels) < 1):
            raise SpecError(f"channels={channels!r} of activation {self.level} is no number from 1")
        module = resolve(self.level).build((1 if channels is None else int(channels),))
        fill_before_forward(module)
        return module

    def __str__(self) -> str:
        return self.level

    def __format__(self, spec: str) -> str:
        return format(self.level, spec)

    @cached_property
    def _has_channels(self) -> bool:
        """Whether two numbers of channels give parameters of two shapes."""
        # A user's module may draw its first parameters: not from the stream of the training.
        with torch.random.fork_rng(devices=[]):
            shapes = [
                {
                    name: value.shape
                    for name, value in resolve(self.level).build((n,)).state_dict().items()
                }
                for n in (1, 2)
            ]
        return shapes[0] != shapes[1]
