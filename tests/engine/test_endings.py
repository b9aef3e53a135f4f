"""How a run ends that does not come to its result, and what it is then known of."""

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from torch import Tensor, nn

from actwise.engine import Checkpoints, TrainResult
from actwise.spec import ObserveSpec
from small_runs import make_model, make_spec, train_small, without_times

ALL_EPOCHS = [1, 2, 3]


class Overflowing(nn.Module):
    """Gives in training, and in every evaluation but the first, what a network gives."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model, self.num_evaluations = model, 0

    def forward(self, x: Tensor) -> Tensor:
        self.num_evaluations += not self.training
        out: Tensor = self.model(x)
        is_wrong = not self.training and self.num_evaluations == 1
        return out * math.inf if is_wrong else out


def assert_has_no_result(result: TrainResult) -> None:
    assert result.test_accuracy is None and result.test_loss is None
    assert result.predictions_N is None and result.weights_sha256 is None
    assert result.reestimated_accuracy is None
    assert result.validation_accuracy is None and result.train_accuracy is None


@pytest.mark.parametrize(("curve", "finished"), [("every", []), ("last", [1, 2])])
def test_a_validation_loss_that_is_not_finite_is_a_divergence(
    curve: str, finished: list[int]
) -> None:
    spec = make_spec(validation_fraction=0.2)
    observe = ObserveSpec(validation_curve=curve)
    result = train_small(spec, model=Overflowing(make_model(spec)), observe=observe)
    assert result.status == "diverged"
    assert [record.epoch for record in result.epochs] == finished
    assert_has_no_result(result)


def stop_at(pause: int) -> Callable[[], bool]:
    """True at one question, counted from 1."""
    questions = iter(range(1, 100))
    return lambda: next(questions) == pause


# Three epochs of three batches; then the test split, which a second time has other statistics.
@pytest.mark.parametrize("pause", [10, 11])
def test_a_run_stopped_in_its_last_test_goes_on_to_the_same_result(
    pause: int, tmp_path: Path
) -> None:
    spec = make_spec()
    told: list[list[int]] = []

    def trained(token: int, should_stop: Callable[[], bool]) -> TrainResult:
        kept = Checkpoints(tmp_path, "run", token, {"device": "cpu"})
        result = train_small(
            spec,
            checkpoints=kept,
            should_stop=should_stop,
            reestimate=lambda model, _: model,
            on_progress=lambda progress: told[-1].append(progress.epoch),
        )
        assert [record.epoch for record in result.epochs] == ALL_EPOCHS
        return result

    told.append([])
    stopped = trained(1, stop_at(pause))
    assert stopped.status == "stopped"
    assert_has_no_result(stopped)
    told.append([])
    resumed = trained(2, stop_at(99))
    assert told == [[1, 1, 1, 2, 2, 2, 3, 3, 3], []]
    whole = train_small(spec, reestimate=lambda model, _: model)
    assert without_times(resumed) == without_times(whole)
    assert whole.status == "finished" and whole.reestimated_accuracy == whole.test_accuracy
