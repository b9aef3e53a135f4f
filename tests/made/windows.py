"""Run a command of actwise without what only POSIX has: ``python made/windows.py analyze ...``.

What actwise itself imports or asks of ``os`` and ``signal`` is missing; libraries, which were built
for this system, find it.
"""

import os
import signal
import sys
from importlib.util import find_spec
from types import FrameType, ModuleType
from typing import Any

# Of the package: what it is checked out into may be called so, too, and hold the libraries.
OURS = str(find_spec("actwise").origin).removesuffix("__init__.py")  # type: ignore[union-attr]
ABSENT = frozenset({"fcntl", "resource", "pwd", "grp", "termios", "tty"})
MISSING = {
    os: frozenset(
        [
            "fork",
            "setsid",
            "killpg",
            "getpgid",
            "setpgid",
            "sched_getaffinity",
            "geteuid",
            "getuid",
            "mkfifo",
            "statvfs",
            "getloadavg",
            "nice",
            "register_at_fork",
            "wait4",
            "waitid",
            "WNOHANG",
            "WEXITED",
            "WNOWAIT",
            "P_PID",
            "fchmod",
            "chown",
            "uname",
            "pidfd_open",
            "pread",
            "pwrite",
            "O_NONBLOCK",
            "O_DIRECTORY",
            "O_NOFOLLOW",
            "O_CLOEXEC",
        ]
    ),
    signal: frozenset(
        [
            "SIGKILL",
            "SIGHUP",
            "SIGUSR1",
            "SIGUSR2",
            "SIGCHLD",
            "SIGALRM",
            "setitimer",
            "pthread_kill",
            "pthread_sigmask",
            "pidfd_send_signal",
        ]
    ),
}


class Absent:
    """A finder that has none of these modules for actwise."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        if name in ABSENT and is_for_actwise():
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


class Reduced(ModuleType):
    """A module that lacks some names for actwise."""

    def __init__(self, whole: ModuleType) -> None:
        super().__init__(whole.__name__)
        vars(self)["whole"] = whole

    def __getattr__(self, name: str) -> Any:
        whole = vars(self)["whole"]
        if name in MISSING[whole] and is_for_actwise():
            raise AttributeError(f"module {whole.__name__!r} has no attribute {name!r}")
        return getattr(whole, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(vars(self)["whole"], name, value)


def is_for_actwise() -> bool:
    """Whether the first file on the stack, but for this one and importlib, is actwise's."""
    frame: FrameType | None = sys._getframe(1)
    while frame and (
        frame.f_code.co_filename == __file__ or "importlib" in frame.f_code.co_filename
    ):
        frame = frame.f_back
    return frame is not None and frame.f_code.co_filename.startswith(OURS)


if __name__ == "__main__":
    for name in ABSENT:
        sys.modules.pop(name, None)
    sys.meta_path.insert(0, Absent())  # type: ignore[arg-type]
    for module in MISSING:
        sys.modules[module.__name__] = Reduced(module)
    from actwise.cli.main import run_command

    sys.exit(max(run_command(line.split()) for line in sys.stdin.read().splitlines()))
