"""A driver in a process of its own, as the tests hold it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from made.driver import MOST_BYTES

SCRIPT = Path(__file__).with_name("driver.py")


class Driver:
    """What tests use of :class:`subprocess.Popen`, of a fork of the mother of drivers."""

    def __init__(self, folder: Path, **asked: Any) -> None:
        """Start one in ``folder``, leader of a session of its own."""
        values = asked | {"folder": str(folder), "environment": dict(os.environ)}
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

    def rest(self, *, seconds: float) -> str:
        """What it still says to its end; it is killed if that takes longer."""
        timer = threading.Timer(seconds, self.kill)
        timer.start()
        try:
            return self.stdout.read() + self.stderr.read()
        finally:
            timer.cancel()


def _ask(asked: object, descriptors: list[int] | None = None) -> Any:
    channel = _mother()
    socket.send_fds(channel, [json.dumps(asked).encode()], descriptors or [])
    return json.loads(channel.recv(MOST_BYTES))


@cache
def _mother() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        command = [sys.executable, str(SCRIPT), str(number)]
        subprocess.run(command, pass_fds=[number], cwd=SCRIPT.parent, check=True)
    return ours
