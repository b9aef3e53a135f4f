"""What a model keeps of its own comes back after an audit, whatever it is."""

import copy
import random
from collections import deque, namedtuple
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import actwise as aw

Pair = namedtuple("Pair", ["first", "second"])
X = torch.ones(2, 4)


class Keeps(nn.Module):
    """Writes into everything that it holds, at every call."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("running", torch.zeros(4))
        self.register_buffer("table", torch.zeros(4))
        self.numbers, self.names = [1], {"one": [1]}
        self.seen, self.last = {1}, deque([1], maxlen=3)
        self.pair, self.nested = Pair([1], {"k": [1]}), ([1], ([2],))
        self.array, self.tensor = np.zeros(2), torch.zeros(2)
        self.draws: tuple[Any, ...] = (
            random.Random(1),
            np.random.default_rng(1),
            np.random.RandomState(1),
            torch.Generator().manual_seed(1),
        )

    def forward(self, x: Tensor) -> Tensor:
        self.running += 1
        self.table = self.table + 1
        self.numbers.append(2)
        self.names["one"].append(2)
        self.names["two"] = [2]
        self.seen.add(2)
        self.last.append(2)
        self.pair.first.append(2)
        self.pair.second["k"].append(2)
        self.nested[1][0].append(2)
        self.array += 1
        self.tensor += 1
        python, numpy, legacy, torchs = self.draws
        python.random(), numpy.random(), legacy.rand(), torch.rand(1, generator=torchs)
        self.new = x
        return torch.relu(self.fc(x))


def told(model: Keeps) -> list[Any]:
    held = [model.numbers, model.names, model.seen, model.last, model.pair, model.nested]
    values = [x.tolist() for x in (model.array, model.tensor, model.running, model.table)]
    draws = copy.deepcopy(model.draws[:3])
    drawn = [draws[0].random(), draws[1].random(), draws[2].rand()]
    return copy.deepcopy([held, values, drawn, model.draws[3].get_state().tolist()])


def test_whatever_a_model_writes_into_is_as_it_was_and_the_same_object() -> None:
    model = Keeps()
    objects, before = dict(vars(model)), told(model)
    buffers = [id(buffer) for buffer in model.buffers()]
    aw.audit(model, X)
    assert told(model) == before
    assert vars(model).keys() == objects.keys()
    assert all(vars(model)[name] is value for name, value in objects.items())
    assert [id(buffer) for buffer in model.buffers()] == buffers
    assert [name for name, _ in model.named_buffers()] == ["running", "table"]


class Linked(nn.Module):
    """Holds its parts by several names, and tells whether they are one while it runs."""

    def __init__(self, found: list[bool]) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.parts, self.weights = [self.fc], {"fc": self.fc.weight}
        self.one = [1]
        self.other = (self.one, {"one": self.one})
        self.itself: list[Any] = []
        self.itself.append(self.itself)
        self.note = lambda: found.extend(
            [
                self.parts[0] is self.fc,
                self.weights["fc"] is self.fc.weight,
                self.other[0] is self.one,
                self.other[1]["one"] is self.one,
                self.itself[0] is self.itself,
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        self.note()
        return torch.relu(self.parts[0](x))


def test_names_of_one_object_are_names_of_one_while_the_model_runs() -> None:
    found: list[bool] = []
    aw.audit(Linked(found), X)
    assert found == [True] * 10


def test_every_module_has_the_mode_and_the_attributes_that_it_had() -> None:
    model = nn.Sequential(nn.Linear(4, 4), Keeps(), nn.Dropout(0.5), nn.ReLU())
    model.eval()
    model[2].train()
    modes = [module.training for module in model.modules()]
    inner = model[1]
    assert isinstance(inner, Keeps)
    before = told(inner)
    aw.swap(model, "elu", example=X).undo()
    assert [module.training for module in model.modules()] == modes
    assert told(inner) == before and not hasattr(inner, "new")


def test_what_is_written_comes_back_where_the_model_raises() -> None:
    class Raises(Keeps):
        def forward(self, x: Tensor) -> Tensor:
            super().forward(x)
            raise ValueError("no more")

    model = Raises().train()
    before = told(model)
    with pytest.raises(aw.errors.SpecError, match="Raises in eval mode raised ValueError: no more"):
        aw.audit(model, X)
    assert told(model) == before and model.training
