"""Users' own trainings in a sweep: killed and continued, stopped, refused before anything runs."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

import actwise as aw
from actwise.cli.main import run_command
from actwise.errors import SpecError, StoreError
from actwise.store import RunStore
from actwise.sweep import Plan, RunOptions
from actwise.sweep.executors import Describer, Nursery
from actwise.sweep.tries import calibrate, smoke
from actwise.sweep.watch import Event, RunProgress, RunPutBack
from made import own_training
from made.sweeps import Listener, drive, driver_of, results, wait_for_event, wait_until_gone
from made.tasks import task_plan, task_study, task_values

DIGITS: dict[str, Any] = {
    "task": {"train": "made.own_training:digits"},
    "factors": {"activation": ["relu", "prelu", "elu(0.5)"]},
    "seeds": "0..1",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plain loop on digits, 3 activations at 2 seeds: killed after a result, and continued."""
    folder = tmp_path_factory.mktemp("killed") / "store"
    with driver_of(folder, task_values(**DIGITS), workers=2) as driver:
        wait_for_event(driver, "run_ended")
        driver.kill()
    wait_until_gone(folder)
    before = results(folder)
    assert 0 < len(before) < 6
    exit_code, said = drive(folder, task_values(**DIGITS), workers=2)
    assert exit_code == 0, said
    after = results(folder)
    assert {run_id: after[run_id] for run_id in before} == before
    return folder


@pytest.mark.kills
def test_a_study_that_was_killed_and_continued_has_every_result_once(store: Path) -> None:
    with RunStore.open(store) as opened:
        states = opened.states().values()
        records = [opened.result(state.run_id) for state in states]
    assert [state.status for state in states] == ["finished"] * 6
    for record in records:
        assert record is not None
        assert len(record.epochs) == 2
        assert [len(curve) for curve in record.metrics.values()] == [2, 2]
        assert record.metrics["accuracy"][-1] is not None
    assert list((store / "checkpoints").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "study own: 6 runs: 6 finished"),
        ("table", "own: accuracy in percent, as the training gave it back"),
        ("analyze", "own 6 runs, 2 seeds"),
        ("analyze --margin 1 --full", "The trainings are your own"),
        ("show run ID", "training made.own_training:digits: no settings"),
    ],
)
def test_every_command_reads_it_in_80_columns(
    command: str,
    said: str,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(store.parent)
    monkeypatch.setenv("COLUMNS", "80")
    with RunStore.open(store) as opened:
        run_id = next(iter(opened.states()))
    assert run_command([*command.replace("ID", run_id).split(), "--store", "store"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert said in " ".join(out.split())
    # Folders may have any length.
    assert [line for line in out.splitlines() if len(line) > 80 and "/" not in line] == []


def test_what_a_training_leaves_behind_does_not_cost_its_result(tmp_path: Path) -> None:
    """Closed streams, other defaults, and a child that goes on as if it were the worker."""
    whats = ["closes its streams", "changes the defaults", "forks"]
    study = task_values(factors={"activation": ["relu"], "what": whats}, seeds=[0])
    outcome = aw.run(study, tmp_path / "store", workers=1)
    assert (outcome.finished, outcome.exit_code) == (3, 0)
    assert [row["accuracy"] for row in aw.runs(tmp_path / "store").to_rows()] == [70.0] * 3


def test_its_report_has_learning_curves(store: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    assert run_command(["report", "--store", str(store), "-o", str(target)]) == 0
    page = target.read_text()
    assert "accuracy, percent" in page
    assert "elu(0.5)" in page


def test_a_users_training_keeps_its_weights_itself(store: Path) -> None:
    with RunStore.open(store) as opened:
        run_id = next(iter(opened.states()))
    with pytest.raises(StoreError, match="its weights are kept where made"):
        aw.load_model(store, run_id)


def terminate(event: Event) -> None:
    if isinstance(event, RunProgress):
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_stop_interrupts_a_training_that_asks_nobody(tmp_path: Path) -> None:
    """The study is a dict that holds the function itself."""
    study = task_values(
        task={"train": own_training.waits}, factors={"activation": ["relu"]}, seeds=[0]
    )
    listener = Listener(terminate)
    outcome = aw.run(study, tmp_path / "store", executor="inline", progress=listener)
    assert (outcome.left, outcome.exit_code) == (1, 143)
    (put_back,) = listener.of(RunPutBack)
    assert put_back.reason == "stopped; it begins anew"
    (progress, *_) = listener.of(RunProgress)
    assert (progress.epoch, progress.epochs, progress.metrics) == (1, None, {"accuracy": 1.0})


def test_what_cannot_be_called_is_refused_by_a_plan_and_hurts_no_other_cell() -> None:
    with Nursery() as nursery, Describer(None, nursery) as describe:
        for refused, sentence in (
            ({"wat": ["number"]}, "unexpected keyword argument 'wat'; did you mean what"),
            ({"activation": ["reluu"]}, "no activation is named 'reluu'"),
        ):
            with pytest.raises(SpecError, match=sentence):
                describe(next(iter(task_study(factors=refused).cells())))
        cells = list(task_study(factors={"what": ["number", "draws"]}).cells())
        found = [describe(cell) for cell in cells]
    assert found[0] == found[1]
    assert [d.activation for d in found] == ["relu", "relu", "elu", "elu"]


def test_batches_that_only_the_users_function_knows_are_not_tried() -> None:
    study = task_study()
    with pytest.raises(SpecError, match="--smoke trains some batches, and nobody but made"):
        smoke(study, options=RunOptions(device="cpu"))
    plan = Plan(study, tuple(task_plan(study)), {}, 0)
    with pytest.raises(SpecError, match="--calibrate trains some batches"):
        calibrate(plan)
