"""A worker that dies says why: at its start, by what stands in its way; later, by which signal."""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.sweep.executors import Nursery
from actwise.sweep.executors.mother import Fork, Mother
from actwise.sweep.executors.nursery import make_start
from actwise.sweep.executors.worker_process import Inbox, WorkerProcess
from made.sweeps import born

# Run from elsewhere than the working directory, as the installed command is.
COMMAND = """
import sys
from actwise.cli.main import run_command
sys.exit(run_command(sys.argv[1:]))
"""


@pytest.fixture(autouse=True)
def in_a_folder_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


def end_of(worker: WorkerProcess) -> str:
    """What is said of a worker that ends by itself."""
    deadline = time.monotonic() + 60
    while not worker.has_ended():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return worker.end()


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("random.py", "x = 1", "Random' from 'random'"),
        ("queue.py", "x = 1", "ImportError: cannot import name 'Queue' from 'queue'"),
        ("json.py", "x = 1", "module 'json' has no attribute"),
        ("numpy.py", "x = 1", "module 'numpy' has no attribute 'ndarray'"),
        ("torch/__init__.py", "x = 1", "torch"),
        ("typing.py", "raise RuntimeError('a script of mine')", "RuntimeError: a script of mine"),
        ("random.py", "def f(:", "SyntaxError"),
    ],
)
def test_a_file_that_a_worker_takes_for_a_module_is_named(
    name: str, text: str, reason: str, tmp_path: Path, nursery: Nursery
) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    (tmp_path / "calendar.py").touch()  # stands before a module too, and harms nobody
    said = end_of(WorkerProcess(nursery))
    assert said.startswith("its worker process ended with code 1 at its start: ")
    assert reason in said
    module = name.removesuffix(".py").removesuffix("/__init__")
    assert said.endswith(f"; {str(path)!r} stands before the module {module!r}; rename it")
    assert "calendar" not in said and "\n" not in said


@pytest.mark.parametrize("name", ["secrets", "torch", "unittest", "psutil"])
def test_a_worker_that_falls_silent_at_its_start_still_says_why(
    name: str, tmp_path: Path, nursery: Nursery
) -> None:
    (tmp_path / f"{name}.py").write_text("raise RuntimeError('mine')", encoding="utf-8")
    worker = WorkerProcess(nursery)
    inbox: Inbox = queue.SimpleQueue()
    worker.listen(inbox)
    assert inbox.get(timeout=60) == (worker, None)
    # As a sweep does: it does not wait until the process is gone.
    assert f"'{name}'; rename it" in worker.end()


def test_a_fault_at_the_start_without_such_a_file_is_said_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nursery: Nursery
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "sitecustomize.py").write_text("import os; os._exit(9)")
    (tmp_path / "elsewhere" / "torch.py").write_text("raise OSError('no libcuda')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "elsewhere"), prepend=os.pathsep)
    assert end_of(WorkerProcess(nursery)) == "its worker process ended with code 9"
    (tmp_path / "elsewhere" / "sitecustomize.py").unlink()
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    said = end_of(WorkerProcess(nursery))
    assert said == "its worker process ended with code 1 at its start: OSError: no libcuda"


def test_a_signal_that_ended_a_worker_is_named(nursery: Nursery) -> None:
    for number, words in (
        (signal.SIGKILL, "SIGKILL (the system does so when memory runs out)"),
        (signal.SIGSEGV, "SIGSEGV"),
        (signal.SIGRTMIN + 3, f"signal {signal.SIGRTMIN + 3}"),
    ):
        worker = WorkerProcess(nursery)
        born(1)[0].send_signal(number)
        assert end_of(worker) == f"its worker process was killed by {words}"


def test_a_worker_that_we_end_is_not_said_to_have_run_out_of_memory(nursery: Nursery) -> None:
    assert WorkerProcess(nursery).end() == "its worker process was killed by SIGKILL"
    worker = WorkerProcess(nursery)
    born(1)
    assert worker.end() == "its worker process was killed by SIGKILL"
    assert born(0) == []


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="workers are forks on Linux alone")
def test_a_worker_that_has_made_no_group_yet_is_killed() -> None:
    mother = Mother(make_start(), threads=1)
    try:
        with subprocess.Popen(["sleep", "60"]) as born:  # in the group of this process
            fork = Fork(mother, number=0)
            fork.be_born(born.pid, os.pidfd_open(born.pid))
            fork.kill_group()
            assert born.wait(timeout=30) == -signal.SIGKILL
            assert fork.has_ended()
    finally:
        mother.end()


@pytest.mark.parametrize("name", ["queue", "torch"])
def test_a_file_that_a_command_takes_for_a_module_is_named(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / f"{name}.py").write_text("x = 1", encoding="utf-8")
    (tmp_path / "command.py").write_text(COMMAND, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(tmp_path / "command.py"), "run", "demo", "--store", "store"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (line,) = done.stderr.splitlines()
    assert f"{folder / name!s}.py' stands before the module '{name}'; rename it" in line
    assert (done.returncode, (folder / "store").exists()) == (2, False)
