"""The process that workers are forks of: killed at any time, and alone whenever it forks."""

import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from actwise.sweep.executors import Nursery, end_kept_mother
from actwise.sweep.executors.worker_process import WorkerProcess
from actwise.sweep.watch import Event, RunStarted
from made.sweeps import (
    Listener,
    born,
    driver_of,
    results,
    small_study,
    study_values,
    sweep,
    wait_for_event,
    wait_until_gone,
    workers_of,
)

USERS = ("made.ill_behaved:counts_in_its_module",)


@pytest.fixture(autouse=True)
def no_mother() -> None:
    """What tests before this one have kept."""
    end_kept_mother()


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Nursery(threads=2) as nursery:
        yield nursery


def end_of(worker: WorkerProcess) -> str:
    """What is said of a worker that ends by itself."""
    deadline = time.monotonic() + 60
    while not worker.has_ended():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return worker.end()


def kill_the_mother() -> None:
    (mother,) = (m for m in psutil.Process().children() if m.status() != psutil.STATUS_ZOMBIE)
    mother.kill()
    while mother.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)


def test_a_worker_whose_mother_is_killed_before_it_is_born_ends_as_she_does(
    nursery: Nursery,
) -> None:
    worker = WorkerProcess(nursery)
    kill_the_mother()
    words = "was killed by SIGKILL (the system does so when memory runs out)"
    assert end_of(worker) == f"its worker process {words}"


def test_a_worker_outlives_its_mother_and_the_next_has_another(nursery: Nursery) -> None:
    worker = WorkerProcess(nursery)
    (process,) = born(1)
    (mother,) = psutil.Process().children()
    while mother.status() != psutil.STATUS_SLEEPING:  # else she may not have told of it yet
        time.sleep(0.01)
    kill_the_mother()
    other = WorkerProcess(nursery)
    assert born(1) != [process]
    # A fork of a process with threads may hang.
    assert [mother.num_threads() for mother in psutil.Process().children()][-1:] == [1]
    assert process.is_running() and not worker.has_ended()
    # Nobody can say any more how it ended.
    assert worker.end() == "its worker process ended"
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    assert other.end() == "its worker process was killed by SIGKILL"


def test_a_sweep_whose_mother_is_killed_comes_to_the_same_results(tmp_path: Path) -> None:
    study = small_study(model=("mlp",), regularization=("bn",), activation=USERS, epochs=1)
    sweep(tmp_path / "calm", study)
    killed: list[str] = []

    def kill_once(event: Event) -> None:
        if isinstance(event, RunStarted) and not killed:
            killed.append(event.run_id)
            kill_the_mother()

    outcome = sweep(
        tmp_path / "store", study, progress=Listener(kill_once), executor="process", workers=1
    )
    assert (outcome.finished, outcome.exit_code, len(killed)) == (2, 0, 1)
    assert results(tmp_path / "store") == results(tmp_path / "calm")
    end_kept_mother()
    assert psutil.Process().children() == []


def test_a_mother_serves_the_next_sweep_of_the_process_wherever_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[int] = []
    for folder in (tmp_path / "first", tmp_path / "other-one"):
        folder.mkdir()
        (folder / "mine.py").write_text(
            f"import os\nassert os.getcwd() == {str(folder)!r}\n"
            f"assert os.environ['COLUMNS'] == {str(len(folder.name))!r}\n"
            f"def act(x):\n    return x.relu()\n"
        )
        monkeypatch.chdir(folder)
        monkeypatch.setenv("COLUMNS", str(len(folder.name)))
        study = small_study(activation=("mine:act",), seeds=(0,), epochs=1, train_size=64)
        assert sweep(folder / "store", study).exit_code == 0
        found += [child.pid for child in psutil.Process().children()]
    assert len(found) == 2 and len(set(found)) == 1


def _another_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")


def _another_mask(monkeypatch: pytest.MonkeyPatch) -> None:
    os.umask(0o077)


def _another_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (1, 1))


def _a_namesake(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("numbers.py").touch()


@pytest.mark.parametrize("change", [_another_variable, _another_limit, _another_mask, _a_namesake])
def test_no_mother_serves_where_a_new_one_would_be_born_unlike_her(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0)
    os.umask(mask)
    with Nursery() as nursery:
        nursery.begin()
    (before,) = psutil.Process().children()
    change(monkeypatch)
    with Nursery() as nursery:
        nursery.begin()
        (*_, now) = psutil.Process().children()
        assert now != before
    os.umask(mask)
    end_kept_mother()


def test_a_folder_that_is_no_package_hides_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site" / "search").mkdir(parents=True)  # as mkdocs leaves it
    found = []
    for _ in range(2):
        with Nursery() as nursery:
            nursery.begin()
            found.append(psutil.Process().children())
    assert found[0] == found[1]
    end_kept_mother()


def test_a_mother_that_imported_a_file_of_the_users_serves_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch tries whether there is a ``cuda``, which has no namesake here."""
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    module = tmp_path / "cuda.py"
    found = []
    for factor in (1, 3):
        module.write_text(f"def act(x):\n    return {factor} * x.relu()\n")
        study = small_study(activation=("cuda:act",), seeds=(0,), epochs=1, train_size=64)
        assert sweep(tmp_path / f"{factor}", study).exit_code == 0
        found += [record["weights_sha256"] for record in results(tmp_path / f"{factor}").values()]
    assert found[0] != found[1]


def test_a_mother_ends_with_the_thread_that_started_her_and_serves_no_other(tmp_path: Path) -> None:
    def begin() -> None:
        with Nursery() as nursery:
            nursery.begin()

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    with Nursery() as nursery:
        worker = WorkerProcess(nursery)
        born(1)
        assert not worker.has_ended()
        worker.end()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_of_the_driver_leaves_its_mother_alone() -> None:
    with Nursery() as nursery:
        nursery.begin()
    (mother,) = psutil.Process().children()
    child = os.fork()
    if child == 0:
        end_kept_mother()
        os._exit(0)
    os.waitpid(child, 0)
    assert psutil.pid_exists(mother.pid) and mother.status() != psutil.STATUS_ZOMBIE


def test_a_driver_that_is_killed_leaves_neither_mother_nor_worker(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    values = study_values(activation=("made.users_code:sleeps_for_long",), seeds=(0,))
    with driver_of(folder, values, workers=1) as driver:
        wait_for_event(driver, "run_started")
        # Itself, the mother and a worker.
        deadline = time.monotonic() + 60
        while len(workers_of(folder)) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        driver.kill()
        wait_until_gone(folder)
