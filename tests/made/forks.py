"""Code in a process of its own that need not import torch: a fork of :mod:`made.fork_server`."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

from made.fork_server import MOST_BYTES

SERVER = Path(__file__).with_name("fork_server.py")


def run_forked(code: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """As :func:`subprocess.run` of ``python -c CODE``, its output captured."""
    with Fork(code, *arguments, **options) as fork:
        out, err = fork.rest(seconds=120)
        return subprocess.CompletedProcess([code, *arguments], fork.wait(), out, err)


class Fork:
    """What tests use of :class:`subprocess.Popen`, of ``python -c CODE``; it leads a session."""

    def __init__(
        self,
        code: str,
        *arguments: str,
        folder: Path | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Start it in ``folder``; ``environment`` is added to what is set here."""
        values = {
            "code": code,
            "arguments": arguments,
            "folder": str(folder or Path.cwd()),
            "environment": {**os.environ, **environment},
        }
        (out, their_out), (err, their_err) = os.pipe(), os.pipe()
        self.pid: int = _ask(values, [their_out, their_err])
        os.close(their_out)
        os.close(their_err)
        self.stdout, self.stderr = (os.fdopen(number, encoding="utf-8") for number in (out, err))
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.kill()
        self.stdout.close()
        self.stderr.close()
        self.wait()

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        if self.returncode is None:
            self.returncode = _ask(self.pid)
        return self.returncode

    def wait(self) -> int:
        while self.poll() is None:
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def rest(self, *, seconds: float) -> tuple[str, str]:
        """What it still says on stdout and stderr to its end; killed if that takes longer."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            return self.stdout.read(), self.stderr.read()
        finally:
            timer.cancel()


def _ask(asked: object, descriptors: list[int] | None = None) -> Any:
    channel = _server()
    socket.send_fds(channel, [json.dumps(asked).encode()], descriptors or [])
    return json.loads(channel.recv(MOST_BYTES))


@cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        command = [sys.executable, str(SERVER), str(number)]
        subprocess.run(command, pass_fds=[number], cwd=SERVER.parent, check=True)
    return ours
