"""Which of several checkpoints is the newest, and why others were refused."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from actwise.engine import Checkpoints
from made.checkpoints import HERE, make_checkpoints, make_state


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_checkpoints_of_a_lease_are_counted_from_0(tmp_path: Path) -> None:
    first, second = make_checkpoints(tmp_path, 3), make_checkpoints(tmp_path, 12)
    found = []
    for checkpoints in (first, first, second, second, second):
        checkpoints.save(make_state())
        found.append(names(tmp_path))
    assert found == [[f"run.{name}.ckpt"] for name in ("3.0", "3.1", "12.0", "12.1", "12.2")]


def test_the_tenth_checkpoint_is_newer_than_the_ninth(tmp_path: Path) -> None:
    checkpoints = make_checkpoints(tmp_path)
    for number in (10, 9):
        checkpoints.save(make_state(float(number)))
        (path,) = tmp_path.glob("run.1.*.ckpt")
        path.rename(tmp_path / f"kept{number}")
    for number in (10, 9):
        (tmp_path / f"kept{number}").rename(tmp_path / f"run.1.{number}.ckpt")
    state = make_checkpoints(tmp_path).load()
    assert state is not None
    assert state.tensors["model/weight"][0, 0] == 10.0


def test_every_difference_of_a_fingerprint_is_told_in_order(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, torch="2.12", threads="2").save(make_state())
    here = make_checkpoints(tmp_path, zlib="1")
    assert here.load() is None
    told = "threads '2', here '1', torch '2.12', here None, zlib None, here '1'"
    assert here.refusals == [f"run.1.0.ckpt was written elsewhere ({told})"]
    # Asked again it says so once more, and not twice.
    assert here.load() is None
    assert here.refusals == [f"run.1.0.ckpt was written elsewhere ({told})"]


def test_a_checkpoint_that_is_no_good_does_not_hide_an_older_one(tmp_path: Path) -> None:
    """Nor do several; each is told with its fault, the newest first."""
    make_checkpoints(tmp_path).save(make_state(4.0))
    good = (tmp_path / "run.1.0.ckpt").read_bytes()
    Checkpoints(tmp_path, "other", 1, HERE).save(make_state())
    others = (tmp_path / "other.1.0.ckpt").read_bytes()
    make_checkpoints(tmp_path, 2, device="cuda").save(make_state())
    (tmp_path / "run.1.0.ckpt").write_bytes(good)
    (tmp_path / "run.3.0.ckpt").write_bytes(others)
    (tmp_path / "run.3.1.ckpt").write_bytes(b"")
    here = make_checkpoints(tmp_path, 3)
    state = here.load()
    assert state is not None
    assert state.tensors["model/weight"][0, 0] == 4.0
    assert here.refusals == [
        "run.3.1.ckpt is damaged",
        "run.3.0.ckpt holds the run other",
        "run.2.0.ckpt was written elsewhere (device 'cuda', here 'cpu')",
    ]
    assert not here.environment_changed


def test_a_mark_goes_with_a_run_into_its_next_checkpoint(tmp_path: Path) -> None:
    make_checkpoints(tmp_path, device="cuda").save(make_state())
    allowed = Checkpoints(tmp_path, "run", 2, HERE, allow_environment_change=True)
    assert allowed.load() is not None and allowed.environment_changed
    allowed.save(make_state())
    # Where it was allowed once, it is known ever after.
    later = make_checkpoints(tmp_path, 3)
    assert later.load() is not None and later.environment_changed
    later.refuse("it lacks something")
    assert (later.environment_changed, later.refusals) == (False, ["it lacks something"])


@pytest.mark.parametrize(("seconds", "is_due"), [(29.5, False), (30.0, True), (31.0, True)])
def test_a_checkpoint_is_due_after_half_a_minute_unless_told_otherwise(
    seconds: float, is_due: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    clock = SimpleNamespace(monotonic=lambda: now)
    monkeypatch.setattr("actwise.engine.checkpoint.time", clock)
    checkpoints = make_checkpoints(tmp_path)
    now += seconds
    assert checkpoints.is_due() is is_due
