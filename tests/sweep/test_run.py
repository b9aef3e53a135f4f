"""A study from its spec to its records: whoever trains it, the numbers are the same."""

import sqlite3
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from torch.nn.modules.module import register_module_forward_hook

from actwise.datasets import channel_statistics, load
from actwise.engine import split_images
from actwise.errors import SpecError, StoreError
from actwise.spec import StudySpec, run_id
from actwise.store import RunStore
from actwise.store.records import Answers, unpack_predictions
from actwise.sweep import load_model
from actwise.sweep.executors import end_kept_mother
from actwise.sweep.watch import Note, RunEnded, RunProgress, RunStarted, SweepEnded, SweepStarted
from made.sweeps import Listener, attempts, results, small_study, sweep


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study, trained one run after the other in this process."""
    folder = tmp_path_factory.mktemp("reference") / "store"
    assert sweep(folder, small_study()).exit_code == 0
    return folder


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_give_the_numbers_of_the_inline_executor(
    reference: Path, tmp_path: Path, workers: int
) -> None:
    outcome = sweep(tmp_path / "store", small_study(), executor="process", workers=workers)
    assert (outcome.finished, outcome.left, outcome.exit_code) == (4, 0, 0)
    assert results(tmp_path / "store") == results(reference)
    end_kept_mother()
    assert psutil.Process().children(recursive=True) == []


def test_what_a_session_did_to_torch_does_not_colour_inline_runs(
    reference: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    negative: Any = lambda x, inplace=False: -x
    negative.__module__ = None  # as of functions that are made of code
    monkeypatch.setattr(torch.nn.functional, "relu", negative)
    sweep(tmp_path / "patched", small_study())
    monkeypatch.undo()
    hook = register_module_forward_hook(lambda module, args, out: 1.5 * out)
    try:
        sweep(tmp_path / "hooked", small_study())
    finally:
        hook.remove()
    assert results(tmp_path / "patched") == results(tmp_path / "hooked") == results(reference)
    end_kept_mother()


def test_the_order_of_runs_does_not_matter(reference: Path, tmp_path: Path) -> None:
    sweep(tmp_path / "store", small_study(activation=("elu", "relu"), seeds=(1, 0)))
    assert results(tmp_path / "store") == results(reference)


def test_the_longest_runs_of_a_seed_are_trained_first(tmp_path: Path) -> None:
    listener = Listener()
    sweep(tmp_path / "store", small_study(model=("mlp", "convnet")), progress=listener)
    started = [event.label.split() for event in listener.of(RunStarted)]
    assert [(seed, model) for model, _, _, seed in started] == [
        (seed, model) for seed in "01" for model in ("convnet", "mlp") for _ in range(2)
    ]


def test_a_finished_study_is_not_trained_again(reference: Path) -> None:
    before = results(reference)
    listener = Listener()
    outcome = sweep(reference, small_study(), progress=listener)
    assert (outcome.finished, outcome.exit_code) == (4, 0)
    assert listener.of(RunStarted) == []
    assert results(reference) == before
    assert attempts(reference) == {1}


def test_more_seeds_add_runs_to_a_study(reference: Path, tmp_path: Path) -> None:
    sweep(tmp_path / "store", small_study(seeds=(1,)))
    listener = Listener()
    sweep(tmp_path / "store", small_study(seeds=(0, 1)), progress=listener)
    assert len(listener.of(RunStarted)) == 2
    assert results(tmp_path / "store") == results(reference)


def test_watchers_see_every_run_from_start_to_end(tmp_path: Path) -> None:
    listener = Listener()
    sweep(tmp_path / "store", small_study(seeds=(0,)), progress=listener)
    assert listener.of(SweepStarted)[0].num_runs == 2
    assert [event.attempt for event in listener.of(RunStarted)] == [1, 1]
    assert listener.of(RunStarted)[0].label == "relu seed 0"
    last = listener.of(RunProgress)[-1]
    assert (last.epoch, last.epochs, last.batch, last.batches) == (2, 2, 4, 4)
    assert [event.status for event in listener.of(RunEnded)] == ["finished", "finished"]
    assert listener.of(SweepEnded)[0].finished == 2


def test_aliased_cells_are_trained_once(tmp_path: Path) -> None:
    study = small_study(
        model=("resnet20",), regularization=("bn", "bn+dropout"), activation=("relu",), seeds=(0,)
    )
    outcome = sweep(tmp_path / "store", study)
    assert outcome.finished == 1
    with RunStore.open(tmp_path / "store") as store:
        planned = store.planned("small")
    assert [run.regularization for run in planned] == ["bn", "bn+dropout"]
    assert len({run.run_id for run in planned}) == 1
    assert all(run.is_aliased for run in planned)


def test_a_diverged_run_is_a_result(tmp_path: Path) -> None:
    study = small_study(activation=("relu",), seeds=(0,), learning_rate=1e30)
    outcome = sweep(tmp_path / "store", study)
    assert (outcome.diverged, outcome.left, outcome.exit_code) == (1, 0, 0)
    (record,) = results(tmp_path / "store").values()
    assert (record["status"], record["test_accuracy"]) == ("diverged", None)
    assert sweep(tmp_path / "store", study).diverged == 1
    assert attempts(tmp_path / "store") == {1}


def test_a_record_tells_where_it_was_trained(reference: Path) -> None:
    with RunStore.open(reference) as store:
        record = store.result(next(iter(store.states())))
    assert record is not None
    assert record.environment["fingerprint"]["threads"] == "1"
    assert record.environment["fingerprint"]["flush_denormal"] == "on"
    assert record.environment["torch"] == torch.__version__


def test_kept_weights_give_the_recorded_predictions(tmp_path: Path) -> None:
    study = small_study(activation=("prelu",), seeds=(0,), observe={"keep_weights": True})
    sweep(tmp_path / "store", study)
    ((key, record),) = results(tmp_path / "store").items()
    model = load_model(tmp_path / "store", key[:8])
    assert not model.training
    data = load("digits")
    trained_on = split_images(
        data.train_labels_N.numpy(), seed=0, validation_fraction=0.0, train_size=256
    ).train_indices_N
    statistics = channel_statistics(data.train_images_NCHW[trained_on])
    (mean,), (deviation,) = statistics
    x_NCHW = (data.test_images_NCHW / 255 - mean) / deviation
    classes_N = model(x_NCHW).argmax(dim=1)
    recorded_N = torch.from_numpy(unpack_predictions(record["predictions"]))
    # The last bits of the pixels differ from the engine's, so a tie may fall the other way.
    assert (classes_N == recorded_N).float().mean() > 0.99
    assert record["observed"] == ("keep_weights",)
    answers = Answers(**record["answers"])
    assert (answers.num_classes, answers.labels.tolist()) == (10, data.test_labels_N.tolist())
    is_right_N = unpack_predictions(record["predictions"]) == answers.labels
    assert record["test_accuracy"] == 100 * int(is_right_N.sum()) / len(is_right_N)


def test_weights_that_were_not_kept_are_named(reference: Path) -> None:
    with pytest.raises(StoreError, match="keep_weights"):
        load_model(reference, next(iter(results(reference))))


def test_a_missing_observation_is_named_and_repeated_only_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    sweep(folder, small_study(seeds=(0,)))
    before = results(folder)
    study = small_study(seeds=(0,), observe={"test_curve": True, "keep_weights": True})
    listener = Listener()
    assert sweep(folder, study, progress=listener).exit_code == 0
    assert "--observe-again" in listener.of(Note)[0].text
    assert results(folder) == before
    assert sweep(folder, study, observe_again=True).exit_code == 0
    after = results(folder)
    assert {key: r["weights_sha256"] for key, r in after.items()} == {
        key: r["weights_sha256"] for key, r in before.items()
    }
    assert all(r["best_test_accuracy"] is not None for r in after.values())
    assert all(load_model(folder, key) is not None for key in after)
    listener = Listener()
    sweep(folder, study, observe_again=True, progress=listener)
    assert listener.of(RunStarted) == []


def test_a_fuller_validation_curve_satisfies_the_last_point_but_not_the_reverse(
    tmp_path: Path,
) -> None:
    def asked(curve: str) -> StudySpec:
        return small_study(
            seeds=(0,), validation_fraction=0.25, observe={"validation_curve": curve}
        )

    def num_validated(folder: Path) -> set[int]:
        with RunStore.open(folder) as store:
            records = [store.result(run_id) for run_id in store.states()]
        return {
            sum(e.validation_loss is not None for e in record.epochs)
            for record in records
            if record is not None
        }

    first, second = tmp_path / "last", tmp_path / "every"
    sweep(first, asked("last"))
    assert num_validated(first) == {1}
    listener = Listener()
    sweep(first, asked("every"), progress=listener)
    assert "--observe-again" in listener.of(Note)[0].text
    sweep(first, asked("every"), observe_again=True)
    assert num_validated(first) == {2}
    sweep(second, asked("every"))
    for folder in (first, second):
        listener = Listener()
        sweep(folder, asked("last"), progress=listener)
        assert listener.of(RunStarted) == [] and listener.of(Note) == []


def test_more_threads_than_cores_are_said_before_a_hundred_runs_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.sweep.plan.preflight.usable_cores", lambda: 1.0)
    notes = []
    for threads in (1, 2):
        listener = Listener()
        sweep(tmp_path / str(threads), small_study(seeds=(0,)), progress=listener, threads=threads)
        notes.append([note.text for note in listener.of(Note)])
    assert notes == [[], ["1 x 2 threads on 1 core are no faster than 1"]]


def test_a_run_observed_again_must_come_out_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    sweep(folder, small_study(seeds=(0,)))
    with sqlite3.connect(folder / "store.sqlite") as database:
        database.execute("UPDATE runs SET weights_sha256 = 'other'")
    study = small_study(seeds=(0,), observe={"keep_weights": True})
    listener = Listener()
    assert sweep(folder, study, observe_again=True, progress=listener).exit_code == 1
    assert "came out otherwise" in listener.of(Note)[0].text
    assert not list((folder / "weights").iterdir())


def test_results_of_an_older_engine_count_only_when_accepted(tmp_path: Path) -> None:
    folder, study = tmp_path / "store", small_study(seeds=(0,), activation=("relu",))
    sweep(folder, study)
    with sqlite3.connect(folder / "store.sqlite") as database:
        (hashed,) = database.execute("SELECT spec_hash FROM runs").fetchone()
        older = run_id(hashed, 0)
        database.execute("UPDATE runs SET engine_version = 0, run_id = ?", [older])
        for table in ("study_runs", "epochs", "predictions"):
            database.execute(f"UPDATE {table} SET run_id = ?", [older])
    listener = Listener()
    outcome = sweep(folder, study, accept_engines=(0,), progress=listener)
    assert (outcome.finished, listener.of(RunStarted)) == (1, [])
    assert sweep(folder, study).finished == 1
    with RunStore.open(folder) as store:
        assert set(store.states()) == {older, run_id(hashed)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"executor": "dask"}, "'dask' is not available"),
        ({"device": "tpu"}, "'tpu' is not known"),
        ({"threads": 0}, "at least 1"),
        ({"executor": "inline", "workers": 2}, "one run at a time"),
        ({"time_limit_seconds": 0.0}, "above 0"),
    ],
)
def test_options_without_sense_are_refused(
    tmp_path: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        sweep(tmp_path / "store", small_study(), **options)
