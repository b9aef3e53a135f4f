"""``actwise.run``: wrong input leaves nothing behind, whatever kind of place the store is."""

from cProfile import Profile
from pathlib import Path
from pstats import Stats

import pytest

from actwise.errors import SpecError
from actwise.spec import claims_in_force, parse_study
from actwise.store import RunStore
from actwise.sweep.run import run
from made.sweeps import small_study, study_values

WRONG = small_study(activation=("relu",), precision="tf32")


def test_a_wrong_study_writes_nothing_into_an_empty_folder(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    folder.mkdir()
    with pytest.raises(SpecError, match="tf32"):
        run(WRONG, folder, device="cpu")
    assert list(folder.iterdir()) == []


def test_a_wrong_study_writes_nothing_behind_a_url(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="tf32"):
        run(
            WRONG,
            f"sqlite:///{tmp_path / 'runs.db'}",
            artifacts=tmp_path / "files",
            device="cpu",
        )
    assert list(tmp_path.iterdir()) == []


def test_a_run_too_large_for_this_machine_writes_nothing(tmp_path: Path) -> None:
    large = parse_study(study_values(model=("vgg16-table1",)) | {"width": 16.0}, source="test")
    with pytest.raises(SpecError, match="GB of memory"):
        run(large, tmp_path / "store", device="cpu")
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_planned_once_also_for_a_new_store(tmp_path: Path) -> None:
    profile = Profile()
    study = small_study(activation=("relu",), seeds=(0,))
    profile.runcall(run, study, tmp_path / "store", executor="inline", device="cpu")
    calls = {name: count for (_, _, name), (count, *_) in Stats(profile).stats.items()}  # type: ignore[attr-defined]
    assert (calls["make_plan"], calls["check_machine"]) == (1, 1)


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
