"""LayerFactory: what a model asks for, instead of naming an activation or a regularizer.

Legend: N images, C channels, H height, W width, F features.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from torch import Tensor, nn

from ..activations import BoundActivation, Shape
from ..regularization import NORM, WEIGHTS, DropConnectConv2d, DropConnectLinear, Regularization


@dataclass(frozen=True)
class LayerFactory:
    """Builds the parts of a network that the design varies, and notes which sites it has.

    Attributes:
        scales_weights: Whether a network that brings its own weights is to have those that feed an
            activation scaled by its gain.
        sites: Kinds of sites that the model has asked for so far.
        activations: Those that it was given so far.
        swapped: Names of the places where a network that brings its own layers got one.
        notes: What a user should know of how the network came out: sentences.
    """

    activation: BoundActivation
    regularization: Regularization
    scales_weights: bool = False
    sites: set[str] = field(default_factory=set)
    activations: list[nn.Module] = field(default_factory=list)
    swapped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def act(self, shape: Shape) -> nn.Module:
        """A new activation for samples of ``shape``, (C, H, W) or (F,)."""
        module = self.activation.build(shape)
        self.activations.append(module)
        return module

    def norm(self, channels: int, *, is_flat: bool = False) -> nn.Module:
        """The normalization after a convolution or, ``is_flat``, after a linear layer."""
        self.sites.add(NORM)
        parts = self.regularization.parts
        norms = (part.norm(channels, is_flat=is_flat) for part in parts)
        # A level has one part that normalizes at most.
        return next((norm for norm in norms if norm is not None), nn.Identity())

    def drop(self, site: str, shape: Shape) -> nn.Module:
        """What drops values at a ``site``, "between" or "head", with samples of ``shape``.

        Each module has the name of its part (``drop1.dropout``), which names its random stream:
        its masks are the same whatever other parts there are.
        """
        self.sites.add(site)
        made = {p.name: p.drop(site, shape) for p in self.regularization.parts}
        named = OrderedDict((_module_name(k), m) for k, m in made.items() if m is not None)
        return nn.Sequential(named) if named else nn.Identity()

    def conv(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int = 1,
        padding: int | None = None,
        *,
        norm_follows: bool = True,
    ) -> nn.Conv2d:
        """A convolution; by default its padding keeps the size at stride 1.

        It has a bias exactly where no norm follows, since a norm would take it away again.
        """
        self.sites.add(WEIGHTS)
        rate = self.regularization.weight_drop
        conv = (DropConnectConv2d if rate else nn.Conv2d)(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=kernel // 2 if padding is None else padding,
            bias=not (norm_follows and self.regularization.has_norm),
        )
        if isinstance(conv, DropConnectConv2d):
            conv.init_mask(rate)
        return conv

    def linear(
        self, in_features: int, out_features: int, *, norm_follows: bool = False
    ) -> nn.Linear:
        """A linear layer, with a bias exactly where no norm follows."""
        self.sites.add(WEIGHTS)
        rate = self.regularization.weight_drop
        linear = (DropConnectLinear if rate else nn.Linear)(
            in_features, out_features, bias=not (norm_follows and self.regularization.has_norm)
        )
        if isinstance(linear, DropConnectLinear):
            linear.init_mask(rate)
        return linear


class GlobalAverage(nn.Module):
    """The mean over all pixels of each channel: (N, C, H, W) -> (N, C)."""

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return x_NCHW.mean((2, 3))


def scaled(channels: int, width: float) -> int:
    """``channels`` times the width multiplier, at least 1."""
    return max(1, round(channels * width))


def halved(size: int) -> int:
    """Length of a side after stride 2, rounded up."""
    return -(-size // 2)


def _module_name(part: str) -> str:
    """A part's name without the dots that a module's may not have; two parts never share one."""
    return part.replace(".", "-").replace(":", "-")
