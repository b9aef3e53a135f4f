"""Networks as people write them, each with one trap for whoever rewrites its calls."""

import functools
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from made.flows import rectified


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
