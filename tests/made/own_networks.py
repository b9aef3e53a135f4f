"""Networks as people write them, that know nothing of actwise; some are no network for a study."""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from actwise.models import LayerFactory

Shape = tuple[int, int, int]


class Net(nn.Module):
    """Two calls, behind a convolution and behind a linear layer."""

    def __init__(self, num_classes: int, in_channels: int = 3, hidden: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, hidden, 3, padding=1)
        self.norm: nn.Module = nn.BatchNorm2d(hidden)
        self.hidden = nn.Linear(hidden, hidden)
        self.head = nn.Linear(hidden, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(x))).mean((2, 3))
        return self.head(F.relu(self.hidden(x)))


class Quick(nn.Module):
    """Tells digits apart after a few steps."""

    def __init__(self, num_classes: int, in_channels: int) -> None:
        super().__init__()
        self.hidden = nn.Linear(64 * in_channels, 32)
        self.head = nn.Linear(32, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.hidden(F.adaptive_avg_pool2d(x, 8).flatten(1))))


class OneCall(Net):
    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(x))).mean((2, 3))
        return self.head(self.hidden(x))


class NoCall(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.hidden(self.norm(self.conv(x)).mean((2, 3))))


def helper(x: Tensor) -> Tensor:
    return F.relu(x)


class ThroughHelper(Net):
    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(x))).mean((2, 3))
        return self.head(helper(self.hidden(x)))


class ReadsNumbers(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x if x.mean().item() < 1e9 else -x)


class Wide(nn.Module):
    def __init__(self, num_classes: int, in_chans: int, width: float) -> None:
        super().__init__()
        self.net = Net(num_classes, in_chans, round(8 * width))

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TenClasses(Net):
    def __init__(self) -> None:
        super().__init__(10)


class TwoOutputs(Net):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        return super().forward(x), x


def for_colour(num_classes: int) -> nn.Module:
    return Net(num_classes, 3)


def for_grey(num_classes: int) -> nn.Module:
    return Net(num_classes, 1)


def broken(num_classes: int) -> nn.Module:
    network = for_grey(num_classes)
    network.head = nn.Linear(99, num_classes)
    return network


def without_norm(num_classes: int, in_channels: int) -> nn.Module:
    net = Net(num_classes, in_channels)
    net.norm = nn.Identity()
    return net


def without_shapes(num_classes: int) -> nn.Module:
    net = Net(num_classes)
    net.conv, net.head = nn.LazyConv2d(8, 3, padding=1), nn.LazyLinear(num_classes)
    return net


def text(num_classes: int) -> str:
    return "a network"


def needs_depth(depth: int, num_classes: int) -> nn.Module:
    return Net(num_classes)


shared = Net(10)


def always_the_same(num_classes: int) -> nn.Module:
    return shared


def build(layers: LayerFactory, input_shape: Shape, num_classes: int, width: float) -> nn.Module:
    return nn.Sequential(layers.act(input_shape), nn.Flatten(), nn.LazyLinear(num_classes))


def build_of_width_1(
    layers: LayerFactory, input_shape: Shape, num_classes: int, width: float = 1.0
) -> nn.Module:
    return build(layers, input_shape, num_classes, width)


def build_by_other_names(layers: Any, shape: Any, classes: int, width: float = 1.0) -> nn.Module:
    return build(layers, shape, classes, width)


def build_by_annotation(
    factory: "LayerFactory", shape: Shape = (3, 8, 8), classes: int = 10, width: float = 1.0
) -> nn.Module:
    return build(factory, shape, classes, width)


def build_of_two(layers: LayerFactory, shape: Shape) -> nn.Module:
    return build(layers, shape, 10, 1.0)


def unclear(factory: Any, shape: Any, classes: int, width: float = 1.0) -> nn.Module:
    return build(factory, shape, classes, width)


def of_depths(layers: list[int], num_classes: int, in_channels: int, width: float) -> nn.Module:
    return Net(num_classes, in_channels)


def of_layers(
    layers: Any, num_classes: int = 10, in_channels: int = 3, width: float = 1.0
) -> nn.Module:
    return Net(num_classes, in_channels)
