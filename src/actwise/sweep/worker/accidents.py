"""Which exceptions are accidents of the machine: tried again, never held against the run."""

import errno

import torch

from ...errors import DataError, StoreError
from ...usercode import message_of

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
_OUT_OF_MEMORY_WORDS = (
    "out of memory",  # CUDA, and the operating system's ENOMEM by another name
    "not enough memory",  # torch's allocator on the CPU
    "can't allocate memory",
    "cannot allocate memory",
    "failed to allocate",
    "status_alloc_failed",  # cuBLAS and cuDNN
)
_FULL_DISK_WORDS = ("no space left on device", "disk quota exceeded")


def accident(error: BaseException) -> str | None:
    """The accident behind an exception, in words; None if it is an error in code.

    Out of memory, a full disk, data or a store that went away, and what torch reports as an error
    of the accelerator, be it code's fault (an index out of range on CUDA): in the same process
    every later run would fail too. Libraries wrap memory and disks in exceptions of their own
    (torch raises a RuntimeError, safetensors a SafetensorError), so the causes behind an
    exception and the words of its message are looked at.
    """
    seen: set[int] = set()
    behind: BaseException | None = error
    while behind is not None and id(behind) not in seen:
        seen.add(id(behind))
        reason = _reason(behind)
        if reason is not None:
            return reason
        behind = behind.__cause__ or behind.__context__
    return None


def _reason(error: BaseException) -> str | None:
    if isinstance(error, DataError | StoreError):
        return str(error)
    said = message_of(error)
    text = said.lower()
    first_line = said.splitlines()[0] if said else type(error).__name__
    if isinstance(error, OSError) and error.errno in _FULL_DISK:
        return f"the disk is full: {said}"
    if any(words in text for words in _FULL_DISK_WORDS):
        return f"the disk is full: {said}"
    is_memory = isinstance(error, MemoryError) or (
        isinstance(error, OSError) and error.errno == errno.ENOMEM
    )
    if is_memory or (
        isinstance(error, RuntimeError) and any(words in text for words in _OUT_OF_MEMORY_WORDS)
    ):
        return f"out of memory: {first_line}"
    # After memory, for which CUDA's own error may be of this class too.
    if isinstance(error, torch.AcceleratorError):
        return f"the device failed: {first_line}"
    return None
