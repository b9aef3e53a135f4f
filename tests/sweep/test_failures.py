"""Users' code that raises, dies, prints and meddles: what a sweep makes of it."""

import shutil
from pathlib import Path

import psutil
import pytest

from actwise.store import RunStore
from actwise.sweep.executors import end_kept_mother
from actwise.sweep.watch import RunEnded, RunPutBack, RunStarted
from made.sweeps import (
    USERS_CODE,
    Listener,
    attempts,
    results,
    small_study,
    sweep,
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store to be, inside the working directory, which can be imported from."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path / "store"


def users(*names: str) -> tuple[str, ...]:
    return tuple(f"made.users_code:{name}" for name in names)


@pytest.mark.parametrize("name", ["raises", "exits"])
def test_an_exception_in_code_fails_the_run_until_it_is_retried(store: Path, name: str) -> None:
    study = small_study(activation=(*users(name), "relu"), seeds=(0,))
    outcome = sweep(store, study)
    assert (outcome.finished, outcome.failed, outcome.exit_code) == (1, 1, 1)
    (failed,) = [r for r in results(store).values() if r["status"] == "failed"]
    assert f"in {name}" in failed["traceback"]
    assert sweep(store, study).exit_code == 1
    assert attempts(store) == {1}
    listener = Listener()
    assert sweep(store, study, retry_failed=True, progress=listener).failed == 1
    assert len(listener.of(RunStarted)) == 1


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_message_that_no_store_could_hold_is_kept_in_escapes(store: Path, executor: str) -> None:
    study = small_study(activation=users("raises_what_utf8_cannot_say"), seeds=(0,))
    assert sweep(store, study, executor=executor).failed == 1
    (failed,) = results(store).values()
    assert r"no file \udcff" in failed["traceback"]


def test_a_network_without_counted_operations_is_trained(store: Path) -> None:
    outcome = sweep(store, small_study(model=users("one_product")))
    assert (outcome.finished, outcome.exit_code) == (4, 0)


def test_a_run_that_met_an_accident_is_tried_again_after_all_others(store: Path) -> None:
    study = small_study(activation=(*users("finds_a_full_disk"), "relu"), seeds=(0, 1))
    listener = Listener()
    sweep(store, study, progress=listener, max_attempts=2)
    labels = [event.label for event in listener.of(RunStarted)]
    assert [label.split()[0] for label in labels] == [
        *(*users("finds_a_full_disk"), "relu") * 2,
        *users("finds_a_full_disk") * 2,
    ]


def test_a_run_whose_worker_dies_is_tried_again_by_another_worker(store: Path) -> None:
    listener = Listener()
    study = small_study(activation=(*users("dies_once"), "relu"), seeds=(0,))
    outcome = sweep(store, study, executor="process", workers=1, progress=listener)
    assert (outcome.finished, outcome.exit_code) == (2, 0)
    (put_back,) = listener.of(RunPutBack)
    assert "ended with code 3" in put_back.reason
    assert not put_back.is_given_up


def test_a_run_that_kills_every_worker_is_left_after_three_attempts(store: Path) -> None:
    listener = Listener()
    study = small_study(activation=users("dies"), seeds=(0,))
    outcome = sweep(store, study, executor="process", workers=2, progress=listener)
    assert (outcome.left, outcome.failed, outcome.exit_code) == (1, 0, 1)
    assert [event.is_given_up for event in listener.of(RunPutBack)] == [False, False, True]
    assert outcome.put_back == 1
    assert [event.attempts for event in listener.of(RunPutBack)] == [1, 2, 3]
    assert attempts(store) == {3}
    end_kept_mother()
    assert psutil.Process().children(recursive=True) == []


@pytest.mark.parametrize(
    ("name", "reason"),
    [("needs_too_much_memory", "out of memory"), ("finds_a_full_disk", "the disk is full")],
)
def test_an_accident_is_no_failure_and_the_next_command_tries_again(
    store: Path, name: str, reason: str
) -> None:
    study = small_study(activation=(*users(name), "relu"), seeds=(0,))
    listener = Listener()
    outcome = sweep(store, study, progress=listener)
    assert (outcome.finished, outcome.failed, outcome.left, outcome.exit_code) == (1, 0, 1, 1)
    assert reason in listener.of(RunPutBack)[0].reason
    listener = Listener()
    sweep(store, study, progress=listener)
    assert [event.attempt for event in listener.of(RunStarted)] == [1, 2, 3]


def test_a_folder_that_takes_no_checkpoint_is_an_accident(store: Path) -> None:
    study = small_study(activation=("relu",), seeds=(0,))
    with RunStore.open(store, create=True):
        (store / "checkpoints").rmdir()
    (store / "checkpoints").symlink_to("/proc")  # There, and refuses to be written.
    listener = Listener()
    outcome = sweep(store, study, progress=listener, checkpoint_seconds=0.0)
    assert (outcome.failed, outcome.left, outcome.exit_code) == (0, 1, 1)
    assert "cannot be read or written" in listener.of(RunPutBack)[0].reason


def test_what_users_code_prints_goes_to_the_log_of_its_run(
    store: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    study = small_study(activation=users("prints", "prints_from_a_child"), seeds=(0,))
    listener = Listener()
    sweep(store, study, executor="process", workers=1, progress=listener)
    ids = {event.label.split()[0]: event.run_id for event in listener.of(RunEnded)}
    for name, text in (
        ("made.users_code:prints", "said by users' code"),
        ("made.users_code:prints_from_a_child", "said by a child process"),
    ):
        assert text in (store / "logs" / f"{ids[name]}.log").read_text(encoding="utf-8")
    assert "said by" not in "".join(capfd.readouterr())


def test_the_log_of_a_run_tells_its_attempts(store: Path) -> None:
    sweep(store, small_study(activation=("relu",), seeds=(0,)))
    (log,) = (store / "logs").iterdir()
    begins, ends = log.read_text(encoding="utf-8").splitlines()
    assert f"run {log.stem} begins, lease 1" in begins
    assert f"run {log.stem} ends: finished" in ends


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_nothing_carries_over_from_run_to_run(store: Path, tmp_path: Path, executor: str) -> None:
    alone = small_study(activation=users("draws"), seeds=(0,))
    sweep(tmp_path / "alone", alone, executor=executor)
    after_others = small_study(activation=users("meddles", "draws"), seeds=(0,))
    sweep(store, after_others, executor=executor, workers=1)
    ((run_id, record),) = results(tmp_path / "alone").items()
    assert record["status"] == "finished"
    assert results(store)[run_id] == record
    assert Path.cwd() == tmp_path


MEDDLES_AT_IMPORT = """
import random
import torch
torch.set_float32_matmul_precision("medium")
torch.backends.mkldnn.set_flags(False)
torch.set_default_dtype(torch.float64)
torch.set_num_threads(2)
random.random()
torch.rand(1)
from users_code import draws
"""


@pytest.mark.parametrize("executor", ["inline", "process"])
def test_what_a_module_does_at_its_import_tells_no_run_from_another(
    store: Path, tmp_path: Path, executor: str
) -> None:
    """The first run imports it, the later ones find it imported."""
    (tmp_path / "meddles.py").write_text(MEDDLES_AT_IMPORT, encoding="utf-8")
    shutil.copy(USERS_CODE, tmp_path)
    alone = small_study(activation=("meddles:draws",), seeds=(1,))
    sweep(tmp_path / "alone", alone, executor="process", workers=1)
    both = small_study(activation=("meddles:draws",), seeds=(0, 1))
    sweep(store, both, executor=executor, workers=1)
    ((run_id, record),) = results(tmp_path / "alone").items()
    assert record["status"] == "finished", record["traceback"]
    assert results(store)[run_id] == record


@pytest.mark.parametrize("changed", ["changing", "helps_it", "helps_its_helper"])
def test_code_that_changed_since_it_was_planned_is_not_filed_under_the_plan(
    store: Path, changed: str
) -> None:
    texts = {
        "changing": "from helps_it import slow\n",
        "helps_it": "def slow(x):\n    from helps_its_helper import g\n    return g(x)\n",
        "helps_its_helper": "def g(x):\n    return x.relu()\n",
    }
    for name, text in texts.items():
        (store.parent / f"{name}.py").write_text(text, encoding="utf-8")
    study = small_study(activation=("relu", "changing:slow"), seeds=(0,))

    def change(event: object) -> None:
        if isinstance(event, RunEnded):
            (store.parent / f"{changed}.py").write_text(f"{texts[changed]}\nchanged = 1\n")

    listener = Listener(change)
    options = {"executor": "process", "workers": 1, "max_attempts": 1}
    outcome = sweep(store, study, progress=listener, **options)
    assert (outcome.finished, outcome.left) == (1, 1)
    assert "has changed since the plan" in listener.of(RunPutBack)[0].reason
    with RunStore.open(store) as opened:
        assert {state.status for state in opened.states().values()} == {"finished", "pending"}
