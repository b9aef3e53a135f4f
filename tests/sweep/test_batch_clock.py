"""Timing the batches of a try, on a clock that the test moves on."""

from actwise.sweep.worker import BatchClock


class Machine:
    """Trains batches and evaluates in made time; ``waits`` counts how often it was waited for."""

    def __init__(self, *, warm: int = 1, least: int = 2, least_seconds: float = 0.0) -> None:
        self.now = 100.0
        self.waits = 0
        self.clock = BatchClock(
            warm=warm,
            least=least,
            least_seconds=least_seconds,
            synchronize=self.wait,
            clock=lambda: self.now,
        )

    def wait(self) -> None:
        self.waits += 1

    def train(self, *seconds: float) -> int:
        """An epoch of such batches; how many were trained before the clock was content."""
        for number, batch_seconds in enumerate(seconds, start=1):
            self.clock.before_batch()
            if self.clock.is_over:
                return number - 1
            self.now += batch_seconds
            self.clock.after_batch(ends_epoch=number == len(seconds))
        return len(seconds)

    def evaluate(self, seconds: float) -> None:
        self.clock.before_batch()
        self.now += seconds


def test_the_pace_is_that_of_the_warm_batches() -> None:
    machine = Machine()
    machine.now += 7.0
    assert machine.train(5.0, 2.0, 2.0, 2.0) == 3
    assert machine.clock.batch_seconds == 2.0
    # Seven seconds of preparation, and three that the first batch took longer.
    assert machine.clock.before_seconds == 10.0


def test_evaluations_between_epochs_are_not_timed() -> None:
    machine = Machine(least=3)
    for _ in range(4):
        machine.train(2.0)
        machine.evaluate(50.0)
        machine.evaluate(50.0)
    assert machine.clock.is_over
    assert machine.clock.batch_seconds == 2.0
    assert machine.clock.before_seconds == 0.0


def test_a_run_that_is_over_before_it_is_warm_is_timed_by_what_it_has() -> None:
    machine = Machine(warm=4)
    machine.now += 1.0
    machine.train(3.0, 1.0)
    assert not machine.clock.is_over
    assert machine.clock.batch_seconds == 2.0
    assert machine.clock.before_seconds == 1.0


def test_without_a_batch_there_is_no_pace() -> None:
    machine = Machine(warm=0, least=0)
    machine.now += 3.0
    assert machine.train(1.0) == 0
    assert machine.clock.batch_seconds is None
    assert machine.clock.before_seconds == 3.0


def test_short_batches_are_timed_for_as_long_as_asked() -> None:
    machine = Machine(least_seconds=0.5)
    assert machine.train(*[1 / 64] * 1000) == 33
    assert machine.clock.timed_seconds == 0.5


def test_the_device_is_waited_for_at_the_ends_of_stretches_only() -> None:
    machine = Machine(least_seconds=0.5)
    machine.train(*[1 / 64] * 1000)
    # Two ends of the batch that warms up, of the first timed one, and of the 31 others; then the
    # question for one more batch.
    assert machine.waits == 7
