"""What steps cost: ratios to the incumbent, in turns, in a process of its own."""

from pathlib import Path
from typing import Any

import pytest
from torch import nn

import actwise as aw
from actwise.activations import ACTIVATIONS, resolve
from actwise.errors import SpecError, UnknownNameError
from actwise.recommend import Costs
from actwise.sweep.worker import Costed, CostQuestion, ProcessState, Refused, costing

NET = "made.own_networks:Net"


@pytest.fixture(scope="module")
def costs() -> Costs:
    return aw.cost(NET, candidates=["prelu", "rational"], shape=(1, 16, 16), batch_size=16)


def test_the_incumbent_comes_first_and_is_one(costs: Costs) -> None:
    assert [row.activation for row in costs.rows] == ["relu", "prelu", "rational"]
    first = costs.rows[0]
    assert {first.step.median, first.forward.lower_quartile, first.backward.median} == {1.0}
    assert costs.num_rounds >= 3


def test_quartiles_enclose_the_median_and_times_are_positive(costs: Costs) -> None:
    for row in costs.rows:
        for ratio in (row.step, row.forward, row.backward):
            assert 0 < ratio.lower_quartile <= ratio.median <= ratio.upper_quartile
        assert row.milliseconds > 0


def test_an_activation_that_keeps_more_takes_more_memory(costs: Costs) -> None:
    assert costs["rational"].memory_bytes > costs["relu"].memory_bytes > 16 * 16 * 16 * 8 * 4


def test_a_network_with_its_own_layers_keeps_them(costs: Costs) -> None:
    assert (costs.regularization, costs.input_shape, costs.batch_size) == ("own", (1, 16, 16), 16)
    assert costs.model == NET


def test_an_activation_that_was_not_timed_is_named_with_those_that_were(costs: Costs) -> None:
    for name in ("relu", "prelu", "rational"):
        assert costs[name].activation == name
    with pytest.raises(UnknownNameError) as refusal:
        costs["mish"]
    assert str(refusal.value) == ("no activation is named 'mish'; known are relu, prelu, rational")


@pytest.mark.slow
def test_the_whole_table_is_timed_where_nobody_is_named() -> None:
    costs = aw.cost("mlp", width=1 / 16, shape=(1, 8, 8), batch_size=2)
    known = {name for name in ACTIVATIONS if resolve(name).canonical == name}
    assert {row.activation for row in costs.rows} == known


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"candidates": ["elu", "elu(1)"]}, r"activation elu\(1\) is elu"),
        ({"batch_size": 1}, "batch_size=1 must be at least 2"),
        ({"batch_size": "8"}, "batch_size='8': expected a whole number"),
        ({"threads": 1.5}, "threads=1.5: expected a whole number"),
        ({"num_classes": "ten"}, "num_classes='ten': expected a whole number"),
        ({"width": "wide"}, "width='wide': expected a number"),
        ({"shape": "3,8,8"}, "shape='3,8,8': expected channels, height and width"),
        ({"shape": (8, 8)}, r"shape=\(8, 8\): expected channels, height and width"),
        ({"shape": (1, "8", 8)}, "shape='8': expected a whole number"),
        ({"candidates": "relu,elu"}, "candidates='relu,elu': expected a list of names"),
        ({"candidates": [3]}, r"candidates=\[3\]: expected a list of names"),
        ({"candidates": []}, "0 candidates"),
    ],
)
def test_wrong_input_is_one_sentence(changes: dict[str, object], complaint: str) -> None:
    asked = {"model": NET, "candidates": ["elu"], "shape": (1, 16, 16)} | changes
    with pytest.raises(SpecError, match=complaint):
        aw.cost(**asked)  # type: ignore[arg-type]


def test_there_are_never_weights_of_more_than_two_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[nn.Module] = []
    addresses: list[set[int]] = []
    make = costing._network

    def network(*args: Any) -> nn.Module:
        addresses.append({next(other.parameters()).data_ptr() for other in made})
        made.append(make(*args))
        return made[-1]

    monkeypatch.setattr(costing, "_network", network)
    monkeypatch.setattr(costing, "_take_turns", lambda *_: None)
    question = CostQuestion(
        model=NET,
        activations=("elu", "silu", "tanh"),
        incumbent="relu",
        regularization=None,
        width=1.0,
        input_shape=(1, 16, 16),
        batch_size=4,
        num_classes=10,
        device="cpu",
        threads=1,
    )
    assert isinstance(costing.cost_of_steps(question, on_round=lambda _: None), Costed)
    assert [len(known) for known in addresses] == [0, 1, 1, 1]


NO_GRADIENT = """
import torch


class Act(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        raise ValueError("no gradient")


def act(x):
    return Act.apply(x)
"""


def test_users_code_that_fails_in_a_step_is_named_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "no_gradient.py").write_text(NO_GRADIENT, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    question = CostQuestion(
        model="mlp",
        activations=("no_gradient:act",),
        incumbent="relu",
        regularization="none",
        width=1 / 16,
        input_shape=(1, 8, 8),
        batch_size=2,
        num_classes=10,
        device="cpu",
        threads=1,
    )
    state = ProcessState.capture()
    assert costing.cost_of_steps(question, on_round=lambda _: None) == Refused(
        reason="model mlp failed: ValueError: no gradient (no_gradient.py, line 12)",
        exit_code=SpecError.exit_code,
    )
    state.restore()
