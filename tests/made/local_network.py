"""Networks and folders that only some processes see, for tests of what machines do not share.

Namespaces of Linux, for which a process needs the rights of root.
"""

import ctypes
import errno
import fcntl
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NEW_NETWORK, _NEW_MOUNTS = 0x40000000, 0x00020000
_PRIVATE_FROM_HERE = 0x4000 | 0x40000
_SET_FLAGS, _IS_UP_AND_RUNNING = 0x8914, 0x41
_libc = ctypes.CDLL(None, use_errno=True)


class LocalNetwork:
    """A network that has a loopback device and nothing else."""

    def __init__(self) -> None:
        """Make it.

        Raises:
            OSError: if this process may not.
        """
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        try:
            _checked(_libc.unshare(_NEW_NETWORK))
            try:
                self._descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
                with socket.socket() as device:
                    flags = struct.pack("16sh14x", b"lo", _IS_UP_AND_RUNNING)
                    fcntl.ioctl(device, _SET_FLAGS, flags)
            finally:
                _checked(_libc.setns(home, _NEW_NETWORK))
        finally:
            os.close(home)

    @property
    def path(self) -> str:
        """What other processes give to :func:`enter_network`."""
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """In it are this thread, and every thread and process that it starts."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        enter_network(self.path)
        try:
            yield
        finally:
            _checked(_libc.setns(home, _NEW_NETWORK))
            os.close(home)

    def close(self) -> None:
        os.close(self._descriptor)


def enter_network(path: str) -> None:
    """Be in a network from now on."""
    descriptor = os.open(path, os.O_RDONLY)
    _checked(_libc.setns(descriptor, _NEW_NETWORK))
    os.close(descriptor)


def hide(folder: Path) -> None:
    """Lay an empty folder over this one; what is in it, only this process and its children see."""
    _checked(_libc.unshare(_NEW_MOUNTS))
    _checked(_libc.mount(b"none", b"/", None, _PRIVATE_FROM_HERE, None))
    _checked(_libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, None))


def _checked(result: int) -> None:
    if result:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, os.strerror(number))
