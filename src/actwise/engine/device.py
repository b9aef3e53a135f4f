"""Where a run computes, and the switches of torch that decide its numbers.

Everything here is set, never assumed: a process that trained another run before must not colour
the next one.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch

from ..errors import SpecError

MemoryFormat = Literal["contiguous", "channels_last"]
Precision = Literal["float32", "tf32", "bfloat16"]

# Enough for torch to share an operation out among its threads.
_NUM_PROBE_VALUES = 1 << 20


@dataclass(frozen=True)
class Device:
    """Where and how a run computes: its part of the numerics fingerprint.

    Attributes:
        torch_device: ``cpu`` or ``cuda``.
        threads: Threads of one operation on the CPU.
        memory_format: Layout of images and weights, by the rule of :func:`memory_format_for`.
    """

    torch_device: torch.device
    threads: int
    memory_format: MemoryFormat

    @property
    def is_cuda(self) -> bool:
        return self.torch_device.type == "cuda"

    @property
    def torch_memory_format(self) -> torch.memory_format:
        if self.memory_format == "channels_last":
            return torch.channels_last
        return torch.contiguous_format


def prepare_device(name: str, *, threads: int, model: str, width: float) -> Device:
    """The device ``name`` (``cpu``, ``cuda``, or ``auto``: CUDA where there is one).

    Args:
        name: As given by ``--device``.
        threads: As given by ``--threads``.
        model: Canonical level of the model, which decides the memory format.
        width: Multiplier of the model's channels.

    Raises:
        SpecError: if the device is unknown or absent.
    """
    if name not in ("cpu", "cuda", "auto"):
        raise SpecError(f"device={name!r} is none of cpu, cuda, auto")
    if name == "cuda" and not torch.cuda.is_available():
        raise SpecError("device='cuda': this process sees no CUDA device; use cpu or auto")
    use_cuda = name != "cpu" and torch.cuda.is_available()
    return Device(
        torch_device=torch.device("cuda" if use_cuda else "cpu"),
        threads=threads,
        memory_format=memory_format_for(model, width),
    )


def memory_format_for(model: str, width: float) -> MemoryFormat:
    """The faster layout for a network, as a fixed rule so that it is never a matter of luck."""
    return "contiguous" if model.startswith("mlp") else "channels_last"


def set_process_numerics(threads: int) -> None:
    """Fix what torch computes with in this process. To be called before its first operation.

    Denormal numbers are flushed to zero: in a VGG16 at learning rate 0.1 they made one batch take
    31.2 s instead of 1.24 s. Threads inherit the setting when they are created, so it must come
    before the first parallel operation; a pool that was there before keeps its denormals.

    Raises:
        SpecError: if threads of an older pool keep denormals, so that results would depend on
            what this process did before.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    if threads > 1 and not _all_threads_flush():
        raise SpecError(
            f"threads={threads}: torch already runs threads in this process that keep denormal "
            "numbers; start the sweep in a process that has not used torch, or use threads=1"
        )


def set_backend(precision: Precision, device: Device) -> None:
    """Set the flags of the backends for one run.

    Raises:
        SpecError: for ``tf32`` without CUDA.
    """
    if precision == "tf32" and not device.is_cuda:
        raise SpecError("train.precision='tf32' needs a CUDA device; use float32 or bfloat16")
    float32 = "tf32" if precision == "tf32" else "ieee"
    torch.backends.cuda.matmul.fp32_precision = float32
    torch.backends.cudnn.conv.fp32_precision = float32
    # On CUDA agreement is statistical (docs/architecture.md), and the deterministic kernels of
    # cuDNN are slower; on the CPU bit-identity is promised.
    torch.use_deterministic_algorithms(not device.is_cuda)
    torch.utils.deterministic.fill_uninitialized_memory = False
    torch.backends.cudnn.benchmark = device.is_cuda


def autocast(precision: Precision, device: Device) -> AbstractContextManager[object]:
    """The context of a forward pass: bfloat16 products over float32 master weights, or nothing."""
    if precision != "bfloat16":
        return nullcontext()
    return torch.autocast(device.torch_device.type, dtype=torch.bfloat16)


def _all_threads_flush() -> bool:
    smallest_normal = torch.finfo(torch.float32).tiny
    x_N = torch.full((_NUM_PROBE_VALUES,), smallest_normal)
    # Compared as integers: a thread that flushes would take a denormal number for zero.
    return not bool((x_N * 0.5).view(torch.int32).any())
