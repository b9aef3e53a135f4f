"""Accidents in the words in which systems and libraries tell of them."""

import errno
import os

import pytest
import torch

from actwise.errors import ActwiseError, SpecError, StoreError
from actwise.sweep.worker import accident

NO_SPACE = OSError(errno.ENOSPC, "voller Datenträger")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory: MemoryError"),
        (MemoryError("of 3 GB\nand more"), "out of memory: of 3 GB"),
        (OSError(errno.ENOMEM, "kein Platz"), f"out of memory: [Errno {errno.ENOMEM}] kein Platz"),
        *(
            (RuntimeError(f"{text}: 8 GiB\nat line 3"), f"out of memory: {text}: 8 GiB")
            for text in (
                "CUDA out of memory",
                "DefaultCPUAllocator: not enough memory",
                "[enforce fail] DefaultCPUAllocator: can't allocate memory",
                "Cannot allocate memory",
                "failed to allocate",
                "CUDNN_STATUS_ALLOC_FAILED",
            )
        ),
        (NO_SPACE, f"the disk is full: [Errno {errno.ENOSPC}] voller Datenträger"),
        (OSError(errno.EDQUOT, "zu viel"), f"the disk is full: [Errno {errno.EDQUOT}] zu viel"),
        (ValueError("x: No space left on device (28)"), None),
        (ValueError("x: Disk quota exceeded"), None),
        (StoreError("the store is away"), "the store is away"),
        (torch.AcceleratorError("CUDA error: device-side assert\nlong"), None),
    ],
)
def test_an_accident_is_told_in_one_line(error: Exception, said: str | None) -> None:
    usual = {ValueError: "the disk is full: {}", torch.AcceleratorError: "the device failed: {}"}
    if said is None:
        said = usual[type(error)].format(str(error).splitlines()[0])
    assert accident(error) == said


@pytest.mark.parametrize(
    "error",
    [
        ValueError("out of memory"),
        OSError(errno.EACCES, "not allowed"),
        SpecError("no such level"),
        ActwiseError("out of everything"),
        FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)),
        RuntimeError(),
        KeyError("memory"),
    ],
)
def test_what_is_wrong_in_code_is_no_accident(error: Exception) -> None:
    assert accident(error) is None


def test_an_accident_is_found_behind_what_was_raised_over_it() -> None:
    cause, meanwhile, over = ValueError("a"), ValueError("b"), ValueError("c")
    over.__context__ = meanwhile
    meanwhile.__cause__ = cause
    assert accident(over) is None
    cause.__context__ = NO_SPACE
    said = f"the disk is full: [Errno {errno.ENOSPC}] voller Datenträger"
    assert accident(over) == said
    # What an error was raised from counts before what it was raised in.
    meanwhile.__context__ = MemoryError()
    assert accident(over) == said


def test_errors_that_name_each_other_are_looked_at_once() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__context__, second.__cause__ = second, first
    assert accident(first) is None
