"""How many workers this machine carries: cores, quotas and memory that are really ours."""

import os
from pathlib import Path

import psutil

_CGROUP = Path("/sys/fs/cgroup")
_MEMORY_SHARE = 0.9
"""Of the available memory; the rest is for the driver and the page cache of the data."""


def default_workers(memory_bytes: int, *, threads: int, device: str) -> int:
    """Workers for runs that need ``memory_bytes`` each; at least 1.

    On a CPU as many as physical cores in the affinity mask and CPU quota carry at ``threads``
    each and memory holds. One on CUDA: runs would share one device.
    """
    if device == "cuda":
        return 1
    by_cores = len(physical_cores()) // threads
    by_memory = int(available_memory_bytes() * _MEMORY_SHARE) // max(memory_bytes, 1)
    return max(1, min(by_cores, by_memory, _quota_cores()))


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
    """Memory that can be used now, limited by the cgroups this process is in."""
    free = [int(psutil.virtual_memory().available)]
    for group in _own_cgroups():
        limit = _read(group / "memory.max") or _read(group / "memory.limit_in_bytes")
        used = _read(group / "memory.current") or _read(group / "memory.usage_in_bytes")
        if limit.isdigit() and used.isdigit():
            free.append(max(0, int(limit) - int(used)))
    return min(free)


def _siblings(cpu: int) -> str:
    topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    return _read(topology) or str(cpu)


def _quota_cores() -> int:
    quotas = [len(allowed_cpus())]
    for group in _own_cgroups():
        quota, _, period = _read(group / "cpu.max").partition(" ")
        if not quota:
            quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            quotas.append(max(1, int(quota) // int(period)))
    return min(quotas)


def _own_cgroups() -> list[Path]:
    """Folders of this process's groups and of all groups around them (version 2, then 1)."""
    groups: list[Path] = []
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, controllers, path = line.split(":", 2)
        roots = [_CGROUP / name for name in controllers.split(",")] if controllers else [_CGROUP]
        for root in roots:
            own = root / path.lstrip("/")
            groups += [own, *(folder for folder in own.parents if folder.is_relative_to(root))]
    return groups


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
