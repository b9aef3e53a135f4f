"""Residual networks (He et al. 2016) and the same stacks without identity mapping.

A plain network has the convolutions of its residual one under the same parameter names, and
neither shortcuts nor their projections. None of them has a dropout site.

Legend: N images, C channels, H height, W width.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from ..errors import SpecError
from .layers import GlobalAverage, LayerFactory, halved, scaled

FeatureShape = tuple[int, int, int]
"""(channels, height, width)."""
MakeShortcut = Callable[[LayerFactory, int, int, int], nn.Module]
"""Makes the way around two convolutions from (layers, in_channels, channels, stride)."""


class Block(nn.Module):
    """``act(x' + norm(conv(act(norm(conv(x))))))``, where x' is the shortcut of x.

    Without a shortcut (plain) nothing is added; without ``post_add`` the outer act is left out.
    """

    def __init__(
        self,
        layers: LayerFactory,
        in_channels: int,
        shape: FeatureShape,
        *,
        stride: int,
        make_shortcut: MakeShortcut | None,
        post_add: bool,
    ) -> None:
        """``shape``: (C, H, W) of the output."""
        super().__init__()
        channels = shape[0]
        self.conv1 = layers.conv(in_channels, channels, stride=stride)
        self.norm1 = layers.norm(channels)
        self.act1 = layers.act(shape)
        self.conv2 = layers.conv(channels, channels)
        self.norm2 = layers.norm(channels)
        self.shortcut = make_shortcut and make_shortcut(layers, in_channels, channels, stride)
        self.act2 = layers.act(shape) if post_add else nn.Identity()

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.norm2(self.conv2(self.act1(self.norm1(self.conv1(x_NCHW)))))
        if self.shortcut is not None:
            y_NCHW = y_NCHW + self.shortcut(x_NCHW)
        activated_NCHW: Tensor = self.act2(y_NCHW)
        return activated_NCHW


class Subsample(nn.Module):
    """A shortcut without parameters: every ``stride``-th pixel, new channels zero (option A)."""

    def __init__(self, new_channels: int, stride: int) -> None:
        super().__init__()
        self.new_channels = new_channels
        self.stride = stride

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NCHW = x_NCHW[:, :, :: self.stride, :: self.stride]
        return F.pad(x_NCHW, (0, 0, 0, 0, 0, self.new_channels))


def project(layers: LayerFactory, in_channels: int, channels: int, stride: int) -> nn.Module:
    """The identity where shapes agree, else a 1x1 convolution and norm (option B)."""
    if stride == 1 and in_channels == channels:
        return nn.Identity()
    conv = layers.conv(in_channels, channels, kernel=1, stride=stride)
    return nn.Sequential(OrderedDict(conv=conv, norm=layers.norm(channels)))


def subsample(layers: LayerFactory, in_channels: int, channels: int, stride: int) -> nn.Module:
    """The identity where shapes agree, else :class:`Subsample`."""
    if stride == 1 and in_channels == channels:
        return nn.Identity()
    return Subsample(channels - in_channels, stride)


def resnet18(
    layers: LayerFactory,
    input_shape: FeatureShape,
    num_classes: int,
    width: float,
    *,
    strides: Sequence[int],
    has_identity: bool,
    post_add: bool = True,
) -> nn.Module:
    """Four stages of two blocks with 64 to 512 channels; projections where shapes change.

    ``strides`` are those of the first convolution of each stage: 2,2,2,2 in the paper's Table 2,
    1,2,2,2 usually.
    """
    stages = [
        (scaled(channels, width), 2, stride)
        for channels, stride in zip((64, 128, 256, 512), strides, strict=True)
    ]
    trunk = Trunk(layers, project if has_identity else None, post_add)
    return trunk.build(input_shape, num_classes, stages)


def resnet_of_depth(
    layers: LayerFactory,
    input_shape: FeatureShape,
    num_classes: int,
    width: float,
    *,
    depth: int,
    has_identity: bool,
    post_add: bool = True,
) -> nn.Module:
    """The CIFAR networks of He et al. 2016, section 4.2: three stages of 16, 32 and 64 channels.

    Their shortcuts have no parameters, so depth and parameters do not depend on ``has_identity``.

    ``depth`` is 6n + 2: n blocks a stage, the first convolution and the head.

    Raises:
        SpecError: for another depth.
    """
    num_blocks, rest = divmod(depth - 2, 6)
    if rest or num_blocks < 1:
        near = 6 * max(1, round((depth - 2) / 6)) + 2
        raise SpecError(f"depth={depth} must be 6n + 2; the nearest is {near}")
    stages = [
        (scaled(channels, width), num_blocks, stride)
        for channels, stride in ((16, 1), (32, 2), (64, 2))
    ]
    trunk = Trunk(layers, subsample if has_identity else None, post_add)
    return trunk.build(input_shape, num_classes, stages)


@dataclass(frozen=True)
class Trunk:
    """What all blocks of a network share.

    Attributes:
        make_shortcut: None for a plain network.
        post_add: Whether an activation ends each block.
    """

    layers: LayerFactory
    make_shortcut: MakeShortcut | None
    post_add: bool

    def build(
        self, input_shape: FeatureShape, num_classes: int, stages: Sequence[tuple[int, int, int]]
    ) -> nn.Module:
        """First convolution, stages of (channels, blocks, stride), average pool, head."""
        layers, (in_channels, height, width_pixels) = self.layers, input_shape
        channels = stages[0][0]
        network: OrderedDict[str, nn.Module] = OrderedDict()
        network["conv1"] = nn.Sequential(
            OrderedDict(
                conv=layers.conv(in_channels, channels),
                norm=layers.norm(channels),
                act=layers.act((channels, height, width_pixels)),
            )
        )
        shape = (channels, height, width_pixels)
        for number, (channels, num_blocks, stride) in enumerate(stages, 1):
            network[f"res{number}"], shape = self._stage(shape, channels, num_blocks, stride)
        network["average"] = GlobalAverage()
        network["fc"] = layers.linear(shape[0], num_classes)
        return nn.Sequential(network)

    def _stage(
        self, shape: FeatureShape, channels: int, num_blocks: int, stride: int
    ) -> tuple[nn.Module, FeatureShape]:
        blocks: list[nn.Module] = []
        for _ in range(num_blocks):
            in_channels, height, width_pixels = shape
            if stride == 2:
                height, width_pixels = halved(height), halved(width_pixels)
            shape = (channels, height, width_pixels)
            blocks.append(
                Block(
                    self.layers,
                    in_channels,
                    shape,
                    stride=stride,
                    make_shortcut=self.make_shortcut,
                    post_add=self.post_add,
                )
            )
            stride = 1
        return nn.Sequential(*blocks), shape
