"""Every event that is written for TensorBoard: its time, step, name and value, and the end."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from actwise.spec import TrainSpec
from actwise.store import RunStore, survey
from actwise.store.exchange import export_tensorboard
from made.runs import failed_record, leased, made_epoch, made_plan, made_record, made_study
from made.tasks import fill_task_store, task_study

pytest.importorskip("tensorboard")
STUDY = made_study(activation=["relu"], seeds="0", train={"epochs": 2})
(RUN,) = (run.run_id for run in made_plan(STUDY))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """With one run to train."""
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(STUDY, made_plan(STUDY))
        yield store


def events_of(folder: Path) -> list[Any]:
    """The events of the one file in a folder, in their order."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    (file,) = folder.rglob("events.out.tfevents.0.actwise")
    return list(LegacyEventFileLoader(str(file)).Load())


def plugin(event: Any) -> Any:
    """What the plugin of hyperparameters is told by an event."""
    from tensorboard.plugins.hparams import metadata, plugin_data_pb2

    (value,) = event.summary.value
    assert value.metadata.plugin_data.plugin_name == "hparams"
    told = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    assert told.version == metadata.PLUGIN_DATA_VERSION
    return value.tag, told


def scalars(events: list[Any], start: float) -> list[tuple[float, int, str, float]]:
    """Seconds since the start, step, tag and value of the events between the first and the last."""
    return [
        (round(event.wall_time - start, 3), event.step, value.tag, round(value.simple_value, 3))
        for event in events
        for value in event.summary.value
    ]


def test_numbers_stand_in_time_behind_their_epochs_and_results_at_the_end(
    store: RunStore, tmp_path: Path
) -> None:
    later = {"validation_loss": 0.5, "validation_accuracy": 60.0}
    tested = {"test_loss": 0.75, "test_accuracy": 61.5}
    epochs = (made_epoch(1), made_epoch(2, seconds=6.0, **later, **tested))
    results = {"test_accuracy": 61.5, "best_test_accuracy": 62.0, "validation_accuracy": 60.0}
    record = made_record(RUN, epochs=epochs, **results, test_loss=0.75)
    store.record(leased(store, RUN), record)
    export_tensorboard(store, tmp_path / "out")
    end = datetime.fromisoformat(survey(store).ends[RUN].recorded_at).timestamp()
    first, settings, *between, last = events_of(tmp_path / "out")
    start = end - 12.5
    assert (first.file_version, first.wall_time) == (
        "brain.Event:2",
        pytest.approx(start, rel=0, abs=1e-3),
    )
    tag, told = plugin(settings)
    assert (tag, settings.wall_time) == (
        "_hparams_/session_start_info",
        pytest.approx(start, rel=0, abs=1e-3),
    )
    assert told.session_start_info.group_name == RUN
    assert told.session_start_info.start_time_secs == pytest.approx(start, rel=0, abs=1e-3)
    assert scalars(between, start) == [
        (4.0, 1, "train/loss", 1.0),
        (4.0, 1, "train/accuracy", 10.0),
        (4.0, 1, "train/learning_rate", 0.1),
        (10.0, 2, "train/loss", 0.5),
        (10.0, 2, "train/accuracy", 20.0),
        (10.0, 2, "train/learning_rate", 0.1),
        (10.0, 2, "validation/loss", 0.5),
        (10.0, 2, "validation/accuracy", 60.0),
        (10.0, 2, "test/loss", 0.75),
        (10.0, 2, "test/accuracy", 61.5),
        (12.5, 2, "result/test_accuracy", 61.5),
        (12.5, 2, "result/best_test_accuracy", 62.0),
        (12.5, 2, "result/validation_accuracy", 60.0),
        (12.5, 2, "result/test_loss", 0.75),
    ]
    tag, told = plugin(last)
    assert (tag, last.wall_time) == (
        "_hparams_/session_end_info",
        pytest.approx(end, rel=0, abs=1e-3),
    )
    assert told.session_end_info.end_time_secs == pytest.approx(end, rel=0, abs=1e-3)


