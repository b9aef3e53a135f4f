"""Event files, as TensorBoard itself reads them."""

import math
from pathlib import Path
from typing import Any

import pytest

from actwise.cli.main import run_command
from actwise.errors import OutputError, SpecError, UnknownNameError
from actwise.store import RunStore
from actwise.store.exchange import export_tensorboard
from made.runs import failed_record, leased, made_epoch, made_plan, made_record, made_study
from made.tasks import fill_task_store, task_study

pytest.importorskip("tensorboard")


def read(file: Path) -> tuple[dict[str, list[tuple[int, float]]], dict[str, Any]]:
    """Scalars by tag as (step, value), and hyperparameters."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import metadata

    found = EventAccumulator(str(file))
    found.Reload()
    scalars = {tag: [(e.step, e.value) for e in found.Scalars(tag)] for tag in found.scalars.Keys()}
    told = found.SummaryMetadata(metadata.SESSION_START_INFO_TAG).plugin_data.content
    values = metadata.parse_session_start_info_plugin_data(told).hparams
    return scalars, {n: getattr(v, v.WhichOneof("kind")) for n, v in values.items()}


def test_each_run_has_its_curves_results_and_hyperparameters(tmp_path: Path) -> None:
    study = made_study(factors={"train.learning_rate": [0.1, 0.3]}, train={"epochs": 2})
    plan = made_plan(study)
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, plan)
        first, second = plan[0].run_id, plan[1].run_id
        epochs = (made_epoch(1), made_epoch(2, train_loss=math.nan, validation_accuracy=60.0))
        store.record(leased(store, first), made_record(first, epochs=epochs, test_accuracy=61.5))
        store.record(leased(store, second), failed_record(second))
        assert export_tensorboard(store, tmp_path / "out", where=["seed=0"]) == 1
        assert export_tensorboard(store, tmp_path / "all") == 2
    (file,) = (tmp_path / "out").rglob("events.out.tfevents.*")
    assert file.parent.parent == tmp_path / "out" / "made"
    assert file.parent.name == f"digits_mlp_bn_relu_seed0_{first[:8]}"
    scalars, settings = read(file)
    assert scalars["train/loss"] == [(1, 1.0)]
    assert scalars["train/accuracy"] == [(1, 10.0), (2, 20.0)]
    assert scalars["validation/accuracy"] == [(2, 60.0)]
    assert scalars["result/test_accuracy"] == [(2, 61.5)]
    named = {"activation": "relu", "seed": 0.0, "train.learning_rate": 0.1, "train.epochs": 2.0}
    assert settings.items() >= named.items()


def test_numbers_and_settings_of_users_own_trainings_keep_their_names(tmp_path: Path) -> None:
    folder, study = tmp_path / "store", task_study(task={"settings": {"depth": 3}})
    fill_task_store(folder, study, lambda run: {"accuracy": (40.0, 60.0)}, num_epochs=2)
    with RunStore.open(folder) as store:
        assert export_tensorboard(store, tmp_path / "out") == 6
    scalars, settings = read(next((tmp_path / "out").rglob("events*")))
    assert scalars == {"accuracy": [(1, 40.0), (2, 60.0)]}
    assert settings["depth"] == 3.0


def test_hostile_and_equal_names_become_folders_of_their_own(tmp_path: Path) -> None:
    study = made_study(activation=["../../x", "..\x00/x", "a" * 400, "tr\u202eap"], seeds="0")
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        for run in made_plan(study):
            store.record(leased(store, run.run_id), made_record(run.run_id))
        assert export_tensorboard(store, tmp_path / "out") == 4
    folders = [path.parent for path in (tmp_path / "out").rglob("events*")]
    assert {folder.parent for folder in folders} == {tmp_path / "out" / "made"}
    assert all(f.name.isprintable() and f.name.isascii() and len(f.name) < 200 for f in folders)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--to", "tensorbord", "-o", "out"], "did you mean tensorboard"),
        (["--to", "tensorboard"], "give -o DIR"),
        (["--to", "tensorboard", "-o", "out", "--what", "runs"], "--what and --format do too"),
        (["--to", "tensorboard", "-o", "store/store.sqlite"], "is a part of a store"),
        (["--to", "tensorboard", "-o", "full"], "exists already; give a new folder"),
        (["--to", "tensorboard", "-o", "out", "--where", "colour=red"], "colour"),
    ],
)
def test_what_cannot_be_written_is_refused_in_a_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    study = made_study()
    with RunStore.open("store", create=True) as store:
        store.add_study(study, made_plan(study))
        run_id = made_plan(study)[0].run_id
        store.record(leased(store, run_id), made_record(run_id))
    Path("full").mkdir()
    Path("full", "mine").touch()
    assert run_command(["export", "--store", "store", *options]) == 2
    assert sentence in capsys.readouterr().err
    assert not Path("out").exists()


def test_nothing_is_left_of_what_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made_study()
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study))
        for run in made_plan(study)[:2]:
            store.record(leased(store, run.run_id), made_record(run.run_id))
        written: list[Path] = []
        make = Path.mkdir

        def fail_at_the_second(self: Path, *args: Any, **options: Any) -> None:
            if "_seed1_" in self.name:
                raise OSError(28, "No space left on device")
            written.append(self)
            make(self, *args, **options)

        monkeypatch.setattr(Path, "mkdir", fail_at_the_second)
        with pytest.raises(OutputError, match="No space left"):
            export_tensorboard(store, tmp_path / "out")
        assert len(written) > 1
    assert not (tmp_path / "out").exists()


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with (
        RunStore.open(tmp_path / "store", create=True) as store,
        pytest.raises(SpecError, match=r"pip install 'actwise\[tensorboard\]'"),
    ):
        export_tensorboard(store, tmp_path / "out")


def test_an_unknown_study_is_refused(tmp_path: Path) -> None:
    with (
        RunStore.open(tmp_path / "store", create=True) as store,
        pytest.raises(UnknownNameError),
    ):
        export_tensorboard(store, tmp_path / "out", study="mode")
