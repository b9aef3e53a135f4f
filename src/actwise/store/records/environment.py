"""Where a run was computed: the machine, for people, and the numerics fingerprint, for bits.

The environment of a record is ``{**environment(), "fingerprint": fingerprint(...)}``.
Torch is imported inside the functions only.
"""

import hashlib
import json
import os
import platform
import re
import socket
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from ... import __version__

# They choose kernels inside the math libraries, and so the order of sums.
_MATH_SETTINGS = (
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "MKL_DYNAMIC",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
)


def environment() -> dict[str, Any]:
    """The machine and the versions, as plain JSON values; sizes in bytes."""
    import torch

    return {
        "host": socket.gethostname(),
        "os": platform.platform(),
        "cpu": _cpu_model(),
        "physical_cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "actwise": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "math_library": _math_library(torch.__config__.show()),
    }


def fingerprint(*, device: str, threads: int, memory_format: str) -> dict[str, str]:
    """Everything that may change a bit of a result and is no part of a run's id.

    On a CPU, equal fingerprints mean bit-equal results. The processor's family and model are
    part of it, because the math libraries choose kernels and block sizes by them.

    Args:
        device: Torch's device type or name: ``cpu``, ``cuda``, ``cuda:1``.
        threads: Threads that one operation uses.
        memory_format: ``contiguous`` or ``channels_last``, as the engine says it.
    """
    import torch

    build = torch.__config__.show()
    values = {
        "device": torch.device(device).type,
        "threads": str(threads),
        "memory_format": memory_format,
        "torch": torch.__version__,
        "torch_build": hashlib.sha256(build.encode()).hexdigest()[:16],
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "cpu": _cpu_generation(),
        "math_library": _math_library(build),
        "math_settings": _math_settings(build),
        "flush_denormal": "on" if _flushes_denormals() else "off",
    }
    if values["device"] == "cuda":
        values["gpu"] = torch.cuda.get_device_name(torch.device(device))
        values["cuda"] = str(torch.version.cuda)
        values["cudnn"] = str(torch.backends.cudnn.version())  # type: ignore[no-untyped-call]
    return values


def fingerprint_id(fingerprint: dict[str, str]) -> str:
    """Short hash of a fingerprint: equal exactly when the fingerprints are."""
    text = json.dumps(fingerprint, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _math_library(build: str) -> str:
    """The lines of torch's build description that name MKL, oneDNN or another BLAS."""
    named = re.findall(r"- (.*(?:Math Kernel Library|MKL-DNN|OpenBLAS|Accelerate).*)", build)
    blas = re.findall(r"BLAS_INFO=(\w+)", build)
    return "; ".join([*(line.strip() for line in named), *(f"BLAS {name}" for name in blas)])


def _math_settings(build: str) -> str:
    # NumPy's OpenBLAS reads this too, and does not matter.
    names = (*_MATH_SETTINGS, *(["OPENBLAS_CORETYPE"] if "openblas" in build.lower() else []))
    return " ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))


def _flushes_denormals() -> bool:
    import torch

    # Torch does not tell; the product of these is denormal in float32.
    return bool((torch.full((1,), 1e-30) * torch.full((1,), 1e-10)).item() == 0.0)


def _cpu_model() -> str:
    return _cpu_info().get("model name") or platform.processor() or platform.machine()


def _cpu_generation() -> str:
    info = _cpu_info()
    if "vendor_id" not in info:
        return _cpu_model()
    return f"{info['vendor_id']} family {info.get('cpu family')} model {info.get('model')}"


def _cpu_info() -> dict[str, str]:
    """The first processor of /proc/cpuinfo; empty where there is none."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