def test_epochs_whose_seconds_are_not_known_take_no_time(store: RunStore, tmp_path: Path) -> None:
    epochs = (made_epoch(1, seconds=float("nan")), made_epoch(2, seconds=0.0), made_epoch(3))
    store.record(leased(store, RUN), made_record(RUN, epochs=epochs))
    export_tensorboard(store, tmp_path / "out")
    first, _, *between, _ = events_of(tmp_path / "out")
    told = scalars(between, first.wall_time)
    times = [(seconds, step) for seconds, step, tag, _ in told if tag == "train/loss"]
    assert times == [(0.0, 1), (0.0, 2), (4.0, 3)]


@pytest.mark.parametrize("status", ["finished", "diverged", "failed"])
def test_only_a_failed_run_is_a_failure(store: RunStore, tmp_path: Path, status: str) -> None:
    from tensorboard.plugins.hparams import api_pb2

    record = failed_record(RUN) if status == "failed" else made_record(RUN, status=status)
    store.record(leased(store, RUN), record)
    assert export_tensorboard(store, tmp_path / "out") == 1
    _, told = plugin(events_of(tmp_path / "out")[-1])
    failure, success = api_pb2.STATUS_FAILURE, api_pb2.STATUS_SUCCESS
    assert told.session_end_info.status == (failure if status == "failed" else success)


def settings_of(folder: Path) -> dict[str, bool | float | str]:
    """The hyperparameters in the one file of a folder."""
    from google.protobuf.json_format import MessageToDict

    _, told = plugin(events_of(folder)[1])
    return {n: MessageToDict(v) for n, v in told.session_start_info.hparams.items()}


def test_hyperparameters_are_all_settings_that_are_given(store: RunStore, tmp_path: Path) -> None:
    store.record(leased(store, RUN), made_record(RUN))
    export_tensorboard(store, tmp_path / "out")
    spec = store.planned()[0].spec
    given = {"dataset": "digits", "model": "mlp", "regularization": "bn", "activation": "relu"}
    expected: dict[str, Any] = given | {"width": 1.0, "seed": 0.0}
    for name in TrainSpec.model_fields:
        value = getattr(spec.train, name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            expected[f"train.{name}"] = float(value)
        elif value is not None:
            expected[f"train.{name}"] = str([*value]) if isinstance(value, tuple) else value
    assert expected["train.epochs"] == 2.0
    assert settings_of(tmp_path / "out") == expected


def test_settings_of_users_own_are_numbers_truths_and_texts(tmp_path: Path) -> None:
    own = {"depth": 3, "is_wide": True, "kind": "x", "sizes": [1, 2]}
    study = task_study(seeds="0", factors={"activation": ["relu"]}, task={"settings": own})
    fill_task_store(tmp_path / "store", study, lambda run: {"accuracy": (40.0,)})
    with RunStore.open(tmp_path / "store") as store:
        export_tensorboard(store, tmp_path / "out")
    found = settings_of(tmp_path / "out")
    told = {name: found[name] for name in own}
    assert told == {
        "depth": 3.0,
        "is_wide": True,
        "kind": "x",
        "sizes": "[1, 2]",
    }
    assert found["task.function"] == "made.own_training:gives"


def test_folders_are_named_after_what_tells_runs_apart(store: RunStore, tmp_path: Path) -> None:
    # One network, whose labels a file system cannot tell apart.
    labels = ["bn+dropout/1", "bn+dropout:1", "bn+dropout??1"]
    long = made_study("long", activation=["a" * 200], seeds="7")
    odd = made_study("odd", regularization=labels, activation=["relu"], seeds="3")
    for study in (long, odd):
        store.add_study(study, made_plan(study))
        for run in {planned.run_id for planned in made_plan(study)}:
            store.record(leased(store, run), made_record(run))
    assert export_tensorboard(store, tmp_path / "all") == 4
    assert export_tensorboard(store, tmp_path / "one", study="odd") == 3
    run = store.planned("odd")[0].run_id[:8]
    name = f"digits_mlp_bn+dropout-1_relu_seed3_{run}"
    expected = [name, f"{name}_2", f"{name}_3"]
    assert sorted(path.name for path in (tmp_path / "one" / "odd").iterdir()) == expected
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["odd"]
    run = store.planned("long")[0].run_id[:8]
    levels = "digits_mlp_bn_" + "a" * 106
    assert [p.name for p in (tmp_path / "all" / "long").iterdir()] == [f"{levels}_seed7_{run}"]
