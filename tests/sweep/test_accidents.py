"""Which exceptions are held against a run, and which against the machine."""

import errno

import pytest
import torch

from actwise.errors import DataError
from actwise.sweep.worker import accident


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "out of memory"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "out of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (DataError("no such folder"), "no such folder"),
        (torch.AcceleratorError("CUDA error: out of memory"), "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "out of memory"),
        (torch.AcceleratorError("CUDA error: an illegal memory access"), "the device failed"),
    ],
)
def test_an_accident_is_put_in_words(error: Exception, words: str) -> None:
    said = accident(error)
    assert said is not None and said.startswith(words)


def test_an_accident_is_found_behind_what_wraps_it() -> None:
    wrapped = ValueError("could not save")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    said = accident(wrapped)
    assert said is not None and said.startswith("the disk is full")


@pytest.mark.parametrize(
    "error", [RuntimeError("mat1 and mat2 shapes"), ValueError("no"), OSError()]
)
def test_an_error_in_code_is_none(error: Exception) -> None:
    assert accident(error) is None
