"""What a driver tells the store of its runs, and when."""

import time
from pathlib import Path

from actwise.store import ProgressPoint, RunStore, survey
from actwise.sweep.drive import NOTE_SECONDS, ProgressNotes
from actwise.sweep.watch import Event, RunProgress
from actwise.sweep.worker import Advanced
from made.sweeps import Listener, small_study, sweep


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def advanced(epoch: int, batch: int, *, epochs: int | None = 4) -> Advanced:
    return Advanced(
        run_id="a",
        epoch=epoch,
        epochs=epochs,
        batch=batch,
        batches=10,
        loss=1.0 / epoch,
        images_per_second=50.0,
        metrics={} if epochs else {"score": 0.5},
    )


def test_an_epoch_that_is_over_is_told_at_once_and_others_after_five_seconds() -> None:
    clock = Clock()
    notes = ProgressNotes(clock=clock)
    notes.hear(7, advanced(1, 3))
    assert notes.due() == []
    clock.now += NOTE_SECONDS
    assert [(p.token, p.epoch, p.done_fraction) for p in notes.due()] == [(7, 1, 0.3)]
    assert notes.due() == []
    for epoch, batch in ((1, 9), (1, 10), (2, 1), (2, 2)):
        notes.hear(7, advanced(epoch, batch))
    assert [(p.epoch, p.done_fraction) for p in notes.due()] == [(1, 1.0), (2, 0.2)]
    notes.hear(7, advanced(2, 3))
    assert notes.due() == []  # no epoch is over again


def test_what_is_left_of_a_run_follows_from_its_pace_under_this_lease() -> None:
    clock = Clock()
    notes = ProgressNotes(clock=clock)
    # Taken up after two and a half epochs of four.
    notes.hear(7, advanced(3, 5))
    clock.now += 10.0
    notes.hear(7, advanced(3, 10))
    (point,) = notes.due()
    assert point.seconds_left == 20.0


def test_a_training_of_the_users_own_tells_of_epochs_that_are_over() -> None:
    notes = ProgressNotes(clock=Clock())
    notes.hear(7, advanced(2, 0, epochs=None))
    (point,) = notes.due()
    assert (point.done_fraction, point.num_epochs, point.seconds_left) == (1.0, None, None)
    assert point.metrics == {"score": 0.5}


def test_a_sweep_can_be_watched_while_it_trains_and_leaves_no_progress(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    told: list[tuple[ProgressPoint, ...]] = []

    def look(event: Event) -> None:
        if isinstance(event, RunProgress) and event.batch == event.batches and not told:
            deadline = time.monotonic() + 60
            with RunStore.open(folder) as store:
                while not (found := survey(store).progress.get(event.run_id)):
                    assert time.monotonic() < deadline, "the driver told nothing"
                    time.sleep(0.05)
            told.append(found)

    study = small_study(activation=("relu",), seeds=(0,))
    assert sweep(folder, study, progress=Listener(look)).exit_code == 0
    (point,) = told[0]
    assert (point.epoch, point.num_epochs, point.done_fraction) == (1, 2, 1.0)
    assert point.loss is not None and 0 < point.loss < 5
    with RunStore.open(folder) as store:
        assert survey(store).progress == {}
