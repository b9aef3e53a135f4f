"""``train.compile``: the same training to rounding, which goes on to the same bits after a stop."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from actwise.engine import Checkpoints
from actwise.spec import RunSpec
from actwise.sweep.tries import missing_compiler
from small_runs import make_spec, train_small, without_times

EVERYTHING = "bn+dropout(0.1)+dropconnect(0.1)+flip+crop(1)+cutout(2)+mixup(0.5)+smooth"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.compiler,
    pytest.mark.skipif(missing_compiler("cpu") is not None, reason=f"{missing_compiler('cpu')}"),
    # What torch's compiler imports is deprecated in places.
    pytest.mark.filterwarnings("ignore::DeprecationWarning:torch.*"),
    # torch 2.13's compiler itself instantiates an autograd function, and torch warns of it.
    pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning"),
]


@pytest.fixture(scope="module", autouse=True)
def nothing_stays() -> Iterator[None]:
    yield
    torch.compiler.reset()


def spec_of(*, is_compiled: bool) -> RunSpec:
    return make_spec(
        regularization=EVERYTHING,
        activation="prelu",
        learning_rate=0.01,
        epochs=2,
        compile=is_compiled,
    )


def test_a_compiled_run_that_is_stopped_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    spec = spec_of(is_compiled=True)
    undisturbed = without_times(train_small(spec))
    asked: list[None] = []

    def stops_in_the_second_epoch() -> bool:
        asked.append(None)
        return len(asked) > 4

    first, second = (Checkpoints(tmp_path, "run", token, {"device": "cpu"}) for token in (1, 2))
    stopped = train_small(spec, checkpoints=first, should_stop=stops_in_the_second_epoch)
    assert (stopped.status, len(stopped.epochs)) == ("stopped", 1)
    torch.compiler.reset()
    torch.manual_seed(3)
    assert without_times(train_small(spec, checkpoints=second)) == undisturbed


def test_a_compiled_run_has_the_losses_of_the_plain_one() -> None:
    plain, compiled = (
        train_small(spec_of(is_compiled=is_compiled)) for is_compiled in (False, True)
    )
    for one, other in zip(plain.epochs, compiled.epochs, strict=True):
        assert other.train_loss == pytest.approx(one.train_loss, rel=1e-4)
    assert compiled.test_loss == pytest.approx(plain.test_loss, rel=1e-3)
