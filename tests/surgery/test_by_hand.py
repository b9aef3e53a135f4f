"""Activations that a forward writes with other functions are listed as unseen, with their place."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import actwise as aw
from actwise.errors import SpecError

Formula = Callable[[Tensor], Tensor]


class Net(nn.Module):
    def __init__(self, formula: Formula) -> None:
        super().__init__()
        self.formula = formula
        self.first, self.last = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.formula(self.first(x)))


def unseen(net: nn.Module) -> list[str]:
    return [part.what.split(" at ")[0] for part in aw.audit(net, torch.randn(2, 4)).unseen]


def zeroed_below(x: Tensor) -> Tensor:
    x = x.clone()
    x[x < 0] = 0
    return x


BY_HAND: dict[str, tuple[Formula, list[str]]] = {
    "where": (lambda x: torch.where(x > 0, x, 0.1 * x), ["where"]),
    "where of a method": (lambda x: torch.where(x.ge(0), x, torch.zeros_like(x)), ["where"]),
    "a mask that multiplies": (lambda x: x * (x > 0), ["mul"]),
    "a mask that fills": (lambda x: x.masked_fill(x < 0, 0.0), ["masked_fill"]),
    "a mask that is written to": (zeroed_below, ["setitem"]),
    "the larger of two": (lambda x: torch.maximum(x, torch.zeros_like(x)), ["maximum"]),
    "maxout": (lambda x: torch.max(x, x.flip(1)), ["max"]),
    "half of x and its size": (lambda x: (x + x.abs()) / 2, ["abs"]),
    "relu6 by its limits": (lambda x: torch.clamp(x, 0, 6), ["clamp"]),
    "hardtanh by named limits": (lambda x: x.clamp(min=-1, max=1), ["clamp"]),
    "gelu by erf": (lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))), ["erf"]),
    "a sine": (torch.sin, ["sin"]),
    "two formulas": (lambda x: torch.sin(x).abs(), ["sin", "abs"]),
}

NONE: dict[str, Formula] = {
    "rms norm": lambda x: x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6),
    "softmax": lambda x: torch.exp(x - x.max(1, keepdim=True).values),
    "a mask of something else": lambda x: x.masked_fill(torch.ones_like(x, dtype=bool), 0.0),
    "a position": lambda x: x + torch.sin(torch.arange(4.0)),
    "a guard against zero": lambda x: x / x.norm(dim=1, keepdim=True).clamp(min=1e-6),
    "a product of two": lambda x: x * x.flip(1),
}


@pytest.mark.parametrize(("formula", "expected"), BY_HAND.values(), ids=[*BY_HAND])
def test_a_formula_that_bends_a_hidden_value_is_listed(
    formula: Formula, expected: list[str]
) -> None:
    assert unseen(Net(formula)) == expected


@pytest.mark.parametrize("formula", NONE.values(), ids=[*NONE])
def test_norms_masks_and_guards_are_not(formula: Formula) -> None:
    assert unseen(Net(formula)) == []


def test_what_prepares_the_input_is_not() -> None:
    class Prepared(Net):
        def forward(self, x: Tensor) -> Tensor:
            return self.last(self.formula(x))

    assert unseen(Prepared(torch.sin)) == []


def test_a_module_of_ones_own_is_a_site_whatever_it_is_written_with() -> None:
    class Leaky(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.where(x > 0, x, 0.1 * x)

    audit = aw.audit(nn.Sequential(nn.Linear(4, 4), Leaky()), torch.randn(2, 4))
    assert ([site.activation for site in audit], audit.unseen) == (["Leaky"], ())


def test_the_place_is_said_once_however_often_it_runs() -> None:
    class Twice(Net):
        def forward(self, x: Tensor) -> Tensor:
            for _ in range(2):
                x = self.first(x).abs()
            return x

    (part,) = aw.audit(Twice(torch.sin), torch.randn(2, 4)).unseen
    line = Twice.forward.__code__.co_firstlineno + 2
    assert str(part) == f"the model: abs at test_by_hand.py:{line}:21, by hand"


def test_a_network_of_formulas_alone_says_why_there_is_nothing_to_measure() -> None:
    net = Net(lambda x: torch.where(x > 0, x, 0.1 * x))
    with pytest.raises(SpecError, match=r"unseen: the model: where at .*, by hand"):
        aw.diagnose(net, torch.randn(8, 4))
