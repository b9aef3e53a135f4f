"""Devices, the layout rule, and what a process sets."""

import ctypes
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from actwise.engine import (
    keep_freed_memory,
    memory_format_for,
    prepare_device,
    set_process_numerics,
)
from actwise.engine.device import set_backend
from actwise.errors import SpecError
from actwise.models import MODELS
from made.forks import run_forked

FLUSHES = """
import torch
{before}
from actwise.engine import set_process_numerics
set_process_numerics(2)
x = torch.full((1 << 22,), torch.finfo(torch.float32).tiny)
assert not (x * 0.5).view(torch.int32).any(), "a thread keeps denormals"
assert torch.get_num_threads() == 2
"""


def test_every_thread_flushes_denormals() -> None:
    done = run_forked(FLUSHES.format(before=""))
    assert done.returncode == 0, done.stderr


def test_threads_that_keep_denormals_are_refused() -> None:
    warm = "torch.set_num_threads(2); torch.ones(1 << 22) * 2"
    done = run_forked(FLUSHES.format(before=warm))
    assert "that keep denormal numbers" in done.stderr


def library(monkeypatch: pytest.MonkeyPatch, **functions: Any) -> None:
    """In place of the C library of this process."""

    def load(name: object) -> SimpleNamespace:
        assert name is None
        return SimpleNamespace(**functions)

    monkeypatch.setattr(ctypes, "CDLL", load)


@pytest.mark.parametrize("begin", [keep_freed_memory, partial(set_process_numerics, 1)])
def test_glibc_is_told_to_map_nothing_anew_and_to_give_nothing_back(
    begin: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[int, int]] = []
    library(monkeypatch, mallopt=lambda *option: told.append(option))
    begin()
    # M_MMAP_MAX and M_TRIM_THRESHOLD of malloc.h.
    assert told == [(-4, 0), (-1, 2**31 - 1)]


def test_another_c_library_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    library(monkeypatch)
    keep_freed_memory()


def test_after_a_run_torchs_compiler_may_still_ask_for_the_precision() -> None:
    set_backend("float32", prepare_device("cpu", threads=1, model="vgg16", width=1.0))
    assert torch.backends.cudnn.allow_tf32 is False


@pytest.mark.parametrize("name", ["tpu", "CPU", "cuda:1"])
def test_an_unknown_device_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match="is none of cpu, cuda, auto"):
        prepare_device(name, threads=1, model="vgg16", width=1.0)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(SpecError, match="sees no CUDA device"):
        prepare_device("cuda", threads=1, model="vgg16", width=1.0)
    device = prepare_device("auto", threads=3, model="vgg16", width=1.0)
    assert (device.torch_device.type, device.threads) == ("cpu", 3)


def test_networks_with_convolutions_are_laid_out_channels_last() -> None:
    formats = {name: memory_format_for(name, 1.0) for name in MODELS}
    assert {name for name, layout in formats.items() if layout == "contiguous"} == {"mlp"}
