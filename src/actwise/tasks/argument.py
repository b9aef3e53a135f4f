"""The activation as a training function gets it: a level that makes modules."""

from dataclasses import dataclass

from torch import nn

from ..activations import activation
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
        module = activation(self.level, channels=channels)
        fill_before_forward(module)
        return module

    def __str__(self) -> str:
        return self.level

    def __format__(self, spec: str) -> str:
        return format(self.level, spec)
