"""Parts that act inside the network: normalization, dropout, dropconnect."""

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from .masks import Dropout
from .part import BETWEEN, HEAD, NORM, WEIGHTS, Part


@dataclass
class BatchNormPart(Part):
    """Batch normalization after every layer but the last."""

    sites: ClassVar = frozenset({NORM})

    def norm(self, channels: int, *, is_flat: bool = False) -> nn.Module:
        kind = nn.BatchNorm1d if is_flat else nn.BatchNorm2d
        return kind(channels, eps=1e-5, momentum=0.1)


@dataclass
class GroupNormPart(Part):
    """Group normalization after every layer but the last.

    Attributes:
        groups: The most groups there may be; the number used divides the channels.
    """

    sites: ClassVar = frozenset({NORM})
    groups: int

    def norm(self, channels: int, *, is_flat: bool = False) -> nn.Module:
        return nn.GroupNorm(num_groups(channels, self.groups), channels, eps=1e-5)


@dataclass
class DropoutPart(Part):
    """Dropout of single values.

    Attributes:
        between: Rate between two convolutions or hidden layers.
        head: Rate before the head.
    """

    sites: ClassVar = frozenset({BETWEEN, HEAD})
    between: float
    head: float

    def drop(self, site: str, shape: tuple[int, ...]) -> nn.Module | None:
        return Dropout(self._rates[site], shape) if self.acts_at(site) else None

    def acts_at(self, site: str) -> bool:
        return self._rates.get(site, 0.0) > 0

    @property
    def _rates(self) -> dict[str, float]:
        return {BETWEEN: self.between, HEAD: self.head}


@dataclass
class DropConnectPart(Part):
    """Dropconnect on all convolution and linear weights."""

    sites: ClassVar = frozenset({WEIGHTS})
    weight_drop: float

    def acts_at(self, site: str) -> bool:
        return self.weight_drop > 0


def num_groups(channels: int, most: int) -> int:
    """The largest number of groups, at most ``most``, that divides ``channels``.

    Groups of a single channel are avoided: they would set every flat feature to zero.
    """
    limit = max(1, min(most, channels // 2))
    return next(groups for groups in range(limit, 0, -1) if channels % groups == 0)
