"""The switches of torch that decide a run's numbers are set for each, whatever they were."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from actwise.engine import Device, prepare_device
from actwise.engine.device import autocast, set_backend

CONVOLUTIONS = ("conv", "rnn")
PRODUCTS = ("matmul", "conv", "rnn")


def switches() -> dict[str, Any]:
    """As they stand."""
    cudnn, mkldnn = torch.backends.cudnn, torch.backends.mkldnn
    return {
        "autocast": torch.is_autocast_enabled("cpu"),
        "float32": torch.get_float32_matmul_precision(),
        "threads": torch.get_num_threads(),
        "mode": torch.get_deterministic_debug_mode(),
        "fill": torch.utils.deterministic.fill_uninitialized_memory,
        "benchmark": cudnn.benchmark,
        "tf32": cudnn.allow_tf32,
        "products": torch.backends.cuda.matmul.fp32_precision,
        "mkldnn": (mkldnn.enabled, mkldnn.deterministic),
        **{f"cudnn {name}": getattr(cudnn, name).fp32_precision for name in CONVOLUTIONS},
        **{f"mkldnn {name}": getattr(mkldnn, name).fp32_precision for name in PRODUCTS},
    }


AS_SET = {
    "autocast": False,
    "float32": "highest",
    "threads": 1,
    "mode": 2,
    "fill": False,
    "benchmark": False,
    "tf32": False,
    "products": "ieee",
    "mkldnn": (True, False),
    "cudnn conv": "ieee",
    "cudnn rnn": "ieee",
    "mkldnn matmul": "ieee",
    "mkldnn conv": "ieee",
    "mkldnn rnn": "ieee",
}


@pytest.fixture
def device() -> Iterator[Device]:
    """A CPU; after the test the switches are as a run leaves them, but for two."""
    threads, mode = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    device = prepare_device("cpu", threads=1, model="vgg16", width=1.0)
    yield device
    set_backend("float32", device)
    torch.set_num_threads(threads)
    torch.set_deterministic_debug_mode(mode)


def test_whatever_was_set_before_is_set_anew(device: Device) -> None:
    torch.set_float32_matmul_precision("medium")
    torch.set_autocast_enabled("cpu", True)
    torch.set_num_threads(2)
    torch.set_deterministic_debug_mode("default")
    torch.utils.deterministic.fill_uninitialized_memory = True
    torch.backends.cudnn.benchmark = True
    torch.backends.mkldnn.set_flags(False, True)
    for name in PRODUCTS:
        getattr(torch.backends.mkldnn, name).fp32_precision = "bf16"
    for name in CONVOLUTIONS:
        getattr(torch.backends.cudnn, name).fp32_precision = "tf32"
    torch.backends.cuda.matmul.fp32_precision = "tf32"
    set_backend("float32", device)
    assert switches() == AS_SET


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_is_that_of_products_in_a_forward_pass_alone(
    precision: Any, device: Device
) -> None:
    set_backend(precision, device)
    assert switches() == AS_SET
    x = torch.ones(2, 2)
    with autocast(precision, device):
        inside = (x @ x).dtype
    assert inside == getattr(torch, precision)
    assert (x @ x).dtype == torch.float32
