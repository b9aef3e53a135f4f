"""How many workers this machine carries: cores, quotas and memory that are really ours."""

import math
import os
from collections.abc import Sequence
from pathlib import Path

import psutil

from ...spec import RunSpec

MEMORY_SHARE = 0.75
"""Of the available memory, for the estimates of all runs in flight. A run takes up to 1/0.85 of its
estimate (:func:`actwise.models.footprint.peak_memory_bytes`), so 0.88; the rest is for the driver
and the page cache of the data."""


COMPILER_BYTES = 200 * 2**20
"""Of one compiler. All processes that torch started beside the training one took 367 and 383 MB at
their peak, where two compiled at once (VGG16 with ReLU and ResNet18 with the rational function at
width 1/4, n = 1 each, sampled 10 to 30 times a second; g++ 12, torch 2.13, 2 cores of an EPYC)."""

_MOST_COMPILERS = 32


def default_workers(
    memory_bytes: int, *, threads: int, device: str, available_bytes: int | None = None
) -> int:
    """Workers for runs that need ``memory_bytes`` each, of ``available_bytes`` or what is free now.

    At least 1.

    On a CPU as many as :func:`usable_cores` carry at ``threads`` each and memory holds. One on
    CUDA: runs would share one device.
    """
    if device == "cuda":
        return 1
    by_memory = safe_memory_bytes(available_bytes) / max(memory_bytes, 1)
    return max(1, int(min(usable_cores() / threads, by_memory)))


def usable_cores() -> float:
    """Physical cores in this process's affinity mask, or fewer by its CPU quota."""
    return min(len(physical_cores()), cores_of_groups(own_groups()))


def physical_cores() -> list[int]:
    """One logical CPU of every physical core in this process's affinity mask."""
    allowed = sorted(allowed_cpus())
    first_of_core: dict[str, int] = {}
    for cpu in allowed:
        first_of_core.setdefault(_siblings(cpu), cpu)
    return list(first_of_core.values())


def allowed_cpus() -> set[int]:
    """The logical CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(psutil.cpu_count(logical=False) or 1))


def available_memory_bytes() -> int:
    """Memory that can be used now, limited by the control groups this process is in."""
    in_groups = memory_of_groups(own_groups())
    return int(min(psutil.virtual_memory().available, in_groups))


def safe_memory_bytes(available_bytes: int | None = None) -> float:
    """What the estimates of all runs in flight may add up to, of what is available (now)."""
    return MEMORY_SHARE * (available_memory_bytes() if available_bytes is None else available_bytes)


def compiler_bytes(spec: RunSpec) -> int:
    """What the compilers of a run take beside its process; 0 where nothing is compiled.

    Torch starts as many at once as its process has CPUs, or as the environment says.
    """
    if not spec.train.compile:
        return 0
    asked = os.environ.get("TORCHINDUCTOR_COMPILE_THREADS", "")
    usual = min(_MOST_COMPILERS, len(physical_cores()))
    return COMPILER_BYTES * (int(asked) if asked.isdigit() else usual)


def own_groups(
    root: Path = Path("/sys/fs/cgroup"), table: Path = Path("/proc/self/cgroup")
) -> list[Path]:
    """Folders of this process's control groups and of those around them (versions 1 and 2)."""
    groups: list[Path] = []
    for line in _read(table).splitlines():
        _, controllers, path = line.split(":", 2)
        mounts = [root / name for name in controllers.split(",")] if controllers else [root]
        for mount in mounts:
            own = mount / path.lstrip("/")
            groups += [own, *(folder for folder in own.parents if folder.is_relative_to(mount))]
    return groups


def memory_of_groups(groups: Sequence[Path]) -> float:
    """Bytes that the tightest of ``groups`` still gives; infinite without a limit.

    Pages of files that nobody uses count as used there, but are given up when memory is short.
    """
    free = [math.inf]
    for group in groups:
        limit = _number(group / "memory.max", group / "memory.limit_in_bytes")
        used = _number(group / "memory.current", group / "memory.usage_in_bytes")
        if limit is not None and used is not None:
            free.append(max(0, limit - used + _idle_file_bytes(group)))
    return min(free)


def cores_of_groups(groups: Sequence[Path]) -> float:
    """Cores' worth of time that the tightest of ``groups`` gives; infinite without a quota."""
    quotas = [math.inf]
    for group in groups:
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            quotas.append(int(quota) / int(period))
    return min(quotas)


def _siblings(cpu: int) -> str:
    topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    return _read(topology) or str(cpu)


def _idle_file_bytes(group: Path) -> int:
    values = dict(line.split() for line in _read(group / "memory.stat").splitlines())
    return int(values.get("total_inactive_file", values.get("inactive_file", 0)))


def _number(*paths: Path) -> int | None:
    """The number in the first of ``paths`` that holds one (``max`` is none)."""
    texts = (_read(path) for path in paths)
    return next((int(text) for text in texts if text.isdigit()), None)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
