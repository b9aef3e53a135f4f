"""Checkpoint files: whole, verified, fenced by their token."""

import os
from pathlib import Path

import pytest
import torch

from actwise.engine import Checkpoints, TrainState
from actwise.errors import StoreError
from made.checkpoints import HERE, make_checkpoints, make_state


def assert_equal(loaded: TrainState | None, state: TrainState) -> None:
    assert loaded is not None
    assert {k: v for k, v in vars(loaded).items() if k != "tensors"} == {
        k: v for k, v in vars(state).items() if k != "tensors"
    }
    assert loaded.tensors.keys() == state.tensors.keys()
    for name, tensor in state.tensors.items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert torch.equal(loaded.tensors[name], tensor)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_state_comes_back_to_the_bit(tmp_path: Path) -> None:
    state = make_state()
    make_checkpoints(tmp_path).save(state)
    assert_equal(make_checkpoints(tmp_path).load(), state)


def test_nothing_is_loaded_where_nothing_is(tmp_path: Path) -> None:
    checkpoints = make_checkpoints(tmp_path)
    assert checkpoints.load() is None
    assert checkpoints.refusals == []


def test_a_new_checkpoint_replaces_the_old_one(tmp_path: Path) -> None:
    checkpoints = make_checkpoints(tmp_path)
    checkpoints.save(make_state(1.0))
    checkpoints.save(make_state(2.0))
    assert names(tmp_path) == ["run.1.1.ckpt"]
    assert_equal(checkpoints.load(), make_state(2.0))


def test_a_damaged_checkpoint_falls_back_to_the_one_before(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, token=1).save(make_state(1.0))
    older = (tmp_path / "run.1.0.ckpt").read_bytes()
    make_checkpoints(tmp_path, token=2).save(make_state(2.0))
    (tmp_path / "run.1.0.ckpt").write_bytes(older)
    newest = tmp_path / "run.2.0.ckpt"
    damaged = bytearray(newest.read_bytes())
    damaged[-1] ^= 1
    newest.write_bytes(damaged)
    checkpoints = make_checkpoints(tmp_path, token=3)
    assert_equal(checkpoints.load(), make_state(1.0))
    assert checkpoints.refusals == ["run.2.0.ckpt is damaged"]


@pytest.mark.parametrize("content", [b"", b"\n", b"actwise-checkpoint 1 \n", b"no line at all"])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.1.0.ckpt").write_bytes(content)
    checkpoints = make_checkpoints(tmp_path)
    assert checkpoints.load() is None
    assert checkpoints.refusals == ["run.1.0.ckpt is damaged"]


def test_a_newer_claim_goes_on_from_an_older_ones_checkpoint(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, token=1).save(make_state(1.0))
    successor = make_checkpoints(tmp_path, token=2)
    assert_equal(successor.load(), make_state(1.0))
    successor.save(make_state(2.0))
    assert names(tmp_path) == ["run.2.0.ckpt"]


def test_a_stale_worker_neither_reads_nor_deletes_its_successors_checkpoint(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, token=2).save(make_state(2.0))
    stale = make_checkpoints(tmp_path, token=1)
    assert stale.load() is None
    stale.save(make_state(1.0))
    stale.clear()
    assert names(tmp_path) == ["run.2.0.ckpt"]


def test_what_a_stale_worker_writes_is_older_than_its_successors(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, token=2).save(make_state(2.0))
    make_checkpoints(tmp_path, token=1).save(make_state(1.0))
    assert_equal(make_checkpoints(tmp_path, token=2).load(), make_state(2.0))


def test_another_fingerprint_is_refused_by_name(tmp_path: Path) -> None:
    make_checkpoints(tmp_path).save(make_state())
    elsewhere = make_checkpoints(tmp_path, token=2, threads="2")
    assert elsewhere.load() is None
    assert elsewhere.refusals == ["run.1.0.ckpt was written elsewhere (threads '1', here '2')"]


