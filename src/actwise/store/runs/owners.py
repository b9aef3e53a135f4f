"""Who holds a lease, and whether that process still lives."""

import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import psutil

LEASE_SECONDS = 60.0
"""An owner on another host is taken for dead when its last heartbeat is older than this."""

# The first process identifier namespace of every Linux system has this fixed inode.
_INITIAL_PID_NAMESPACE = 4026531836


@dataclass(frozen=True)
class Owner:
    """One process, for all time: identifiers of processes are used again, this is not.

    Attributes:
        host: Host name; inside a container also its process namespace, since process
            identifiers mean nothing outside it.
        boot_id: Identifier of the host's current boot ("" where the system has none).
        pid: Process identifier.
        process_start: When the process started, exactly as the system tells it.
    """

    host: str
    boot_id: str
    pid: int
    process_start: str

    @classmethod
    def here(cls) -> Self:
        """The calling process."""
        pid = os.getpid()
        return cls(_host(), _boot_id(), pid, _process_start(pid) or "")

    def is_alive(self, *, seconds_since_heartbeat: float, is_seen: bool = True) -> bool:
        """Whether the owner may still be at work.

        On this host that is exactly whether its process is there (a zombie is not); elsewhere,
        or where the system hides other users' processes, whether its heartbeat is fresh. The
        heartbeat alone tells unless ``is_seen``: where machines may share a name.
        """
        has_fresh_heartbeat = seconds_since_heartbeat <= LEASE_SECONDS
        if not is_seen or self.host != _host():
            return has_fresh_heartbeat
        if self.boot_id != _boot_id():
            return False
        try:
            return _process_start(self.pid) == self.process_start
        except PermissionError:
            return has_fresh_heartbeat

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def _process_start(pid: int) -> str | None:
    """Start of a process, None if it is gone or a zombie; PermissionError if it is hidden."""
    if not sys.platform.startswith("linux"):
        return _process_start_by_psutil(pid)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        _refuse_if_hidden(pid)
        return None
    # The name stands in brackets and may itself hold any of these characters.
    fields = stat[stat.rindex(")") + 1 :].split()
    # Ticks since boot: psutil adds the time of boot, which moves when the clock is set.
    return None if fields[0] in "ZXx" else fields[19]


def _refuse_if_hidden(pid: int) -> None:
    # /proc mounted with hidepid does not show other users' processes; a signal finds them.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return


def _process_start_by_psutil(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        raise PermissionError(pid) from None


@cache
def _host() -> str:
    try:
        namespace = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        namespace = _INITIAL_PID_NAMESPACE
    suffix = "" if namespace == _INITIAL_PID_NAMESPACE else f" (process namespace {namespace})"
    return socket.gethostname() + suffix


@cache
def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
