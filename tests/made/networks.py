"""Networks as people write them, each with one trap for whoever replaces its activations."""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class Written(nn.Module):
    """Eight ways to write an activation, all in one method."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 6)
        self.act = F.relu
        self.leaky = functools.partial(F.leaky_relu, negative_slope=0.2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.fc(x))
        x = torch.relu(self.fc(x) - 0.1)
        x = (self.fc(x)
             .relu())  # fmt: skip
        x = self.fc(x).clamp(min=0)
        x = F.gelu(input=self.fc(x))
        x = self.act(self.fc(x))
        x = self.leaky(self.fc(x))
        return torch.cat([F.elu(part) for part in (x, self.fc(x))], 1)


class Small(nn.Module):
    """A convolutional network with modules and calls."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.body = nn.Sequential(nn.Conv2d(4, 8, 3), nn.ReLU(inplace=True))
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(x)), inplace=True)
        return self.head(self.body(x).mean((2, 3)))


class Private(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.__layer = nn.Linear(4, 4)

    def __block(self, x: Tensor) -> Tensor:
        return F.relu(self.__layer(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.__block(x)


class Parent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x))


class Child(Parent):
    """Reaches its parent's call by super() without arguments, and has one of its own."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(super().forward(x) - 0.1)


class Explicit(Parent):
    """Names its parent, which no subclass can stand before."""

    def forward(self, x: Tensor) -> Tensor:
        return Parent.forward(self, x)


def local_class(scale: float) -> nn.Module:
    class Local(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return scale * F.relu(self.fc(x))

    return Local()


def rectified(x: Tensor) -> Tensor:
    return F.relu(x)


class Helped(nn.Module):
    """Calls by a function of the module, a static method, and one made before."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act: Callable[[Tensor], Tensor] = lambda x: F.relu(x)  # noqa: PLW0108

    @staticmethod
    def still(x: Tensor) -> Tensor:
        return F.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.still(rectified(self.fc(x))))


def noted(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def wrapper(*args: Any) -> Any:
        return method(*args)

    return wrapper


class Detours(nn.Module):
    """Calls that only seem to be calls of an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    @noted
    def decorated(self, x: Tensor) -> Tensor:
        return F.relu(x)

    def forward(self, x: Tensor) -> Tensor:
        for function in (F.relu, torch.sin):
            x = function(self.fc(x))
        first, second = map(F.relu, (x, self.fc(x)))
        return self.decorated(first + second)


class SharedAct(nn.Module):
    """One module at two places, with two channel counts."""

    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(4, 6)
        self.down = nn.Linear(6, 3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.down(self.relu(self.up(x))))


class TwoSlots(nn.Module):
    """One module in several slots, some of them of one Sequential."""

    def __init__(self) -> None:
        super().__init__()
        act = nn.ReLU()
        self.body = nn.Sequential(nn.Linear(4, 6), act, nn.Linear(6, 3), act)
        self.last = act

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.body(x) - 0.1)


class Looped(nn.Module):
    """One line in a loop that sees several channel counts."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 5), nn.Linear(5, 6)])
        self.act = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = self.act(layer(x))
        return x


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


class Checkpointed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)
        self.is_checkpointed = True

    def block(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x))

    def forward(self, x: Tensor) -> Tensor:
        if self.is_checkpointed:
            return self.last(checkpoint(self.block, x, use_reentrant=False))
        return self.last(self.block(x))


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
