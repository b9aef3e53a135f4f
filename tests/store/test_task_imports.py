"""Exports of users' trainings that none can have made are refused, whole."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from actwise.cli.main import run_command
from actwise.store import RunStore
from actwise.store.exchange import export_all
from actwise.store.records import pack_metrics
from made.exports import Forge, Refused, cells, finished, relabelled, settled, without_rows
from made.tasks import fill_task_store, task_study


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a study with two epochs a run; not to be changed."""
    folder = tmp_path_factory.mktemp("task")
    study = task_study(task={"settings": {"depth": 2}})
    fill_task_store(folder / "origin", study, lambda run: {"accuracy": (1.0, 2.0)}, num_epochs=2)
    with RunStore.open(folder / "origin") as store:
        with store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE runs SET attempts = 1")
        export_all(store, folder / "exported")
    return folder / "exported"


FORGERIES: Mapping[str, Forge] = {
    "diverged": cells("runs", status="diverged"),
    "an accuracy of ours": cells("runs", test_accuracy=50.0),
    "weights": cells("runs", weights_sha256="a" * 64),
    "a traceback": cells("runs", traceback="ValueError: no"),
    "no attempt": cells("runs", attempts=0),
    "no numbers": lambda folder: (
        without_rows(folder, "probes"),
        cells("runs", observed="[]")(folder),
    ),
    "numbers that nobody observed": cells("runs", observed="[]"),
    "numbers of fewer epochs": cells("probes", packed=pack_metrics({"accuracy": (1.0,)})),
    "damaged numbers": cells("probes", packed=pack_metrics({"accuracy": (1.0, 2.0)})[:-2]),
    "probes of an observer": cells("probes", packed=b"signals"),
    "other settings": cells(
        "study_runs",
        settings=settled("settings", lambda s: s | {"task": s["task"] | {"settings": {}}}),
    ),
    "no task": cells(
        "study_runs", settings=settled("settings", lambda s: {n: s[n] for n in s if n != "task"})
    ),
    "a setting that no function takes": relabelled(
        task={"function": "m:f", "settings": {"activation": 1}}
    ),
    "a function that is none": relabelled(task={"function": "m", "settings": {}}),
    "a setting that is no argument": relabelled(
        task={"function": "m:f", "settings": {"a": {"b": 1}}}
    ),
    "failed with numbers": cells("runs", status="failed", traceback=finished("traceback", "no")),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forgery_is_refused_in_one_sentence(
    forgery: str, exported: Path, refused: Refused
) -> None:
    FORGERIES[forgery](exported)
    refused("e")


def test_the_export_itself_is_taken(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported, tmp_path / "whole")
    assert run_command(["import", "whole", "--store", "store"]) == 0
