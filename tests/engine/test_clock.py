"""Time spent on training: batches only, whatever stops, checkpoints and evaluations cost."""

from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor, nn

from actwise.engine import Checkpoints, TrainResult, TrainState
from actwise.spec import ObserveSpec, RunSpec
from small_runs import make_model, make_spec, train_small

HERE = {"device": "cpu"}


class Clock:
    """Stands still but where it is told to go on."""

    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.perf_counter", clock)
    return clock


class Slow(nn.Module):
    """A network whose batches take a second, and 50 in an evaluation."""

    def __init__(self, model: nn.Module, clock: Clock) -> None:
        super().__init__()
        self.model, self.clock = model, clock

    def forward(self, x: Tensor) -> Tensor:
        self.clock.time += 1.0 if self.training else 50.0
        out: Tensor = self.model(x)
        return out


class SlowDisk(Checkpoints):
    """Takes 1000 s to save a state, which is kept here to be looked at."""

    clock: Clock
    saved: TrainState | None = None

    def save(self, state: TrainState) -> None:
        self.clock.time += 1000.0
        self.saved = state
        super().save(state)


def train_slowly(
    spec: RunSpec, clock: Clock, folder: Path, token: int, *, should_stop: Callable[[], bool]
) -> tuple[TrainResult, TrainState | None]:
    checkpoints = SlowDisk(folder, "run", token, HERE, interval_seconds=0.0)
    checkpoints.clock = clock
    result = train_small(
        spec,
        model=Slow(make_model(spec), clock),
        checkpoints=checkpoints,
        observe=ObserveSpec(test_curve=True),
        should_stop=should_stop,
    )
    return result, checkpoints.saved


def stop_at_question(number: int) -> Callable[[], bool]:
    asked = iter(range(10_000))
    return lambda: next(asked) >= number


@pytest.mark.parametrize("number", range(14))
def test_train_seconds_are_those_of_the_batches_wherever_the_run_was_stopped(
    clock: Clock, tmp_path: Path, number: int
) -> None:
    spec = make_spec(epochs=2, validation_fraction=0.2, batch_size=12)
    stopped, state = train_slowly(spec, clock, tmp_path, 1, should_stop=stop_at_question(number))
    if stopped.status == "stopped":
        assert state is not None
        # What the checkpoint says of the batches of its own epoch, and of those before.
        assert state.epoch_seconds == state.batch
        assert state.past_seconds == sum(epoch.seconds for epoch in state.history)
        stopped, _ = train_slowly(spec, clock, tmp_path, 2, should_stop=lambda: False)
    num_batches = stopped.train_seconds / 2
    assert [epoch.seconds for epoch in stopped.epochs] == [num_batches, num_batches]
    assert num_batches == 4
