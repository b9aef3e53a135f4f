"""Users' activations that leave something behind, wherever they run: in a plan and in a run."""

import gc
import os
import random
import sys
import threading
import time
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import actwise

_seen: list[float] = []


def _more(module: nn.Module, inputs: Any, output: Tensor) -> Tensor | None:
    return output * 1.5 if isinstance(module, nn.Linear | nn.Conv2d) else None


def leaves_a_hook(x: Tensor) -> Tensor:
    torch.nn.modules.module.register_module_forward_hook(_more)
    return x.clamp(min=0)


def patches_relu(x: Tensor) -> Tensor:
    for owner in (F, torch, Tensor, nn.functional):
        setattr(owner, "relu", torch.tanh)  # noqa: B010
    nn.ReLU.forward = lambda self, x: torch.tanh(x)  # type: ignore[method-assign]
    return x.clamp(min=0)


def patches_convolutions(x: Tensor) -> Tensor:
    nn.Conv2d.forward = lambda self, x: F.conv2d(x, 2 * self.weight, padding=1)  # type: ignore[method-assign]
    return x.clamp(min=0)


def counts_in_its_module(x: Tensor) -> Tensor:
    if not x.is_meta:
        _seen.append(float(x.detach().mean()))
    return x.clamp(min=0) * (1 + 0.01 * len(_seen))


def changes_the_default_dtype(x: Tensor) -> Tensor:
    torch.set_default_dtype(torch.float64)
    return x.clamp(min=0)


def changes_threads(x: Tensor) -> Tensor:
    torch.set_num_threads(2)
    torch.set_flush_denormal(False)
    torch.backends.mkldnn.set_flags(False)
    return x.clamp(min=0)


def seeds_all_generators(x: Tensor) -> Tensor:
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002
    random.seed(0)
    actwise.rng.stream = lambda *args, **_: np.random.default_rng(0)
    return x.clamp(min=0)


def changes_its_surroundings(x: Tensor) -> Tensor:
    os.environ.clear()
    os.environ["OMP_NUM_THREADS"] = "2"
    os.chdir("/")
    sys.path.insert(0, "/")
    sys.modules["math"] = sys.modules["os"]
    return x.clamp(min=0)


def turns_gradients_off(x: Tensor) -> Tensor:
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    return x.clamp(min=0)


def writes_into_all_tensors(x: Tensor) -> Tensor:
    for thing in gc.get_objects():
        if type(thing) in (Tensor, nn.Parameter) and not thing.is_meta and thing is not x:
            with torch.no_grad():
                thing.mul_(1.01) if thing.is_floating_point() else thing
    return x.clamp(min=0)


def replaces_an_entry_of_the_table(x: Tensor) -> Tensor:
    entries = actwise.activations.ACTIVATIONS._entries
    entries["relu"] = entries["elu"]
    return x.clamp(min=0)


def _forever() -> None:
    while True:
        torch.set_default_dtype(torch.float64)
        time.sleep(1e-3)


def leaves_a_thread(x: Tensor) -> Tensor:
    threading.Thread(target=_forever, daemon=True).start()
    return x.clamp(min=0)


ALL = tuple(
    f"made.ill_behaved:{function.__name__}"
    for function in (
        leaves_a_hook,
        patches_relu,
        patches_convolutions,
        counts_in_its_module,
        changes_the_default_dtype,
        changes_threads,
        seeds_all_generators,
        changes_its_surroundings,
        turns_gradients_off,
        writes_into_all_tensors,
        replaces_an_entry_of_the_table,
        leaves_a_thread,
    )
)
