"""What a process answers that times steps: of which networks, in which turns, on what batch."""

from collections.abc import Iterator
from typing import Any

import pytest

from actwise.sweep.worker import Costed, CostQuestion, ProcessState, Refused, Round, costing

ROUNDS = 3


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(costing, "MOST_ROUNDS", ROUNDS)
    state = ProcessState.capture()
    yield
    state.restore()


def asked(**changes: Any) -> CostQuestion:
    values: dict[str, Any] = {
        "model": "mlp",
        "activations": ("relu", "elu"),
        "incumbent": None,
        "regularization": None,
        "width": 1 / 16,
        "input_shape": (1, 8, 8),
        "batch_size": 4,
        "num_classes": 10,
        "device": "cpu",
        "threads": 1,
    }
    return CostQuestion(**values | changes)


def cost(**changes: Any) -> Costed:
    found = costing.cost_of_steps(asked(**changes), on_round=lambda _: None)
    assert isinstance(found, Costed)
    return found


def test_every_round_has_a_step_of_each_and_is_told() -> None:
    heard: list[Round] = []
    found = costing.cost_of_steps(asked(), on_round=heard.append)
    assert isinstance(found, Costed)
    assert heard == [Round(done=number, most=ROUNDS) for number in (1, 2, 3)]
    for times in found.steps:
        assert len(times.forward_seconds) == len(times.backward_seconds) == ROUNDS
        assert min(times.forward_seconds) > 0
        # Of float32: nothing else is counted.
        assert times.memory_bytes > 4 * 4 * 64
    assert (found.regularization, found.device, found.notes) == ("bn", "cpu", ())
    assert (found.input_shape, found.batch_size) == ((1, 8, 8), 4)


def test_turns_go_forwards_and_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    take_turns = costing._take_turns

    def watched(steppers: list[Any], *others: Any) -> None:
        class Watched:
            def __init__(self, number: int) -> None:
                self.number = number

            def step(self, *batch: Any) -> None:
                turns.append(self.number)

        take_turns([Watched(number) for number in range(len(steppers))], *others)  # type: ignore[misc]

    monkeypatch.setattr(costing, "_take_turns", watched)
    cost(activations=("relu", "elu", "tanh"))
    assert turns == [0, 1, 2, 2, 1, 0, 0, 1, 2]


@pytest.mark.parametrize(
    ("changes", "activations"),
    [
        ({}, ["relu", "elu"]),
        ({"incumbent": "tanh"}, ["tanh", "relu", "elu"]),
        ({"incumbent": "elu"}, ["elu", "relu"]),
        ({"activations": ("elu", "relu", "elu")}, ["elu", "relu"]),
    ],
)
def test_the_incumbent_comes_first(changes: dict[str, Any], activations: list[str]) -> None:
    assert [times.activation for times in cost(**changes).steps] == activations


@pytest.mark.parametrize(("side", "usual"), [(8, 128), (64, 128), (65, 124), (128, 32)])
def test_of_large_images_a_usual_batch_has_fewer(side: int, usual: int) -> None:
    found = cost(batch_size=None, input_shape=(1, side, side), activations=("relu",))
    assert found.batch_size == usual


def test_a_regularization_that_was_asked_for_is_had() -> None:
    assert cost(regularization="none").regularization == "none"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"width": 0.0}, "width=0: expected a finite number above 0"),
        ({"width": float("inf")}, "width=inf: expected a finite number above 0"),
        (
            {"activations": ("elu", "elu(1)")},
            "activation elu(1) is elu; leave one of them out",
        ),
        (
            {"activations": ("elu",), "incumbent": "elu(1)"},
            "activation elu is elu(1); leave one of them out",
        ),
    ],
)
def test_what_cannot_be_timed_is_refused_with_the_reason(
    changes: dict[str, Any], reason: str
) -> None:
    found = costing.cost_of_steps(asked(**changes), on_round=lambda _: None)
    assert found == Refused(reason=reason, exit_code=2)
