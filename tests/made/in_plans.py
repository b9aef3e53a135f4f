"""Users' code that meddles with the process that plans it, and networks that are no study."""

import ctypes
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from actwise.models import LayerFactory
from actwise.models.footprint import MOST_PASS_BYTES
from actwise.regularization import Part

Shape = tuple[int, int, int]
_shared = nn.PReLU()
_forks: list[int] = []


def hangs(x: Tensor) -> Tensor:
    while True:
        time.sleep(1)


def computes_forever(x: Tensor) -> Tensor:
    while True:
        pass


def exits(x: Tensor) -> Tensor:
    sys.exit(0)


def interrupts(x: Tensor) -> Tensor:
    raise KeyboardInterrupt


def leaves_at_once(x: Tensor) -> Tensor:
    os._exit(3)


def crashes(x: Tensor) -> Tensor:
    ctypes.string_at(0)
    return x


def kills_itself(x: Tensor) -> Tensor:
    os.kill(os.getpid(), signal.SIGKILL)
    return x


def dies_of_a_signal_without_a_name(x: Tensor) -> Tensor:
    os.kill(os.getpid(), signal.SIGRTMIN + 5)
    return x


def goes_on_twice(x: Tensor) -> Tensor:
    if not _forks:
        _forks.append(os.fork())
    return x.clamp(min=0)


def model_that_hangs(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    while True:
        time.sleep(1)


class PartThatHangs(Part):
    def __init__(self) -> None:
        while True:
            time.sleep(1)


def data_that_hang() -> None:
    while True:
        time.sleep(1)


def data_that_leave() -> None:
    os._exit(5)


def counted_data(data_dir: Path | None = None) -> tuple[np.ndarray, ...]:
    """Leaves a line in a file each time; what it draws hangs on the state of its process."""
    with Path("calls").open("a") as calls:
        calls.write("called\n")
    generator = np.random.default_rng(random.Random(0).randrange(2**32))
    images = generator.integers(0, 255, size=(320, 1, 28, 28), dtype=np.uint8)
    labels = np.arange(320) % 4
    return images[:256], labels[:256], images[256:], labels[256:]


class _Network(nn.Module):
    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__()
        self.first = layers.linear(shape[0] * shape[1] * shape[2], 16, norm_follows=True)
        self.norm = layers.norm(16, is_flat=True)
        self.act = layers.act((16,))
        self.last = layers.linear(16, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act(self.norm(self.first(x.flatten(1)))))


class _Deaf(_Network):
    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.norm(self.first(x.flatten(1))).relu())


class _Direct(_Network):
    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act.forward(self.norm(self.first(x.flatten(1)))))


class _Twice(_Network):
    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.act(self.act(self.norm(self.first(x.flatten(1))))))


class _Listed(_Network):
    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__(layers, shape, classes)
        self.acts = [layers.act((16,)) for _ in range(3)]
        del self.act

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(self.first(x.flatten(1)))
        for act in self.acts:
            x = act(x)
        return self.last(x)


class _NeedsNumbers(_Network):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean().item() > 1e9:
            return x
        return super().forward(x)


class _NeedsItsNumbers(_NeedsNumbers):
    """With zeros for parameters its matrix has no inverse; and one of them takes no gradient."""

    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__(layers, shape, classes)
        self.order = nn.Parameter(torch.arange(classes), requires_grad=False)
        self.mix = nn.Parameter(torch.eye(classes))

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) @ torch.linalg.inv(self.mix)[self.order]


class _LargeAndNeedsNumbers(_NeedsNumbers):
    """More parameters than a pass on the CPU may have, if it is of ours; none is ever touched."""

    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__(layers, shape, classes)
        self.rest = nn.Parameter(torch.empty(MOST_PASS_BYTES // 4))


class _Shares(_Network):
    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__(layers, shape, classes)
        self.slope = _shared


def deaf(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Deaf(layers, shape, classes)


def unused(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], classes))


class _Builds(_Network):
    """Builds an activation in its constructor and runs another that it made itself."""

    def __init__(self, layers: LayerFactory, shape: Shape, classes: int) -> None:
        super().__init__(layers, shape, classes)
        self.act = nn.Tanh()


def forgotten(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Builds(layers, shape, classes)


def plain(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Network(layers, shape, classes)


def direct(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Direct(layers, shape, classes)


def twice(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Twice(layers, shape, classes)


def listed(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Listed(layers, shape, classes)


def needs_numbers(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _NeedsNumbers(layers, shape, classes)


def needs_its_numbers(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _NeedsItsNumbers(layers, shape, classes)


def large_and_needs_numbers(
    layers: LayerFactory, shape: Shape, classes: int, width: float
) -> nn.Module:
    return _LargeAndNeedsNumbers(layers, shape, classes)


def shares(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return _Shares(layers, shape, classes)


def scripted(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    return torch.jit.script(_Network(layers, shape, classes))


def partly_scripted(layers: LayerFactory, shape: Shape, classes: int, width: float) -> nn.Module:
    network = _Network(layers, shape, classes)
    network.act = torch.jit.script(network.act)
    return network


_keeps: list[nn.Module] = []


def returns_one_network(
    layers: LayerFactory, shape: Shape, classes: int, width: float
) -> nn.Module:
    """The same network at every call."""
    if not _keeps:
        _keeps.append(_Network(layers, shape, classes))
    return _keeps[0]


_slope = nn.Parameter(torch.tensor(0.25))


class OneSlope(nn.Module):
    """All activations of all networks learn one slope."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = _slope

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, self.slope * x)
