"""What a driver lets others see while it lives, and what it clears away."""

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from actwise.errors import StoreError
from actwise.store import ConnectionLostError, Owner, ProgressPoint, survey
from actwise.sweep.drive import attended
from actwise.sweep.watch import Note
from actwise.sweep.worker import Advanced, Assignment, Done, PutBack
from made.played import AWAY, Stage, advances, diverges, fails, finishes, stopped
from made.runs import ME
from made.sweeps import Listener, small_study

FIRST, SECOND = "relu seed 0", "elu seed 0"


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stage]:
    """Two runs."""
    with Stage(monkeypatch, tmp_path / "store", small_study(seeds=(0,))) as stage:
        yield stage


def test_a_driver_shows_four_times_a_minute_that_it_lives_and_at_once_that_an_epoch_is_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.sweep.drive.heartbeat.time", stage.clock)
    monkeypatch.setattr("actwise.sweep.drive.heartbeat._TURN_SECONDS", 0.001)
    beats: list[tuple[float, Owner, list[ProgressPoint]]] = []
    heard = threading.Semaphore(0)
    beat = stage.store.heartbeat

    def told(owner: Owner, points: Iterable[ProgressPoint] = ()) -> tuple[str, ...]:
        beats.append((stage.clock.now - 1000.0, owner, [*points]))
        try:
            if len(beats) == 1:
                raise StoreError("the store is away")
            return beat(owner, points)
        finally:
            heard.release()

    def trains(assignment: Assignment) -> Advanced:
        for _ in range(2):
            stage.clock.now += 14.5
            time.sleep(0.02)  # long enough for many turns
            stage.clock.now += 0.5
            assert heard.acquire(timeout=60)
        return advances(1, 4)(assignment)

    def waits(assignment: Assignment) -> Done:
        assert heard.acquire(timeout=60)
        seen.append(survey(stage.store).progress)
        return finishes(assignment)

    seen: list[object] = []
    monkeypatch.setattr(stage.store, "heartbeat", told)
    stage.executor.plays = {FIRST: [[trains, waits]]}
    stage.sweep()
    point = ProgressPoint(
        token=1, epoch=1, num_epochs=2, done_fraction=1.0, loss=0.5, images_per_second=100.0
    )
    assert beats == [(15.0, ME, []), (30.0, ME, []), (30.0, ME, [point])]
    assert seen == [{stage.ids[FIRST]: (point,)}]
    assert "heartbeat" not in {thread.name for thread in threading.enumerate()}


class Away:
    """A server that cannot be reached so often."""

    def __init__(self, times: int) -> None:
        self._times, self.times_asked = times, 0

    def __call__(self, *, is_repeated: bool) -> str:
        self.times_asked += 1
        if self.times_asked <= self._times:
            raise ConnectionLostError("the server cannot be reached")
        return "here"


def test_who_watches_hears_that_the_store_is_away_and_what_to_do_about_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.waiting._TELL_SECONDS", 0.0)
    monkeypatch.setattr("actwise.store.database.waiting.STOP_SECONDS", 0.0)
    patience, listener = stage.store.database.patience, Listener()
    with attended(stage.store, listener):
        assert patience.get(Away(2)) == "here"
    assert [event.text for event in listener.of(Note)] == [
        "the server cannot be reached; waiting up to 120 s for it",
        "the database answers again after 0 s",
    ]
    with (
        attended(stage.store, listener, is_over=lambda: True),
        pytest.raises(ConnectionLostError) as refusal,
    ):
        patience.get(Away(1000))
    assert str(refusal.value) == (
        "the server cannot be reached; the same command goes on when that is over"
    )


def test_who_has_asked_for_a_stop_waits_only_a_moment_for_a_store_that_is_away(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actwise.store.database.waiting.STOP_SECONDS", 0.0)
    monkeypatch.setattr("actwise.store.database.waiting.WAIT_SECONDS", 1.0)
    away = Away(1000)

    def asks_after_a_stop(assignment: Assignment) -> PutBack:
        put_back = stops(assignment)
        with pytest.raises(ConnectionLostError):
            stage.store.database.patience.get(away)
        return put_back

    stage.executor.plays = {FIRST: [[asks_after_a_stop]]}
    stage.sweep()
    assert away.times_asked == 2


FILES = {
    "checkpoints": (".1.1.ckpt", ".1.2.ckpt.tmp"),
    "weights": (".safetensors", ".1.safetensors", ".2.safetensors.tmp"),
}
KEPT = {".safetensors"}
EVERY = {end for ends in FILES.values() for end in ends}


def leave_files(stage: Stage, run_id: str) -> None:
    for folder, ends in FILES.items():
        for end in ends:
            (stage.store.folder / folder / f"{run_id}{end}").write_bytes(b"left")


def files_of(stage: Stage, run_id: str) -> set[str]:
    found = (stage.store.folder / folder for folder in FILES)
    return {path.name.removeprefix(run_id) for f in found for path in f.glob(f"{run_id}*")}


def stops(assignment: Assignment) -> PutBack:
    signal.raise_signal(signal.SIGTERM)
    return stopped(assignment)


def test_what_is_left_of_runs_that_have_ended_is_cleared_away_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    third, fourth, unknown = "relu seed 1", "elu seed 1", "0" * 20
    with Stage(monkeypatch, tmp_path / "store") as stage:
        steps = {FIRST: [[diverges]], SECOND: [[fails]], third: [[finishes]], fourth: [[stops]] * 2}
        stage.executor.plays = steps
        stage.sweep()
        (lease,) = stage.holds(AWAY, third, again=True)

        def swept() -> list[set[str]]:
            for run_id in (*stage.ids.values(), unknown):
                leave_files(stage, run_id)
            stage.sweep()
            return [files_of(stage, run_id) for run_id in (*stage.ids.values(), unknown)]

        # What cannot be deleted is no reason to end.
        (stage.store.checkpoints / f"{stage.ids[FIRST]}.9.ckpt").mkdir()
        assert swept() == [KEPT | {".9.ckpt"}, KEPT, EVERY, EVERY, EVERY]
        stage.store.release(lease)
        assert swept() == [KEPT | {".9.ckpt"}, KEPT, KEPT, KEPT, EVERY]


@pytest.mark.parametrize("name", ["weights/{}.1.safetensors", "checkpoints/{}.1.1.ckpt"])
def test_what_alone_is_left_of_a_run_is_cleared_away(name: str, stage: Stage) -> None:
    stage.sweep()
    path = stage.store.folder / name.format(stage.ids[FIRST])
    path.write_bytes(b"left")
    stage.sweep()
    assert not path.exists()
