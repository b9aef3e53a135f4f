"""Which weights are rescaled where several activations use them, and what a checkpoint lacks."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import SpecError

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))


class Both(nn.Module):
    """One layer whose product goes through two activations."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.fc, self.first, self.second = nn.Linear(4, 4), first, second

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        return self.first(y) + self.second(y)


def factor(model: Any, level: str, **options: Any) -> float:
    """By how much a swap multiplies the weights of its layer."""
    before = model.fc.weight.detach().clone()
    aw.swap(model, level, example=X, init="gain", **options)
    return (model.fc.weight / before).mean().item()


def test_a_layer_before_two_activations_is_rescaled_if_they_agree() -> None:
    to_tanh = aw.gain("tanh") / aw.gain("relu")
    assert factor(Both(nn.ReLU(), nn.ReLU()), "tanh") == pytest.approx(to_tanh)
    assert factor(Both(nn.ReLU(), nn.ELU()), "tanh") == 1.0
    assert factor(Both(nn.ReLU(), nn.ReLU()), "tanh", include="first") == 1.0


def test_the_same_activation_writes_to_no_weight() -> None:
    model = Both(nn.ReLU(), nn.ReLU())
    before = model.fc.weight._version
    aw.swap(model, "relu", example=X, init="gain")
    assert model.fc.weight._version == before


def test_the_old_gain_is_that_of_a_call_with_its_arguments() -> None:
    class Called(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            return F.leaky_relu(self.fc(x), 0.5, inplace=True)

    expected = aw.gain("tanh") / aw.gain("leaky_relu(0.5)")
    assert factor(Called(), "tanh") == pytest.approx(expected)


def test_weights_are_rescaled_once_and_put_back_by_undo_alone() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU())
    before = {name: value.clone() for name, value in model.state_dict().items()}
    report = aw.swap(model, "tanh", example=X, init="gain")
    with torch.no_grad():
        model[2].weight.mul_(2.0)  # type: ignore[operator]
    report.undo()
    assert torch.equal(model[0].weight, before["0.weight"])  # type: ignore[arg-type]
    assert not torch.equal(model[2].weight, before["2.weight"])  # type: ignore[arg-type]


def test_a_swap_below_a_later_one_is_not_taken_back() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    first, second = (aw.swap(model, level, example=X) for level in ("elu", "tanh"))
    with pytest.raises(SpecError) as refusal:
        first.undo()
    said = "a later swap of this model stands; take that back before this one"
    assert str(refusal.value) == said
    second.undo()
    assert isinstance(model[1], nn.Module) and aw.audit(model, X)[0].activation == "elu"
    first.undo()
    assert type(model[1]) is nn.ReLU
    second.undo()
    first.undo()
    assert type(model[1]) is nn.ReLU


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (2, "x0 is not in the model; x1 is not in the model"),
        (3, "x0 is not in the model; x1 is not in the model; x2 is not in the model"),
        (5, "x0 is not in the model; x1 is not in the model; x2 is not in the model (and 2 more)"),
    ],
)
def test_faults_of_a_state_are_told_up_to_three(number: int, said: str) -> None:
    model = nn.Linear(4, 4)
    state = {**model.state_dict(), **{f"x{k}": torch.ones(1) for k in range(number)}}
    with pytest.raises(SpecError) as refusal:
        aw.load_filling(model, state)
    assert str(refusal.value) == f"the state does not fit the model: {said}"


def test_what_is_missing_is_told_before_what_is_too_much_and_of_another_shape() -> None:
    model = nn.Linear(4, 4)
    with pytest.raises(SpecError) as refusal:
        aw.load_filling(model, {"extra": torch.ones(1), "bias": torch.ones(3)})
    assert str(refusal.value) == (
        "the state does not fit the model: weight is missing; extra is not in the model; "
        "bias has shape (3,), expected (4,)"
    )


def test_an_activation_alone_is_a_model_whose_slopes_are_not_decayed_and_may_be_missing() -> None:
    model = nn.PReLU(4, init=0.3)
    groups = aw.parameter_groups(model, weight_decay=0.1)
    assert groups == [
        {"params": [], "weight_decay": 0.1},
        {"params": [model.weight], "weight_decay": 0.0},
    ]
    assert aw.load_filling(model, {}) == ["weight"]
    assert model.weight.eq(0.3).all()
