"""A site while it is being found out."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import torch
from torch import nn

from .functions import LIMITS, operation
from .places import Place
from .site import Role

PlaceKey = tuple[int, CodeType, int]
SiteKey = tuple[int, PlaceKey]


@dataclass(eq=False)
class FoundSite:
    """A site while it is being found out.

    Attributes:
        module: The activation module; None if it is a call of a function.
        by_method: Whether the call is written ``x.relu()``.
        is_inline: Whether it is a part of a formula of its own input, such as x * sigmoid(x).
        is_aliased: Whether what it writes in place is read by another name.
        weights: The weight that feeds it directly, for each call; None where a norm, a sum or
            anything else comes between.
    """

    place: Place
    module: nn.Module | None
    activation: str
    role: Role
    is_bounded: bool
    by_method: bool
    function: Callable[..., Any] | None
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    is_inplace: bool = False
    is_inline: bool = False
    is_aliased: bool = False
    axis: int = 1
    shape: tuple[int, ...] = ()
    input: torch.dtype = torch.float32
    device: torch.device | None = None
    channels: set[int] = field(default_factory=set)
    batches: dict[str, int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    weights: set[nn.Parameter | None] = field(default_factory=set)

    @property
    def is_limit(self) -> bool:
        """Whether it is written ``x.clamp(min=0)``."""
        return self.function is not None and operation(self.function) in LIMITS
