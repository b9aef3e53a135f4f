"""A process that has imported torch and actwise: what tests run in a process of its own is a fork.

A process that begins as ``python`` imports both anew, which takes 4 s of a core, most of what such
a test costs. Like the mother of workers (:mod:`actwise.sweep.worker.forking`), this one runs no
operation and has no second thread, so a fork is as good as a new process, but that torch is there
and that the interpreter's own options are those of this one. Of a request with two descriptors,
stdout and stderr, it makes a fork that runs the code, and answers with its process id; to a process
id it answers how that one ended, or that it has not.
"""

import gc
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

MOST_BYTES = 2**18


def main() -> None:
    """Returns in a fork; the server ends when the tests close the socket."""
    with socket.socket(fileno=int(sys.argv[1])) as tests:
        # No child of the tests: some of them look at theirs.
        if os.fork():
            os._exit(0)
        import torch._dynamo  # noqa: F401  else each that plans a network would, in 2 s

        import actwise.cli.main
        import actwise.models
        import actwise.sweep.run  # noqa: F401

        gc.freeze()  # else every fork would search all this for garbage at its end
        while True:
            message, descriptors, _, _ = socket.recv_fds(tests, MOST_BYTES, 2)
            if not message:
                os._exit(0)
            asked = json.loads(message)
            answer: int | None
            if not descriptors:
                ended, status = os.waitpid(asked, os.WNOHANG)
                answer = os.waitstatus_to_exitcode(status) if ended else None
            else:
                answer = os.fork()
                if not answer:
                    break
            for descriptor in descriptors:
                os.close(descriptor)
            tests.send(json.dumps(answer).encode())
    os.setsid()
    for descriptor, target in zip(descriptors, (1, 2), strict=True):
        os.dup2(descriptor, target)
        os.close(descriptor)
    # Not those that were opened for what stdout and stderr were before.
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    run(**asked)


def run(*, code: str, arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    # As commands do; and what tests share.
    sys.path[:1] = [folder, str(Path(__file__).parents[1])]
    sys.argv = ["-c", *arguments]
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(code, "<string>", "exec"), namespace)


if __name__ == "__main__":
    main()