def test_another_fingerprint_is_accepted_where_allowed_and_stays_marked(tmp_path: Path) -> None:
    make_checkpoints(tmp_path).save(make_state(1.0))
    elsewhere = HERE | {"threads": "2"}
    allowing = Checkpoints(tmp_path, "run", 2, elsewhere, allow_environment_change=True)
    assert_equal(allowing.load(), make_state(1.0))
    assert allowing.environment_changed
    allowing.save(make_state(2.0))
    later = Checkpoints(tmp_path, "run", 3, elsewhere)
    assert_equal(later.load(), make_state(2.0))
    assert later.environment_changed


def test_a_renamed_checkpoint_of_another_run_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path, "other", 1, HERE).save(make_state())
    (tmp_path / "other.1.0.ckpt").rename(tmp_path / "run.1.0.ckpt")
    checkpoints = make_checkpoints(tmp_path)
    assert checkpoints.load() is None
    assert checkpoints.refusals == ["run.1.0.ckpt holds the run other"]


def test_clear_deletes_the_runs_files_and_no_others(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, token=1).save(make_state())
    Checkpoints(tmp_path, "run2", 1, HERE).save(make_state())
    (tmp_path / "run.1.1.ckpt.tmp").write_bytes(b"cut off by a kill")
    make_checkpoints(tmp_path, token=2).clear()
    assert names(tmp_path) == ["run2.1.0.ckpt"]


def test_an_unwritable_folder_keeps_the_last_checkpoint(tmp_path: Path) -> None:
    checkpoints = make_checkpoints(tmp_path)
    checkpoints.save(make_state(1.0))
    (tmp_path / "run.1.1.ckpt.tmp").mkdir()  # what is in the way could as well be a full disk
    with pytest.raises(StoreError, match="directory"):
        checkpoints.save(make_state(2.0))
    assert_equal(make_checkpoints(tmp_path).load(), make_state(1.0))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="no /proc is here")
@pytest.mark.parametrize("place", [0, -1])
def test_a_disk_that_gives_back_other_bytes_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    def spoil(descriptor: int) -> None:
        written = Path(f"/proc/self/fd/{descriptor}").readlink()
        if written.is_file():
            content = bytearray(written.read_bytes())
            content[place] ^= 1
            written.write_bytes(content)

    checkpoints = make_checkpoints(tmp_path)
    checkpoints.save(make_state(1.0))
    with monkeypatch.context() as patch, pytest.raises(StoreError) as caught:
        patch.setattr(os, "fsync", spoil)
        checkpoints.save(make_state(2.0))
    path = tmp_path / "run.1.1.ckpt"
    assert str(caught.value) == f"checkpoint {str(path)!r} reads back other bytes than were written"
    assert names(tmp_path) == ["run.1.0.ckpt"]
    assert_equal(make_checkpoints(tmp_path).load(), make_state(1.0))


def test_a_checkpoint_that_vanishes_is_passed_over(tmp_path: Path) -> None:
    make_checkpoints(tmp_path).save(make_state(1.0))
    # In the listing it looks like a file that is gone when it is opened.
    (tmp_path / "run.1.7.ckpt").symlink_to(tmp_path / "deleted")
    checkpoints = make_checkpoints(tmp_path)
    assert_equal(checkpoints.load(), make_state(1.0))
    assert checkpoints.refusals == []


def test_a_checkpoint_that_cannot_be_read_is_no_fault_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "run.1.0.ckpt").mkdir()
    with pytest.raises(StoreError, match="cannot be read or written: Is a directory"):
        make_checkpoints(tmp_path).load()
    with pytest.raises(StoreError, match="cannot be read or written: No such file"):
        make_checkpoints(tmp_path / "gone").load()


def test_a_checkpoint_is_due_an_interval_after_the_last(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path, "run", 1, HERE, interval_seconds=0).is_due()
    assert not Checkpoints(tmp_path, "run", 1, HERE, interval_seconds=3600).is_due()
