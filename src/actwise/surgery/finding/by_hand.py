"""Activations written by hand: functions that bend a hidden value without being a site."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from .flow import Descent, Trace
from .functions import LIMITS, words
from .nested import tensors

BENDING = words("abs sign heaviside sin cos tan atan sinh cosh asinh erf erfc sinc")
CHOOSING = words("maximum minimum max min fmax fmin")
"""Of two tensors; of one they are a reduction."""
MASKING = words("where masked_fill mul __mul__ __rmul__ __imul__ multiply __setitem__ index_put")
"""By hand where the mask was made of the very value."""

CANDIDATES = BENDING | CHOOSING | LIMITS | MASKING
"""Not powers, roots, exponentials and logarithms: norms and softmax are written with these."""

_HIDDEN = Descent.INPUT | Descent.PARAMETER


def is_by_hand(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], trace: Callable[[Tensor], Trace]
) -> bool:
    """Whether a call is an activation, or a part of one, that no table knows.

    Args:
        name: Plain name of the function, one of :data:`CANDIDATES`.
        args: What it is given by position.
        kwargs: And by name.
        trace: Tells what is known of a tensor.
    """
    given = [*tensors((args, kwargs))]
    floats = [trace(x) for x in given if x.is_floating_point() and x.dim()]
    values = [value for value in floats if _HIDDEN in value.source]
    if name in MASKING:
        masks = [trace(x).origin for x in given if x.dtype == torch.bool]
        return any(value.origin is mask for value in values for mask in masks)
    if name in CHOOSING:
        return len(given) == 2 and bool(values)
    bounds = [x for x in (*args[1:], *kwargs.values()) if isinstance(x, int | float)]
    return bool(values) and (name in BENDING or len(bounds) == 2)
