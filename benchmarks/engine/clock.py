"""How long something takes."""

import time
from collections.abc import Callable

import torch

CPU = torch.device("cpu")


def seconds_of(action: Callable[[], object], device: torch.device = CPU) -> float:
    """Wall-clock seconds of one call, with all that it makes ``device`` do."""
    _synchronize(device)
    started = time.perf_counter()
    action()
    _synchronize(device)
    return time.perf_counter() - started


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
