"""``actwise.run``: wrong input leaves nothing behind, whatever kind of place the store is."""

from pathlib import Path

import pytest

from actwise.errors import SpecError
from actwise.spec import claims_in_force
from actwise.store import RunStore
from actwise.sweep.api import run
from made.sweeps import small_study

WRONG = small_study(activation=("relu",), observe={"probes": True})


def test_a_wrong_study_writes_nothing_into_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with pytest.raises(SpecError, match="probes"):
        run(WRONG, folder)
    assert list(folder.iterdir()) == []


def test_a_wrong_study_writes_nothing_behind_a_url(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="probes"):
        run(WRONG, f"sqlite:///{tmp_path / 'runs.db'}", artifacts=tmp_path / "files")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_claims_file_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"mine\.toml cannot be read"):
        run(small_study(activation=("relu",)), tmp_path / "store", claims=tmp_path / "mine.toml")
    assert list(tmp_path.iterdir()) == []


def test_the_store_notes_the_claims_that_came_before_the_runs(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text("[[claim]]")
    study = small_study(activation=("relu",))
    outcome = run(study, tmp_path / "store", claims=mine, executor="inline", device="cpu")
    assert outcome.exit_code == 0
    with RunStore.open(tmp_path / "store") as store:
        (stored,) = store.studies()
        (registered,) = stored.registrations
        finished = [store.result(run.run_id) for run in store.planned()]
    assert registered.claims == claims_in_force(mine)
    assert all(finished)
