"""What a process carries between runs, and how it is put back: nothing may colour the next run."""

import gc
import random
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Self

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules import module as nn_module

from ...rng import stream, stream_seed

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class ProcessState:
    """What a run sets in its process for itself, as it was before.

    Backend flags, threads and denormals are set anew for every run anyway
    (:func:`actwise.engine.device.set_backend`). Users' code never runs in a process that trains
    again, so nothing else can differ.
    """

    dtype: torch.dtype
    num_threads: int
    deterministic_mode: int

    @classmethod
    def capture(cls) -> Self:
        """As it is now."""
        return cls(
            dtype=torch.get_default_dtype(),
            num_threads=torch.get_num_threads(),
            deterministic_mode=torch.get_deterministic_debug_mode(),
        )

    def restore(self) -> None:
        """Put everything back; gradients are recorded again, detection of anomalies is off."""
        set_torch_defaults()
        torch.set_default_dtype(self.dtype)
        torch.set_num_threads(self.num_threads)
        torch.set_deterministic_debug_mode(self.deterministic_mode)
        if "torch._dynamo" in sys.modules:
            # Else the limit on recompilations counts over all runs, and later ones go uncompiled.
            torch.compiler.reset()


def is_coloured() -> bool:
    """Whether somebody changed what modules and functions of torch compute in this process.

    By hooks on all modules, or by functions of theirs in place of torch's.
    """
    hooks = (name for name in vars(nn_module) if re.fullmatch(r"_global_\w+_hooks", name))
    owners = (torch, torch.Tensor, functional, nn.Module, *vars(nn).values())
    functions = (
        value
        for owner in owners
        if owner in (torch, functional) or isinstance(owner, type)
        for value in vars(owner).values()
        if isinstance(value, FunctionType)
    )
    theirs = {"torch", *sys.stdlib_module_names}
    return any(getattr(nn_module, name) for name in hooks) or any(
        str(function.__module__).partition(".")[0] not in theirs for function in functions
    )


def set_torch_defaults() -> None:
    """Set what tensors and modules are made of, as torch has it when it is imported."""
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)
    torch.set_grad_enabled(True)
    torch.autograd.set_detect_anomaly(False)


def seed_global_generators(seed: int) -> None:
    """Seed the generators that users' code may draw from: Python's, numpy's, torch's.

    None of them decides anything of ours. The engine seeds torch's again for every epoch; this is
    for what a user's model draws while it is built.
    """
    random.seed(stream_seed(seed, "python"))
    words = stream(seed, "numpy").integers(2**32, size=8, dtype=np.uint32)
    # Users' code may still draw from numpy's old generator.
    np.random.seed(words)  # noqa: NPY002
    torch.manual_seed(stream_seed(seed, "torch") % 2**63)


def reset_peak_memory(device: torch.device) -> None:
    """Forget how much memory this process once used, on ``device`` too; Linux or not at all."""
    # Before its first use there is nothing to forget, and resetting would raise.
    if device.type == "cuda" and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        # Freed memory stays reserved, and a finished model is part of a cycle.
        gc.collect()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)
    try:
        _CLEAR_REFS.write_text("5", encoding="ascii")
    except OSError:
        return


def peak_memory_bytes() -> int | None:
    """Most memory that this process used since :func:`reset_peak_memory`; mapped data included.

    None where the system does not tell.
    """
    try:
        lines = _STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None


def device_memory_bytes(device: torch.device) -> int | None:
    """Most of a CUDA device's memory that this process reserved since :func:`reset_peak_memory`.

    What CUDA itself keeps for a process comes on top. None for the CPU.
    """
    return torch.cuda.max_memory_reserved(device) if device.type == "cuda" else None
