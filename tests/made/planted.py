"""Small networks whose signal is known beforehand: dead units, shifts, values that vanish.

Names of sites hold lines of this file: who moves them writes ``data/wholes`` anew.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filled(network: nn.Module, scale: float = 0.5) -> nn.Module:
    """With weights that no layer's own start decides."""
    network = network.double()
    with torch.no_grad():
        for place, values in enumerate(network.parameters()):
            values.copy_(scale * drawn(*values.shape, seed=place))
    return network


class Planted(nn.Module):
    """Dead, constant and saturated units, a shift, a silent branch, learned slopes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv2, self.conv3 = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 1)
        self.act, self.high = nn.PReLU(8), nn.Hardtanh()
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)), inplace=True)
        x = x + self.act(self.conv2(x))
        x = x + 1e-5 * torch.tanh(self.conv3(x))
        x = self.high(self.drop(x) * 4)
        return self.head(x.mean((2, 3)))


class Deep(nn.Module):
    """A chain whose values shrink or grow by a factor at each of its layers."""

    def __init__(self, factor: float, function: nn.Module, length: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(length):
            layer = nn.Linear(8, 8, bias=False)
            with torch.no_grad():
                layer.weight.copy_(factor * torch.eye(8))
            layers += [layer, function]
        self.layers = nn.Sequential(*layers, nn.Linear(8, 3, bias=False))
        nn.init.ones_(self.layers[-1].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.layers(x)
        return out
