"""Where a run computes, and the switches of torch that decide its numbers.

Everything here is set, never assumed: a process that trained another run before must not colour
the next one.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch

from ..errors import SpecError
from .process import set_threads

MemoryFormat = Literal["contiguous", "channels_last"]
Precision = Literal["float32", "tf32", "bfloat16"]

# What oneDNN computes; "ieee" gives the bits of its default, and of nothing less.
_MKLDNN_OPERATIONS = ("matmul", "conv", "rnn")


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

    def synchronize(self) -> None:
        """Wait until the device has done what it was told; a CPU always has."""
        if self.is_cuda:
            torch.cuda.synchronize(self.torch_device)

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
    """The faster layout for a network, as a fixed rule so that it is never a matter of luck.

    Channels last, but for the network without convolutions; so far no ``width`` has asked for
    anything else. Training in images/s, contiguous and
    channels last, one thread of an EPYC (AVX-512), torch 2.13, batch 128, with batch norm, medians:
    ``vgg16-table1`` at width 1/4 617 and 930, at width 1 75 and 80; ``resnet18-table2`` at width
    1/4 1,051 and 1,321, at width 1 87 and 118.
    """
    return "contiguous" if model.partition("(")[0] == "mlp" else "channels_last"


def set_backend(precision: Precision, device: Device) -> None:
    """Set everything of torch that decides the numbers of one run.

    To be called after users' code was imported and built the model: both may have changed it.

    Raises:
        SpecError: for ``tf32`` without CUDA, or if threads that keep denormals cannot be avoided.
    """
    if precision == "tf32" and not device.is_cuda:
        raise SpecError("train.precision='tf32' needs a CUDA device; use float32 or bfloat16")
    set_threads(device.threads)
    torch.set_autocast_enabled(device.torch_device.type, False)
    _set_float32_precision("tf32" if precision == "tf32" else "ieee")
    # Without oneDNN other kernels would sum in another order.
    torch.backends.mkldnn.set_flags(True, False)  # type: ignore[no-untyped-call]
    for operation in _MKLDNN_OPERATIONS:
        getattr(torch.backends.mkldnn, operation).fp32_precision = "ieee"
    # On CUDA agreement is statistical (docs/architecture.md), and the deterministic kernels of
    # cuDNN are slower; on the CPU bit-identity is promised.
    # Torch's other setter of this imports its compiler, 0.8 s of every process.
    torch.set_deterministic_debug_mode("default" if device.is_cuda else "error")
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.backends.cudnn.benchmark = device.is_cuda


def _set_float32_precision(cuda: Literal["tf32", "ieee"]) -> None:
    """Of products and convolutions on CUDA; this also sets what :func:`set_backend` then undoes."""
    torch.set_float32_matmul_precision("high" if cuda == "tf32" else "highest")
    torch.backends.cuda.matmul.fp32_precision = cuda
    # The older switch must agree, or torch refuses to be asked, as its compiler does.
    torch.backends.cudnn.allow_tf32 = cuda == "tf32"
    for operation in ("conv", "rnn"):
        getattr(torch.backends.cudnn, operation).fp32_precision = cuda


def autocast(precision: Precision, device: Device) -> AbstractContextManager[object]:
    """The context of a forward pass: bfloat16 products over float32 master weights, or nothing."""
    if precision != "bfloat16":
        return nullcontext()
    return torch.autocast(device.torch_device.type, dtype=torch.bfloat16)
