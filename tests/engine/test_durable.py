"""What was written is on the disk before anything relies on it: the file, then its name."""

import os
from pathlib import Path

import pytest

from actwise.engine import save_weights
from actwise.store import RunStore, kept_weights, written_weights
from made.checkpoints import make_checkpoints, make_state
from made.runs import leased, made_plan, made_record, made_study
from small_runs import make_model, make_spec

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc is here")


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file and folder that the system was asked to put on the disk, in order."""
    found: list[Path] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_weights_are_on_the_disk_when_they_are_saved(tmp_path: Path, synced: list[Path]) -> None:
    save_weights(make_model(make_spec()), tmp_path / "weights")
    assert [path.parent for path in synced[:-1]] == [tmp_path]
    assert synced[-1] == tmp_path


def test_a_checkpoint_is_on_the_disk_when_it_is_saved(tmp_path: Path, synced: list[Path]) -> None:
    make_checkpoints(tmp_path).save(make_state())
    assert [path.parent for path in synced[:-1]] == [tmp_path]
    assert synced[-1] == tmp_path


def test_the_weights_of_a_result_have_their_place_before_it_is_recorded(
    tmp_path: Path, synced: list[Path]
) -> None:
    study = made_study(seeds="0")
    with RunStore.open(tmp_path / "store", create=True) as store:
        store.add_study(study, planned := made_plan(study))
        run_id = planned[0].run_id
        lease = leased(store, run_id)
        written_weights(store.weights, run_id, lease.token).write_bytes(b"weights")
        store.record(lease, made_record(run_id))
        assert kept_weights(store.weights, run_id).exists()
        assert store.weights in synced
