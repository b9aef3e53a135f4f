"""The mother of drivers: every sweep that a test drives in a process of its own is a fork of her.

A driver that began as ``python`` would import torch anew, and so would the mother of its workers:
that is most of what such a test costs. Like hers (:mod:`actwise.sweep.worker.forking`), this mother
runs no operation and has no second thread. Of a request with two descriptors, a driver's stdout and
stderr, she makes the driver and answers with its process id; to a process id she answers how that
driver ended, or that it has not. A driver prints one event a line.
"""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

MOST_BYTES = 2**18


def main() -> int:
    """Returns in a driver, which has ended; the mother ends when the tests close the socket."""
    with socket.socket(fileno=int(sys.argv[1])) as tests:
        # No child of the tests: some of them look at theirs.
        if os.fork():
            os._exit(0)
        import actwise.models
        import actwise.sweep.run  # noqa: F401

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
    return drive(asked)


def drive(asked: dict[str, Any]) -> int:
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    # As commands do; and the users' code of these tests.
    sys.path[:1] = [asked["folder"], str(Path(__file__).parents[1])]
    from actwise.spec import parse_study
    from actwise.store import RunStore
    from actwise.sweep.run import run
    from actwise.sweep.watch import JsonProgress

    study = parse_study(asked["study"], source="test")
    with RunStore.open(asked["store"], create=True) as store:
        outcome = run(study, store, progress=JsonProgress(sys.stdout), **asked["options"])
    return outcome.exit_code


if __name__ == "__main__":
    sys.exit(main())
