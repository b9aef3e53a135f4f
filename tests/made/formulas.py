"""Networks whose activations are formulas that a user wrote out."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Swish(nn.Module):
    """A user's own activation, with its formula in its forward."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Formulas(nn.Module):
    """Activations that are written out in a forward: Mish, SiLU and squared ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        x = self.fc(x * torch.tanh(F.softplus(x)))
        x = self.fc(torch.sigmoid(x).mul(x))
        return F.relu(x).square()


class OwnModules(nn.Module):
    """A user's activation, and modules that are none."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.swish = Swish()
        self.scale = Scaled()
        self.gate = Gate()

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.scale(self.swish(self.fc(x))))


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sigmoid_()


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.weight
