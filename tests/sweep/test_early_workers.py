"""Workers that import torch while the driver plans: used, or ended; never left."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from actwise.sweep import RunOptions
from actwise.sweep.executors import EarlyWorkers

OVERRIDES = (
    "train.epochs=1",
    "factors.model=mlp",
    "factors.regularization=bn",
    "factors.activation=relu,elu",
    "seeds=0",
)


def workers_of_this_process() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "actwise.sweep.worker" in child.cmdline()
    ]


def in_a_process_without_torch(code: str, folder: Path) -> str:
    """What ``code`` prints last, in a process that has not imported torch."""
    done = subprocess.run(
        [sys.executable, "-c", f"import actwise, psutil, sys\n{code}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.splitlines()[-1]


def test_as_many_wait_as_runs_will_need() -> None:
    with EarlyWorkers(RunOptions(workers=3), num_runs=2):
        deadline = time.monotonic() + 10
        # A process bears its name a moment after it has begun.
        while len(workers_of_this_process()) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(workers_of_this_process()) == 2
    assert workers_of_this_process() == []


def test_none_wait_for_runs_in_this_process() -> None:
    with EarlyWorkers(RunOptions(executor="inline"), num_runs=2):
        assert workers_of_this_process() == []


def test_those_that_are_not_taken_end() -> None:
    with EarlyWorkers(RunOptions(workers=3), num_runs=9) as early:
        (taken,) = early.take(1)
        assert len(workers_of_this_process()) == 1
        taken.end()
        assert workers_of_this_process() == []


@pytest.mark.slow
def test_a_first_command_trains_with_the_workers_that_waited(tmp_path: Path) -> None:
    code = f"""
from actwise.sweep.executors import EarlyWorkers
take, taken = EarlyWorkers.take, []
def watched(self, count):
    taken.extend(take(self, count))
    return list(taken)
EarlyWorkers.take = watched
outcome = actwise.run("demo", "store", workers=2, overrides={OVERRIDES})
print(outcome.finished, len(taken), len(psutil.Process().children()))
"""
    assert in_a_process_without_torch(code, tmp_path) == "2 2 0"


@pytest.mark.slow
def test_a_study_that_cannot_be_planned_leaves_no_worker(tmp_path: Path) -> None:
    code = f"""
try:
    actwise.run("demo", "store", workers=2, overrides={(*OVERRIDES, "factors.activation=rel")})
except actwise.errors.ActwiseError as error:
    print(type(error).__name__, "torch" in sys.modules, len(psutil.Process().children()))
"""
    assert in_a_process_without_torch(code, tmp_path) == "UnknownNameError True 0"
    assert not (tmp_path / "store").exists()


@pytest.mark.slow
def test_a_worker_that_dies_while_it_waits_is_replaced(tmp_path: Path) -> None:
    code = f"""
from actwise.sweep.executors import EarlyWorkers
take = EarlyWorkers.take
def killed(self, count):
    for child in psutil.Process().children():
        child.kill()
    return take(self, count)
EarlyWorkers.take = killed
outcome = actwise.run("demo", "store", workers=2, overrides={OVERRIDES})
print(outcome.finished, outcome.exit_code, len(psutil.Process().children()))
"""
    assert in_a_process_without_torch(code, tmp_path) == "2 0 0"
