"""Activations as users might write them: they raise, die, print, draw and meddle.

And a model and a part of a regularization.

On the meta device, where a plan looks at networks, all of them behave.
"""

import functools
import math
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn

from actwise.models import LayerFactory
from actwise.regularization import Part

Function = Callable[[Tensor], Tensor]


def behaves_in_plans(function: Function) -> Function:
    @functools.wraps(function)
    def activation(x: Tensor) -> Tensor:
        return x.relu() if x.is_meta else function(x)

    return activation


@behaves_in_plans
def raises(x: Tensor) -> Tensor:
    raise ValueError("on purpose")


@behaves_in_plans
def raises_what_utf8_cannot_say(x: Tensor) -> Tensor:
    raise ValueError(f"no file {os.fsdecode(bytes([255]))}")


@behaves_in_plans
def exits(x: Tensor) -> Tensor:
    sys.exit(7)


@behaves_in_plans
def dies_once(x: Tensor) -> Tensor:
    mark = Path("has-died")
    if not mark.exists():
        mark.touch()
        os._exit(3)
    return x.relu()


@behaves_in_plans
def dies(x: Tensor) -> Tensor:
    os._exit(3)


@behaves_in_plans
def needs_too_much_memory(x: Tensor) -> Tensor:
    return torch.empty(2**50)


@behaves_in_plans
def finds_a_full_disk(x: Tensor) -> Tensor:
    raise OSError(28, "No space left on device")


@behaves_in_plans
def prints(x: Tensor) -> Tensor:
    print("said by users' code")  # noqa: T201
    return x.relu()


@behaves_in_plans
def prints_from_a_child(x: Tensor) -> Tensor:
    os.system("echo said by a child process")
    return x.relu()


@behaves_in_plans
def starts_a_child(x: Tensor) -> Tensor:
    """Leaves a process behind that would live for minutes."""
    if os.fork() == 0:
        time.sleep(600)
        os._exit(0)
    return x.relu()


@behaves_in_plans
def computes_for_long(x: Tensor) -> Tensor:
    """One operation of torch that takes minutes."""
    Path("has-begun").touch()
    torch.linalg.svd(torch.rand(6000, 6000))
    return x.relu()


@behaves_in_plans
def sleeps_for_long(x: Tensor) -> Tensor:
    """As long as a test takes, and none of the machine's time."""
    time.sleep(600)
    return x.relu()


@behaves_in_plans
def draws(x: Tensor) -> Tensor:
    return x.relu() * (1 + 0.1 * random.random() + 0.1 * np.random.rand() + torch.rand(1))  # noqa: NPY002


@behaves_in_plans
def meddles(x: Tensor) -> Tensor:
    """Changes everything that a process shares; its own run may fail from it."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(2)
    torch.set_flush_denormal(False)
    torch.use_deterministic_algorithms(False)
    torch.autograd.set_detect_anomaly(True)
    torch.set_float32_matmul_precision("medium")
    torch.backends.mkldnn.set_flags(False)
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    torch.set_autocast_enabled("cpu", True)
    os.environ["OMP_NUM_THREADS"] = "2"
    os.chdir("/")
    sys.path.clear()
    return x.relu()


@behaves_in_plans
def reads_on_the_host(x: Tensor) -> Tensor:
    return x.relu() if x.mean().item() < 1e9 else x


@behaves_in_plans
def is_not_a_number(x: Tensor) -> Tensor:
    return x * float("nan")


class _OneProduct(nn.Module):
    """No convolution and no linear module, so no operation of it is counted."""

    def __init__(self, act: nn.Module, num_inputs: int, num_classes: int) -> None:
        super().__init__()
        self.act = act
        self.matrix_IK = nn.Parameter(torch.full((num_inputs, num_classes), 1e-3))

    def forward(self, x_NCHW: Tensor) -> Tensor:
        return self.act(x_NCHW).flatten(1) @ self.matrix_IK


def one_product(
    layers: LayerFactory, input_shape: tuple[int, int, int], num_classes: int, width: float
) -> nn.Module:
    return _OneProduct(layers.act(input_shape), math.prod(input_shape), num_classes)


class Brighten(Part):
    """A user's part that is not geometric."""

    name = "brighten"

    def draw(self, stream: Generator, num_images: int, image_shape: tuple[int, ...]) -> np.ndarray:
        return stream.random(num_images, dtype=np.float32)

    def transform(self, x_NCHW: Tensor, drawn_N: Tensor) -> Tensor:
        return x_NCHW + drawn_N.view(-1, 1, 1, 1)


def sums(x: Tensor) -> Tensor:
    return x.sum()


def raises_lines(x: Tensor) -> Tensor:
    raise ValueError("one\ntwo")
