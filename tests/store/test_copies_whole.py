"""What a copy of a store takes with it, what stays behind, and what it counts."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from actwise.errors import SpecError, StoreError
from actwise.store import ProgressPoint, RunStore
from actwise.store.exchange import copy_store
from made.runs import (
    ME,
    answered_record,
    failed_record,
    leased,
    look_at,
    made_plan,
    made_record,
    made_study,
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    """A run finished, one failed, one diverged and one running, each with all kinds of files."""
    study = made_study()
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, made_plan(study), claims={"a": "1"}, started_as=["a.toml"])
        runs = [line.run_id for line in store.planned()]
        for number, run in enumerate(runs):
            (store.weights / f"{run}.safetensors").write_bytes(b"w" * (number + 1))
            (store.logs / f"{run}.log").write_bytes(b"logs")
            (store.checkpoints / f"{run}.1.1.ckpt").write_bytes(b"checkpoint")
        (store.logs / "notes.txt").write_bytes(b"mine")
        (store.logs / f"{runs[2]}.log").unlink()
        store.record(leased(store, runs[0]), answered_record(runs[0]))
        store.record(leased(store, runs[1]), failed_record(runs[1]))
        store.record(leased(store, runs[2]), made_record(runs[2], status="diverged"))
        look_at(store, study="made", num_seeds=1)
        look_at(store, num_seeds=2)
        token = leased(store, runs[3]).token
        store.heartbeat(
            ME, [ProgressPoint(token=token, epoch=1, num_epochs=None, done_fraction=0.5)]
        )
        yield store


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        f"{path.parent.name}/{path.name}": path.read_bytes()
        for name in ("weights", "logs", "checkpoints")
        for path in (folder / name).iterdir()
    }


def check(copy: RunStore, store: RunStore) -> None:
    """Hold a copy against the store that it was made of."""
    runs = [line.run_id for line in store.planned()]
    assert [copy.result(run) for run in runs] == [store.result(run) for run in runs]
    assert copy.planned() == store.planned()
    assert copy.studies() == store.studies()
    assert copy.looks() == store.looks()
    statuses = {run: state.status for run, state in copy.states().items()}
    assert statuses == dict(zip(runs, ("finished", "failed", "diverged", "pending"), strict=True))
    assert copy.states()[runs[3]].attempts == 1
    assert files_in(copy.folder) == {
        f"weights/{runs[0]}.safetensors": b"w",
        f"weights/{runs[1]}.safetensors": b"ww",
        f"weights/{runs[2]}.safetensors": b"www",
        f"logs/{runs[0]}.log": b"logs",
        f"logs/{runs[1]}.log": b"logs",
    }
    assert leased(copy, runs[3]).token > 4


def test_a_copy_in_a_folder_has_all_but_what_is_in_flight(store: RunStore, tmp_path: Path) -> None:
    copied = copy_store(store, tmp_path / "copy")
    assert (copied.num_results, copied.num_files, copied.num_bytes) == (3, 5, 14)
    with RunStore.open(tmp_path / "copy", create=True) as copy:
        check(copy, store)


def test_a_copy_behind_a_url_is_the_same_and_is_whole_in_the_end(
    store: RunStore, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    copied = copy_store(store, url, artifacts=tmp_path / "files")
    assert (copied.num_results, copied.num_files, copied.num_bytes) == (3, 5, 14)
    with RunStore.open(url, create=True, artifacts=tmp_path / "files") as copy:
        check(copy, store)
    sentence = f"copy {url!r} exists already; give a new database or schema"
    with pytest.raises(StoreError, match=f"^{re.escape(sentence)}$"):
        copy_store(store, url, artifacts=tmp_path / "elsewhere")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", ["file", "full folder", "link to an empty folder"])
def test_a_copy_takes_the_place_of_an_empty_folder_only(
    store: RunStore, tmp_path: Path, kind: str
) -> None:
    place = tmp_path / "place"
    if kind == "file":
        place.write_bytes(b"mine")
    elif kind == "full folder":
        (place / "mine").mkdir(parents=True)
    else:
        (tmp_path / "empty").mkdir()
        place.symlink_to(tmp_path / "empty")
    with pytest.raises(SpecError) as refusal:
        copy_store(store, place)
    assert str(refusal.value) == f"copy {str(place)!r} exists already; give a new folder"
    assert not list(tmp_path.glob(".*"))
    (tmp_path / "new").mkdir()
    copy_store(store, tmp_path / "new")
    assert (tmp_path / "new" / "store.sqlite").exists()
