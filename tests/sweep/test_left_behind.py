"""What is left when a worker stops or dies: runs that waited, and processes that it started."""

import os
import subprocess
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from actwise.sweep.executors import Nursery
from actwise.sweep.executors.mother import Fork
from actwise.sweep.executors.pool import Pool
from actwise.sweep.executors.worker_process import Inbox
from actwise.sweep.worker import Assignment, PutBack, Setup
from made.workers import assignment, made_setup


class PlayedWorker:
    """Does what it is told, and is over once it was told to."""

    def __init__(self, nursery: Nursery) -> None:
        self.pending: list[str] = []
        self.done: list[object] = []
        self.is_over = False
        made.append(self)

    def set_up(self, setup: Setup, inbox: Inbox) -> None:
        self.inbox = inbox

    def give(self, assignments: tuple[Assignment, ...]) -> None:
        self.pending = [each.run_id for each in assignments]

    def take(self, message: PutBack) -> PutBack:
        self.pending.remove(message.run_id)
        return message

    def has_ended(self) -> bool:
        return self.is_over

    def stop(self) -> None:
        self.done.append("stopped")

    def kill_group(self) -> None:
        self.done.append("killed")

    def end(self) -> str:
        self.done.append("ended")
        return "it ended"


made: list[PlayedWorker] = []


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """Of one worker."""
    made.clear()
    monkeypatch.setattr("actwise.sweep.executors.pool.WorkerProcess", PlayedWorker)
    return Pool(made_setup(tmp_path), 1, Nursery())


def test_what_waits_for_a_process_of_its_own_is_put_back_at_a_stop(pool: Pool) -> None:
    code = (("own:act", "0" * 64),)
    runs = tuple(assignment(run_id, code=code) for run_id in ("a", "b", "c"))
    assert pool.fill(iter([runs]))
    assert list(pool.stop()) == [
        PutBack(run_id=run_id, reason="stopped", is_accident=False) for run_id in ("b", "c")
    ]
    (worker,) = made
    assert (worker.pending, worker.done) == (["a"], ["stopped"])
    assert pool.is_busy


def test_what_a_dead_worker_left_behind_is_killed_so_that_its_end_is_heard(pool: Pool) -> None:
    assert pool.fill(iter([(assignment("a"),)]))
    (worker,) = made
    worker.is_over = True
    worker.inbox.put((worker, None))  # type: ignore[arg-type]
    assert list(pool.events()) == [PutBack(run_id="a", reason="it ended", is_accident=True)]
    assert worker.done == ["killed", "ended"]
    assert not pool.is_busy


class GoneMother:
    """Who can tell nothing any more."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.process = SimpleNamespace(has_ended=lambda: True)
        self.is_closed = False

    def hear(self) -> bool:
        assert not self.is_closed, "nothing is heard through a socket that is closed"
        return False

    def ask_for_code(self, fork: Fork) -> None:
        """She does not answer."""


def is_alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def group(lines: str) -> subprocess.Popen[str]:
    """A shell that leads a group and says the id of what it has started in it."""
    return subprocess.Popen(
        ["sh", "-c", lines], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="workers are forks on Linux alone")
def test_what_a_worker_left_behind_ends_with_it_when_nobody_can_say_how_it_ended() -> None:
    mother: Any = GoneMother()
    fork = Fork(mother, number=0)
    with group("sleep 60 & echo $!") as leader:
        fork.be_born(leader.pid, os.pidfd_open(leader.pid))
        assert leader.stdout is not None
        left = int(leader.stdout.readline())
    assert is_alive(left)
    assert fork.end() is None
    deadline = time.monotonic() + 30
    while is_alive(left):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    mother.is_closed = True
    assert fork.has_ended()
    fork.kill_group()


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="workers are forks on Linux alone")
def test_another_process_that_has_got_the_number_of_a_worker_is_left_alone() -> None:
    mother: Any = GoneMother()
    fork = Fork(mother, number=0)
    with subprocess.Popen(["true"]) as gone:
        pidfd = os.pidfd_open(gone.pid)
    with group("exec sleep 60") as other:
        fork.be_born(other.pid, pidfd)
        assert fork.end() is None
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=0.1)
        other.kill()
