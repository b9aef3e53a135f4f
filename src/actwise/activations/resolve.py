"""From the text of a level to an activation."""

from torch import nn

from ..errors import SpecError
from ..registry import parse_level
from .activation import ACTIVATIONS, BoundActivation
from .users import user_activation


def resolve(text: str) -> BoundActivation:
    """The activation that a level names, with its arguments: ``elu(0.5)``, ``my.module:Name``.

    Raises:
        SpecError: if the level is not written as one, is in no table, or its arguments or the
            user's code do not fit.
    """
    level = parse_level(text, kind="activation")
    return user_activation(level) if level.is_user_code else ACTIVATIONS[level.name].bind(level)


def activation(text: str, *, channels: int | None = None) -> nn.Module:
    """A new module for inputs (N, channels, ...).

    ``prelu-element`` then has one slope a channel, since nothing larger is known. ``rrelu`` needs
    its ``fill_mask`` called before each training step.

    Args:
        text: The level.
        channels: Of the place that it is for; may be left out for an activation that has no
            parameters to place, or one set for all channels.

    Raises:
        SpecError: as :func:`resolve`, and if the activation has parameters for every channel and
            none are told.
    """
    bound = resolve(text)
    if channels is None and bound.has_channels:
        raise SpecError(
            f"activation {text} has parameters for every channel: call it with channels=N"
        )
    if channels is not None and (isinstance(channels, bool) or int(channels) < 1):
        raise SpecError(f"channels={channels!r} of activation {text} is no number from 1")
    return bound.build((1 if channels is None else int(channels),))


def gain(text: str) -> float:
    """The weight-init gain 1/sqrt(E f(z)^2), z ~ N(0, 1), of the activation at initialisation.

    Raises:
        SpecError: as :func:`resolve`.
    """
    return resolve(text).gain
