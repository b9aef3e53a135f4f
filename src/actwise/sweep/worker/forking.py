"""A process that has imported torch, and of which every worker is a fork: the mother.

She touches no device, runs no operation and has no second thread, so a fork of her is as good as a
new process. A request is the number of a worker, in decimals, on a socket that keeps messages
apart. With three descriptors, its stdin, stdout and stderr, it asks for the worker, and with a
second word for one that will plan: she then has torch's compiler, too, from now on. She answers
with the number and the process id, and its pidfd. Without any it asks how that worker ended, and
she answers with the number and the code, as :attr:`subprocess.Popen.returncode` has it. Until
then she does not reap it: its id names its process group. To -1 she answers whether she holds
users' code.
"""

import ctypes
import gc
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ...usercode import is_installed
from .protocol import Start, decode

_MOST_BYTES = 2**18
_FOR_PLANNERS = "torch._dynamo"
"""Networks on the meta device need it; the import takes 2 s."""

_SET_PARENT_DEATH_SIGNAL = 1


def die_with_parent() -> None:
    """On Linux: what hangs must not outlive who would kill it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def become_a_fork(descriptor: int, import_all: Callable[[], object]) -> None:
    """Serve the driver as the mother until its end of the socket closes; returns in every fork.

    Args:
        descriptor: Of the socket.
        import_all: Imports whatever workers need; called once ``sys.path`` is the driver's.
    """
    die_with_parent()
    with socket.socket(fileno=descriptor) as driver:
        try:
            start = decode(driver.recv(_MOST_BYTES))
            assert isinstance(start, Start)
            sys.path[:] = start.import_path
            import_all()
            # Else every fork would print what waits here.
            sys.stdout.flush()
            # What no fork's collector looks at stays shared.
            gc.freeze()
            _serve(driver)
        except ConnectionError:
            os._exit(0)
        except BaseException:
            # Before the socket closes: the driver takes that for the end, and kills.
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
            os._exit(1)


def _serve(driver: socket.socket) -> None:
    children: dict[int, int] = {}
    while True:
        message, descriptors, _, _ = socket.recv_fds(driver, _MOST_BYTES, 3)
        if not message:
            os._exit(0)
        number, *wishes = map(int, message.split())
        if number < 0:
            driver.send(b"%d %d" % (number, _holds_users_code()))
            continue
        if not descriptors:
            _, status = os.waitpid(children.pop(number), 0)
            driver.send(b"%d %d" % (number, os.waitstatus_to_exitcode(status)))
            continue
        if any(wishes):
            importlib.import_module(_FOR_PLANNERS)
        try:
            child = os.fork()
        except OSError as error:
            os.write(descriptors[2], f"OSError: no process can be forked: {error}\n".encode())
            driver.send(b"%d 1" % number)
        else:
            if child == 0:
                _become_worker(descriptors)
                return
            children[number] = child
            pidfd = os.pidfd_open(child)
            socket.send_fds(driver, [b"%d %d" % (number, child)], [pidfd])
            os.close(pidfd)
        for descriptor in descriptors:
            os.close(descriptor)


def _holds_users_code() -> bool:
    """Whether an import found a file of the user's: torch tries some that may not be installed."""
    ours = Path(__file__).parents[2]
    specs = (getattr(module, "__spec__", None) for module in list(sys.modules.values()))
    files = (Path(spec.origin) for spec in specs if spec is not None and spec.has_location)
    return any(not is_installed(file) and ours not in file.parents for file in files)


def _become_worker(descriptors: Sequence[int]) -> None:
    """As a process that was started with these three, in a session of its own."""
    os.setsid()
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    # A folder that has changed since may have the time at which it was last read.
    importlib.invalidate_caches()
