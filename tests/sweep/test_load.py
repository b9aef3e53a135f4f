"""Networks back from a store: only with the code that they were trained with."""

import hashlib
import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from actwise.errors import SpecError, StoreError
from actwise.store import RunStore, kept_weights
from actwise.sweep import load_model
from made.sweeps import USERS_CODE, results, small_study, sweep


def test_a_model_is_not_loaded_into_code_that_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module = tmp_path / "later_changed.py"
    shutil.copy(USERS_CODE, module)
    study = small_study(
        activation=("later_changed:prints",), seeds=(0,), observe={"keep_weights": True}
    )
    sweep(tmp_path / "store", study)
    ((run_id, _),) = results(tmp_path / "store").items()
    assert load_model(tmp_path / "store", run_id) is not None
    module.write_text(module.read_text(encoding="utf-8") + "\nother = 1\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"is not the one that run .* was trained with"):
        load_model(tmp_path / "store", run_id)


@pytest.mark.parametrize("is_older", [False, True])
def test_a_model_is_loaded_with_the_helpers_it_was_trained_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_older: bool
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    module, helper = tmp_path / "uses_a_helper.py", tmp_path / "a_helper.py"
    module.write_text("from a_helper import f\n", encoding="utf-8")
    helper.write_text("def f(x): return 2 * x.relu()\n", encoding="utf-8")
    study = small_study(activation=("uses_a_helper:f",), seeds=(0,), observe={"keep_weights": True})
    sweep(tmp_path / "store", study)
    ((run_id, _),) = results(tmp_path / "store").items()
    if is_older:  # from before imports were followed
        digest = hashlib.sha256(module.read_bytes()).hexdigest()
        settings = json.dumps({"code": [["uses_a_helper:f", digest]]})
        with sqlite3.connect(tmp_path / "store" / "store.sqlite") as database:
            database.execute("UPDATE runs SET settings = json_patch(settings, ?)", [settings])
    assert load_model(tmp_path / "store", run_id) is not None
    helper.write_text("def f(x): return 3 * x.relu()\n", encoding="utf-8")
    error = SpecError if is_older else StoreError
    with pytest.raises(error, match=r"a_helper.py changed|is not the one that run"):
        load_model(tmp_path / "store", run_id)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "store"
    study = small_study(
        model=("mlp",),
        activation=("relu",),
        epochs=1,
        train_size=64,
        observe={"keep_weights": True},
    )
    sweep(folder, study)
    return folder


@pytest.fixture
def kept(trained: Path, tmp_path: Path) -> tuple[Path, list[str]]:
    """A store with the weights of two runs, and their ids."""
    folder = shutil.copytree(trained, tmp_path / "store")
    return folder, sorted(results(folder))


def test_weights_of_another_run_are_not_loaded(kept: tuple[Path, list[str]]) -> None:
    folder, (first, second) = kept
    with RunStore.open(folder) as store:
        paths = [kept_weights(store.weights, run_id) for run_id in (first, second)]
    shutil.copy(paths[1], paths[0])
    with pytest.raises(StoreError) as refusal:
        load_model(folder, first)
    assert str(refusal.value) == (
        f"the weights of run {first} in {str(paths[0])!r} are not those recorded"
    )
    assert not load_model(folder, second).training


def test_a_run_that_no_study_asks_for_any_more_is_not_loaded(
    kept: tuple[Path, list[str]],
) -> None:
    folder, (first, second) = kept
    with sqlite3.connect(folder / "store.sqlite") as database:
        database.execute("DELETE FROM study_runs WHERE run_id = ?", [first])
    with pytest.raises(StoreError) as refusal:
        load_model(folder, first)
    assert str(refusal.value) == (
        f"run {first} is in no plan any more: users' code or data changed since"
    )
    assert load_model(folder, second) is not None
