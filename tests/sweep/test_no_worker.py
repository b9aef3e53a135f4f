"""Where the system starts no process, or one that is no worker: a sentence, and nothing is left."""

import errno
import os
import queue
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from actwise.errors import SpecError, StoreError
from actwise.spec import ObserveSpec, RunSpec
from actwise.sweep.executors import (
    Describer,
    Nursery,
    StoppedError,
    StopRequest,
    end_kept_mother,
)
from actwise.sweep.executors.child import OwnProcess, Pipes
from actwise.sweep.executors.pool import Pool
from actwise.sweep.executors.worker_process import Inbox, WorkerProcess
from actwise.sweep.tries.costs import time_steps
from actwise.sweep.worker import Assignment, CostQuestion
from made.workers import made_setup

CELL = RunSpec(
    dataset="digits",
    model="mlp",
    regularization="none",
    activation="made.users_code:prints",
    seed=0,
)
QUESTION = CostQuestion(
    model="mlp",
    activations=("relu",),
    incumbent=None,
    regularization=None,
    width=1.0,
    input_shape=None,
    batch_size=None,
    num_classes=10,
    device="cpu",
    threads=1,
)


class Alone(Nursery):
    """Every process is a new one, and no fork; or there is none."""

    def __init__(self, error: OSError | None = None) -> None:
        super().__init__()
        self._error = error

    def start(self, pipes: Pipes, *, plans: bool) -> OwnProcess:
        if self._error is not None:
            raise self._error
        return OwnProcess(pipes, threads=1)


@pytest.fixture
def barren() -> Alone:
    return Alone(OSError("no room"))


@pytest.fixture
def pool_of(tmp_path: Path) -> Callable[[Nursery], Pool]:
    return lambda nursery: Pool(made_setup(tmp_path), 1, nursery)


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Lines of a shell that run in a worker's place."""

    def write(lines: str) -> None:
        script = tmp_path / "worker.sh"
        script.write_text(f"#!/bin/sh\n{lines}\n", encoding="utf-8")
        script.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(script))

    return write


def test_a_plan_that_gets_no_process_is_refused(barren: Alone) -> None:
    with pytest.raises(SpecError) as refusal, Describer(None, barren) as describe:
        describe(CELL)
    assert str(refusal.value) == "no process can be started to plan in: no room"


def test_a_measurement_that_gets_no_process_is_refused(barren: Alone) -> None:
    with pytest.raises(SpecError) as refusal:
        time_steps(QUESTION, barren)
    assert str(refusal.value) == "no process can be started to measure in: no room"


def test_training_that_gets_no_process_is_refused(
    barren: Alone, pool_of: Callable[[Nursery], Pool]
) -> None:
    assigned = Assignment(
        run_id="a", token=1, spec=CELL, observe=ObserveSpec(), data_digest="d", code_digests=()
    )
    with pytest.raises(StoreError) as refusal:
        pool_of(barren).fill(iter([(assigned,)]))
    assert str(refusal.value) == "no worker process can be started: no room"


def test_a_worker_that_is_not_started_leaves_no_pipe(barren: Alone) -> None:
    before = psutil.Process().num_fds()
    with pytest.raises(OSError, match=r"^no room$"):
        WorkerProcess(barren)
    assert psutil.Process().num_fds() == before


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="workers are forks on Linux alone")
def test_a_mother_that_is_not_started_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no room")

    end_kept_mother()
    before = psutil.Process().num_fds()
    with Nursery() as nursery:
        monkeypatch.setattr(subprocess, "Popen", refuse)
        with pytest.raises(OSError, match=r"^no room$"):
            nursery.begin()
    assert psutil.Process().num_fds() == before


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="workers are forks on Linux alone")
def test_a_kernel_that_tells_nothing_of_forks_gets_no_mother(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(process: int) -> int:
        raise OSError(errno.ENOSYS, "Function not implemented")

    end_kept_mother()
    monkeypatch.setattr(os, "pidfd_open", refuse)
    with Nursery() as nursery:
        nursery.begin()
        assert psutil.Process().children() == []


def test_a_planner_that_dies_is_named_with_what_it_planned(
    instead: Callable[[str], None],
) -> None:
    instead("echo 'ValueError: broken' >&2; exit 3")
    with pytest.raises(SpecError) as refusal, Describer(None, Alone()) as describe:
        describe(CELL)
    assert str(refusal.value) == (
        "the process that planned made.users_code:prints ended: its worker process ended with "
        "code 3 at its start: ValueError: broken"
    )


def test_a_process_that_dies_while_it_measures_is_named(instead: Callable[[str], None]) -> None:
    instead("echo 'ValueError: broken' >&2; exit 3")
    with pytest.raises(SpecError) as refusal:
        time_steps(QUESTION, Alone())
    assert str(refusal.value) == (
        "the process that timed model mlp ended: its worker process ended with code 3 at its "
        "start: ValueError: broken"
    )


def test_a_measurement_that_is_stopped_says_so_and_leaves_no_process(
    instead: Callable[[str], None],
) -> None:
    end_kept_mother()
    instead("exec sleep 60")
    with pytest.raises(StoppedError) as end:
        time_steps(QUESTION, Alone(), stop=StopRequest(time_limit_seconds=1e-9))
    assert str(end.value) == "measuring ended: stopped by the time limit"
    assert end.value.exit_code == 4
    assert psutil.Process().children() == []


def test_a_worker_into_whose_pipe_something_else_writes_is_killed(
    instead: Callable[[str], None],
) -> None:
    instead("echo nonsense; exec sleep 60")
    worker = WorkerProcess(Alone())
    inbox: Inbox = queue.SimpleQueue()
    worker.listen(inbox)
    assert inbox.get(timeout=60) == (worker, None)
    deadline = time.monotonic() + 30
    while not worker.has_ended():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert worker.end() == "its worker process was killed by SIGKILL"


def test_a_process_that_others_have_waited_for_has_ended(instead: Callable[[str], None]) -> None:
    end_kept_mother()
    instead("exit 0")
    nothing = subprocess.DEVNULL
    child = OwnProcess((nothing, nothing, nothing), threads=1)
    (process,) = psutil.Process().children()
    os.waitpid(process.pid, 0)
    assert child.has_ended()
    assert child.end() == 0
