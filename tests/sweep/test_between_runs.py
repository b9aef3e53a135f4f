"""What a process carries from one run to the next: nothing but what it had before."""

import mmap
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from actwise.rng import stream, stream_seed
from actwise.sweep.worker import ProcessState, peak_memory_bytes
from actwise.sweep.worker.process_state import (
    device_memory_bytes,
    reset_peak_memory,
    seed_global_generators,
    set_torch_defaults,
)

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    yield
    set_torch_defaults()
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode(mode)


def meddle() -> None:
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)


def stands() -> tuple[torch.dtype, torch.device, bool, bool]:
    made = torch.ones(1)
    anomaly = torch.is_anomaly_enabled()
    return made.dtype, made.device, torch.is_grad_enabled(), anomaly


def test_what_tensors_are_made_of_is_as_torch_has_it() -> None:
    meddle()
    set_torch_defaults()
    assert stands() == (torch.float32, CPU, True, False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_process_is_put_back_as_it_was(dtype: torch.dtype) -> None:
    torch.set_default_dtype(dtype)
    torch.set_num_threads(2)
    torch.set_deterministic_debug_mode("warn")
    state = ProcessState.capture()
    meddle()
    torch.set_default_dtype(torch.bfloat16)
    torch.set_num_threads(1)
    torch.set_deterministic_debug_mode("error")
    state.restore()
    assert stands() == (dtype, CPU, True, False)
    assert torch.get_num_threads() == 2
    assert torch.get_deterministic_debug_mode() == 1


def test_what_users_code_may_draw_from_is_seeded_by_the_run() -> None:
    before = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    try:
        seed_global_generators(3)
        drawn = random.random(), np.random.random_sample(), torch.rand(()).item()  # noqa: NPY002
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
        torch.set_rng_state(before[2])
    words = stream(3, "numpy").integers(2**32, size=8, dtype=np.uint32)
    generator = torch.Generator().manual_seed(stream_seed(3, "torch") % 2**63)
    assert drawn == (
        random.Random(stream_seed(3, "python")).random(),
        np.random.RandomState(words).random_sample(),
        torch.rand((), generator=generator).item(),
    )


def test_a_peak_of_memory_is_forgotten_when_a_try_begins() -> None:
    size = 2**25
    with mmap.mmap(-1, size) as memory:
        memory.write(b"x" * size)
    most = peak_memory_bytes()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("the system does not forget")
    if most is None or peak_memory_bytes() == most:
        pytest.skip("the system does not tell, or does not forget")
    with mmap.mmap(-1, size) as memory:
        memory.write(b"x" * size)
    most = peak_memory_bytes()
    assert most is not None
    reset_peak_memory(CPU)
    now = peak_memory_bytes()
    assert now is not None and most - now > size / 2
    assert device_memory_bytes(CPU) is None
