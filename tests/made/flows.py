"""Networks whose activations are told from gates, and from what they write, by the data flow."""

import warnings
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations


def rectified(x: Tensor) -> Tensor:
    return F.relu(x)


class Aliased(nn.Module):
    """Reads by another name what an activation wrote in place."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.fc = nn.Linear(4, 4)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        if self.way == "statement":
            F.relu_(y)
            return y + 1.0
        if self.way == "module":
            return self.relu(y) + 2.0 * y
        if self.way == "method":
            y.relu_()
            return y
        part = y[:, :2]
        return self.relu(y).sum(1) + part.sum(1)


class Gates(nn.Module):
    """One function of each role."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.squeeze = nn.Linear(4, 4)
        self.act = nn.SiLU()
        self.relu = nn.ReLU()
        self.gate = nn.Sigmoid()
        self.weight = nn.Parameter(torch.zeros(4))
        self.register_buffer("table", torch.ones(3, 4))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.fc(x))
        x = x * self.gate(self.squeeze(x)).view(-1, 4)
        x = (1.0 - torch.sigmoid(self.weight)) * x + F.softplus(self.weight)
        x = x + torch.tanh(self.squeeze(self.table).sum(0))
        x = self.act(self.fc(x)) * self.squeeze(x)
        x = x * F.softmax(self.fc(x), 1)
        y = self.fc(x)
        y = y * torch.sigmoid(1.7 * y)
        return torch.sigmoid(y)


class Tokens(nn.Module):
    """Channels last, then first, through views."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 2, 2)
        self.after_conv = nn.ReLU()
        self.norm = nn.LayerNorm(8)
        self.mlp = nn.Sequential(nn.Linear(8, 12), nn.GELU(), nn.Linear(12, 8))
        self.back = nn.ReLU()
        self.shuffled = nn.ReLU()
        self.head = nn.Linear(8, 5)
        self.out = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.after_conv(self.conv(x))
        n, c, h, w = x.shape
        tokens = self.mlp(self.norm(x.flatten(2).transpose(1, 2)))
        x = self.back(tokens.transpose(1, 2).reshape(n, c, h, w))
        x = self.shuffled(x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w))
        return self.out(self.head(x.mean((2, 3))))


class Swish(nn.Module):
    """A user's own activation, with its formula in its forward."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class Formulas(nn.Module):
    """Activations that are written out in a forward, Mish and SiLU; a square is none."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc(x)
        x = self.fc(x * torch.tanh(F.softplus(x)))
        x = self.fc(torch.sigmoid(x).mul(x))
        x = F.relu(x)
        return x * x * torch.sigmoid(x)


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


def scripted(what: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # torch says it since 2.10
        return torch.jit.script(what)


scripted_relu = scripted(rectified)


class Unseeable(nn.Module):
    """TorchScript, a recurrent cell and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.script = scripted(nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
        self.cell = nn.LSTM(4, 4, batch_first=True)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.cell(self.script(x))[0]
        x = self.attention(x, x, x)[0]
        return F.relu(self.fc(scripted_relu(x)))


class Normed(nn.Module):
    """Weights that are computed anew in each forward of training."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = parametrizations.spectral_norm(nn.Linear(4, 4))
        self.last = parametrizations.weight_norm(nn.Linear(4, 4))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.last(F.relu(self.fc(x))))


class InTraining(nn.Module):
    """An auxiliary head, dropout and batch norm; the head runs in train mode alone."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.norm = nn.BatchNorm1d(4)
        self.empty = nn.Sequential()
        self.drop = nn.Dropout(0.5)
        self.aux = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.drop(self.empty(F.relu(self.norm(self.fc(x)))))
        return x + self.aux(x - 0.2) if self.training else x


class Prepared(nn.Module):
    """Prepares its input by functions that are activations elsewhere, in calls and in a module."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.full((4,), 0.1))
        self.positive = nn.ReLU()
        self.fc = nn.Linear(4, 4)
        self.both = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = x.clamp(min=0)
        x = self.positive(x.flip(1)) - self.mean
        x = x * torch.sigmoid(x.mean(1, keepdim=True))
        x = self.both(x)
        x = F.relu(self.fc(x))
        return self.both(self.fc(x))


class FixedFeatures(nn.Module):
    """A first layer whose weights are a buffer, after a preparation by another one."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way
        self.register_buffer("mean", torch.full((4,), 0.1))
        self.register_buffer("weight", torch.eye(4))
        self.register_buffer("levels", torch.eye(4).mul(100).to(torch.int8))
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(x * self.mean)
        if self.way == "linear":
            x = F.linear(x, self.weight)
        elif self.way == "matmul":
            x = x @ self.weight
        elif self.way == "int8":
            x = F.linear(x, self.levels.float() / 100)
        else:
            x = F.conv1d(x[..., None], self.weight[..., None]).flatten(1)
        return self.fc(F.relu(x))
