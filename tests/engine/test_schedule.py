"""Learning rates and the plateau."""

import math

import pytest

from actwise.engine.schedule import Plateau, Schedule
from actwise.spec import TrainSpec

BATCHES = 10


def rates(**settings: object) -> list[float]:
    """The learning rate of every step of a run that always progresses."""
    train = TrainSpec.model_validate({"learning_rate": 1.0, **settings})
    schedule = Schedule(train, batches_per_epoch=BATCHES)
    steps = []
    for epoch in range(train.epochs):
        steps += [schedule.learning_rate(epoch * BATCHES + batch) for batch in range(BATCHES)]
        schedule.end_epoch(train_loss=1 / (epoch + 1), validation_loss=None)
    return steps


def test_cosine_falls_from_the_peak_to_almost_zero() -> None:
    values = rates(schedule="cosine", epochs=4)
    assert values[0] == 1.0
    assert values[20] == pytest.approx(0.5)
    assert values == sorted(values, reverse=True)
    assert 0 < values[-1] < 0.01


def test_onecycle_rises_in_a_line_and_falls_as_a_cosine() -> None:
    values = rates(schedule="onecycle", epochs=10)
    assert values[0] == pytest.approx(1 / 25)
    assert values[15] == pytest.approx((1 / 25 + 1) / 2)
    assert values[30] == max(values) == 1.0
    assert values[65] == pytest.approx(0.5)
    assert 0 < values[-1] < 0.01


def test_steps_drop_at_their_milestones() -> None:
    values = rates(schedule="step", epochs=4, step_milestones=(0.5, 0.75))
    assert values == pytest.approx([1.0] * 20 + [0.1] * 10 + [0.01] * 10)


def test_a_milestone_between_two_floats_drops_at_its_step() -> None:
    values = rates(schedule="step", epochs=10, step_milestones=(0.55,))
    assert values == pytest.approx([1.0] * 55 + [0.1] * 45)


@pytest.mark.parametrize("schedule", ["plateau", "cosine", "step"])
def test_a_warmup_is_a_line_up_to_the_peak(schedule: str) -> None:
    values = rates(schedule=schedule, epochs=4, warmup_epochs=2)
    assert values[:20] == pytest.approx([(t + 1) / 20 for t in range(20)])
    assert values[20] == (0.1 if schedule == "step" else 1.0)


def test_a_plateau_drops_after_its_patience() -> None:
    plateau = Plateau()
    losses = [3.0, 2.0, 2.0, 1.9999, 2.5, 1.0, 1.0, 1.0]
    drops = []
    for loss in losses:
        plateau.observe(loss, patience=1)
        drops.append(plateau.drops)
    # 1.9999 is no progress: it is above 2.0 * (1 - 1e-4).
    assert drops == [0, 0, 0, 1, 1, 1, 1, 2]


def test_the_fourth_drop_of_a_plateau_ends_the_run() -> None:
    schedule = Schedule(TrainSpec(plateau_patience=0), batches_per_epoch=BATCHES)
    over = []
    for epoch in range(1, 6):
        schedule.end_epoch(train_loss=1.0, validation_loss=None)
        over.append(schedule.is_over(epoch))
    assert over == [False, False, False, False, True]
    assert schedule.learning_rate(0) == pytest.approx(0.1 * 0.1**4)


def test_the_plateau_watches_what_it_is_told_to() -> None:
    settings = TrainSpec(
        plateau_patience=0, plateau_monitor="validation_loss", validation_fraction=0.1
    )
    schedule = Schedule(settings, batches_per_epoch=BATCHES)
    for epoch in range(3):
        schedule.end_epoch(train_loss=1.0, validation_loss=1.0 / (epoch + 1))
    assert schedule.state()["drops"] == 0


def test_a_schedule_goes_on_from_its_state() -> None:
    first = Schedule(TrainSpec(plateau_patience=0), batches_per_epoch=BATCHES)
    for _ in range(3):
        first.end_epoch(train_loss=1.0, validation_loss=None)
    second = Schedule(TrainSpec(plateau_patience=0), batches_per_epoch=BATCHES)
    second.restore(first.state())
    assert second.learning_rate(40) == first.learning_rate(40)
    assert math.isclose(second.learning_rate(40), 0.1 * 0.1**2)
