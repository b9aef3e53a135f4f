"""The driver's end of the mother of its workers (:mod:`actwise.sweep.worker.forking`), on Linux."""

import os
import select
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from ..worker import Start, encode
from .child import OwnProcess, Pipes

_STATUS_SECONDS = 10.0
"""A mother that takes longer to say how a worker ended is stopped, or as good as dead."""

_MOST_BYTES = 2**18
"""Read of what a mother printed."""


class Mother:
    """A process that forks workers; it ends with the driver, and its workers then go on."""

    def __init__(self, start: Start, *, threads: int) -> None:
        """Start it. It begins to import torch, which takes more than a second.

        Raises:
            OSError: if the system starts no process.
        """
        # Workers are killed by the threads that listen to them, too.
        self.lock = threading.RLock()
        self._forks: list[Fork] = []
        self._holds_users_code: bool | None = None
        self._words = os.memfd_create("stderr")
        self._channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self.process = OwnProcess(
                    (subprocess.DEVNULL, self._words, self._words),
                    threads=threads,
                    arguments=(str(theirs.fileno()),),
                    keep=(theirs.fileno(),),
                )
        except OSError:
            self.close()
            raise
        self._send(encode(start))

    def fork(self, pipes: Pipes, *, plans: bool) -> "Fork":
        """A worker with these descriptors, to plan or to train, born once torch is imported."""
        fork = Fork(self, number=len(self._forks))
        self._forks.append(fork)
        self._send(b"%d %d" % (fork.number, plans), pipes)
        return fork

    def hear(self, *, seconds: float = 0.0) -> bool:
        """Take up one thing that it says within so long; False if there is none."""
        if not _is_readable(self._channel.fileno(), seconds):
            return False
        # An end with requests that it has not read is said before what it did say.
        with suppress(ConnectionResetError):
            message, pidfds, _, _ = socket.recv_fds(
                self._channel, _MOST_BYTES, 1, socket.MSG_CMSG_CLOEXEC
            )
            if not message:
                return False
            number, value = map(int, message.split())
            if number < 0:
                self._holds_users_code = bool(value)
            elif pidfds:
                self._forks[number].be_born(value, pidfds[0])
            else:
                self._forks[number].code = value
        return True

    def ask_for_code(self, fork: "Fork") -> None:
        """Have it reap a worker that has ended, and take up what it says of that."""
        self._send(b"%d" % fork.number)
        while fork.code is None and self.hear(seconds=_STATUS_SECONDS):
            pass

    def last_words(self) -> bytes:
        """What it printed; a worker prints elsewhere."""
        return os.pread(self._words, _MOST_BYTES, 0)

    def is_clean(self) -> bool:
        """Whether it lives and has imported no file of the user's; it is asked."""
        with self.lock:
            self._holds_users_code = None
            self._send(b"-1")
            while self._holds_users_code is None and self.hear(seconds=_STATUS_SECONDS):
                pass
            return self._holds_users_code is False

    def is_alone(self) -> bool:
        """Whether every worker that was asked for is over."""
        with self.lock:
            return all(fork.is_over for fork in self._forks)

    def end(self) -> None:
        """Kill it, and leave nothing open."""
        self.process.end()
        self.close()

    def _send(self, message: bytes, descriptors: Pipes | None = None) -> None:
        # One that is gone is noticed by its end.
        with suppress(ConnectionError):
            socket.send_fds(self._channel, [message], descriptors or ())

    def close(self) -> None:
        """Leave nothing open; it ends, unless another process has this end of the socket, too."""
        self._channel.close()
        os.close(self._words)


class Fork:
    """A worker of a mother. Until it is born, it ends as she does. A :class:`.child.Child`.

    Attributes:
        number: Of the request.
        code: How it ended, once she has said so; it is then reaped.
        is_over: Whether it was ended, and nothing of it is left.
    """

    def __init__(self, mother: Mother, *, number: int) -> None:
        self.number = number
        self.code: int | None = None
        self._mother = mother
        self._process: int | None = None
        self._pidfd: int | None = None
        self.is_over = False

    def be_born(self, process: int, pidfd: int) -> None:
        """Note its process id, which names its group until it is reaped, and its pidfd."""
        self._process, self._pidfd = process, pidfd

    def has_ended(self) -> bool:
        """See :class:`.child.Child`."""
        with self._mother.lock:
            if self.is_over:
                return True
            # Asked before she is heard: what she said last counts.
            is_she_gone = self._mother.process.has_ended()
            while self._pidfd is None and self.code is None and self._mother.hear():
                pass
            if self._pidfd is None:
                return self.code is not None or is_she_gone
            return _is_readable(self._pidfd, 0.0)

    def kill_group(self) -> None:
        """See :class:`.child.Child`."""
        with self._mother.lock:
            self.has_ended()
            if self.is_over:
                return
            if self._process is None or self._pidfd is None:
                if self.code is None:
                    self._mother.process.kill_group()
                return
            with suppress(ProcessLookupError, PermissionError):
                if _is_ours(self._process, self._pidfd):
                    os.killpg(self._process, signal.SIGKILL)
            # It may not have made its group yet.
            with suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    def end(self) -> int | None:
        """See :class:`.child.Child`."""
        self.kill_group()
        if self._pidfd is None:
            code = self._mother.process.end() if self.code is None else self.code
            # She may have said with her last breath that it was born.
            self.kill_group()
            if self._pidfd is None:
                self.is_over = True
                return code
        _is_readable(self._pidfd, None)
        with self._mother.lock:
            self._mother.ask_for_code(self)
            os.close(self._pidfd)
            self._pidfd, self.is_over = None, True
        return self.code

    def last_words(self) -> bytes:
        """See :class:`.child.Child`."""
        return self._mother.last_words() if self._process is None else b""


def _is_ours(process: int, pidfd: int) -> bool:
    """Whether a process id still names a worker's group: she may be dead, and it reaped."""
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        # As long as there is a group of this number, no new process can get it.
        return not Path("/proc", str(process)).exists()
    return True


def _is_readable(descriptor: int, seconds: float | None) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
