"""Calls that a swap leaves as they are, each with its whole reason, and the model unharmed."""

import operator
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from made.flows import rectified

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.ReLU()


class Prefixed(Layer):
    """Acts on its input before it begins to run."""

    def __call__(self, x: Tensor) -> Any:
        return super().__call__(rectified(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class Final(Layer):
    def __init_subclass__(cls, **_: object) -> None:
        raise TypeError("it is final")

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x))


class Frozen(Layer):
    def __setattr__(self, name: str, value: Any) -> None:
        if name == "__class__":
            raise TypeError("its class is frozen")
        super().__setattr__(name, value)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.fc(x))


class Stepped(Layer):
    """A call whose argument needs the parentheses that a rewritten one would not have."""

    def steps(self) -> Iterator[Any]:
        y = F.relu((yield 0.0))
        yield y

    def forward(self, x: Tensor) -> Tensor:
        steps: Any = self.steps()
        next(steps)
        return steps.send(self.fc(x))


class Starred(Layer):
    def forward(self, x: Tensor) -> Tensor:
        return F.relu(*[self.fc(x)])


class Named(Layer):
    def forward(self, x: Tensor) -> Tensor:
        given = {"input": self.fc(x)}
        return F.relu(**given)


class Detoured(Layer):
    def forward(self, x: Tensor) -> Tensor:
        return operator.call(F.relu, self.fc(x))


class DetouredByObject(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.rectify = operator.methodcaller("relu")

    def forward(self, x: Tensor) -> Tensor:
        return self.rectify(self.fc(x))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (Prefixed, "it is called from rectified, which is no method of its module"),
        (Final, "Final cannot have a subclass: it is final"),
        (Frozen, "its class is frozen"),
        (Stepped, "Stepped.steps cannot be compiled when it is rewritten"),
        (Starred, "which of its arguments is the tensor cannot be read"),
        (Named, "which of its arguments is the tensor cannot be read"),
        (Detoured, "it is called through call"),
        (DetouredByObject, "it is called through operator.methodcaller('relu')"),
    ],
)
def test_a_call_that_stays_says_why(make: Callable[[], nn.Module], reason: str) -> None:
    model = make()
    expected = model(X)
    report = aw.swap(model, "elu", example=X, include=lambda site: True)
    assert [miss.reason for miss in report.missed] == [reason]
    assert not report.replaced and not report.warnings
    assert type(model) is make
    assert dict(model.named_children()).keys() == {"fc", "act"}
    assert torch.equal(model(X), expected)


class Tokens(Layer):
    """A module and a call that see the parts of two images as a batch of six."""

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.act(self.fc(x.flatten(0, 1))) - 1.0)


def test_what_draws_for_each_image_stays_out_where_a_batch_is_not_one_of_images() -> None:
    model = Tokens()
    report = aw.swap(model, "rrelu", example=torch.randn(2, 3, 4))
    reason = "rrelu draws for each image, and here a batch is not one of images"
    assert [miss.reason for miss in report.missed] == [reason, reason]
    assert not report.replaced
    assert type(model) is Tokens and type(model.act) is nn.ReLU
    assert len(aw.swap(model, "elu", example=torch.randn(2, 3, 4)).replaced) == 2


def test_a_model_that_does_not_run_is_told_with_all_that_it_was_given() -> None:
    class Picky(nn.Module):
        def forward(self, x: Tensor, note: str, more: dict[str, Tensor]) -> Tensor:
            raise ValueError("no such note")

    example = (X, "a" * 60, {"k": torch.zeros(1), "n": [3]})
    with pytest.raises(aw.errors.SpecError) as refusal:
        aw.audit(Picky(), example)
    said = str(refusal.value)
    assert said.startswith("Picky in eval mode raised ValueError: no such note")
    assert said.endswith(
        " on the example of shape (2, 4), 'aaaaaaaaaaaa...aaaaaaaaaaaaa', (shape (1,), (3))"
    )
