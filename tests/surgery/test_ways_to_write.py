"""Sites that are written in ways that were once misread: each case is one way."""

import gc
import types
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.errors import SpecError

X = torch.randn(2, 4, generator=torch.Generator().manual_seed(0))


class Switched(nn.Module):
    """Its text says nothing of its setting."""

    def __init__(self, on: bool) -> None:
        super().__init__()
        self.on = on

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x) if self.on else x


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_a_module_that_is_switched_off_is_no_activation(order: tuple[bool, bool]) -> None:
    model = nn.Sequential(nn.Linear(4, 4), Switched(order[0]), nn.Linear(4, 4), Switched(order[1]))
    sites = aw.audit(model, X)
    assert [site.name for site in sites] == ["1" if order[0] else "3"]


class Calls(nn.Module):
    """Functions of torch that are methods' other names, and a method."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = F.tanh(self.fc(x))
        z = torch.tanh(self.fc(y))
        return self.fc(z).tanh()


def test_functions_and_methods_of_one_name_are_replaced() -> None:
    model = Calls()
    report = aw.swap(model, "elu", example=X, include=lambda site: True)
    assert (len(report.replaced), report.missed) == (3, ())
    expected = X
    for _ in range(3):
        expected = F.elu(model.fc(expected))
    torch.testing.assert_close(model(X), expected)


class MadeAnew(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.ReLU()(self.fc(nn.ReLU(inplace=True)(self.fc(x))))


def test_a_module_that_is_made_in_every_forward_is_one_site_and_replaced() -> None:
    model = MadeAnew()
    assert len(aw.audit(model, X)) == 2
    report = aw.swap(model, "prelu", example=X)
    assert (len(report.replaced), report.missed) == (2, ())
    assert len([name for name, _ in model.named_parameters()]) == 4
    report.undo()
    torch.testing.assert_close(model(X), model.fc(model.fc(X).relu()).relu())


FORM_FEED = """
import torch.nn as nn
import torch.nn.functional as F
\f
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.text = "\u2028 and \x85"

    def forward(self, x):
        return F.relu(self.fc(x))
"""


def test_a_source_file_with_form_feeds_is_rewritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fed_net.py").write_text(FORM_FEED, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module: types.ModuleType = __import__("fed_net")
    model = module.Net()
    report = aw.swap(model, "elu", example=X)
    assert (len(report.replaced), report.missed) == (1, ())
    torch.testing.assert_close(model(X), F.elu(model.fc(X)))


def gelu(x: Tensor) -> Tensor:
    return x * torch.sigmoid(1.702 * x)


def test_code_that_is_called_as_ours_is_leaves_the_fast_path() -> None:
    model = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True).eval()
    aw.swap(model, gelu, example=torch.randn(2, 5, 8))
    x = torch.randn(2, 5, 8)
    with torch.no_grad():
        without = model(x)
    torch.testing.assert_close(model(x), without)


@pytest.mark.parametrize("wrong", [{"include": 3}, {"example": None}])
def test_a_wrong_argument_is_one_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="expected"):
        aw.swap(nn.Sequential(nn.ReLU()), "elu", **({"example": X} | wrong))


def test_swaps_are_taken_back_the_last_one_first() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    first = aw.swap(model, "elu", example=X)
    second = aw.swap(model, "prelu", example=X)
    with pytest.raises(SpecError, match="take that back before this one"):
        first.undo()
    second.undo()
    first.undo()
    first.undo()
    assert isinstance(model[1], nn.ReLU)


def test_a_swapped_model_that_nobody_holds_is_freed() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    report = aw.swap(model, "elu", example=X)
    gone = weakref.ref(model)
    del model, report
    gc.collect()
    assert gone() is None


class Squared(nn.ReLU):
    """One of torch's by its class, and another function by its forward."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) ** 2


class Normed(nn.ReLU):
    """One of torch's that holds a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.norm(x))


def test_a_subclass_with_a_forward_of_its_own_is_what_it_computes() -> None:
    model = nn.Sequential(nn.Linear(4, 4), Squared(), nn.Linear(4, 4), Normed())
    assert [site.activation for site in aw.audit(model, X)] == ["Squared", "relu"]
    before = model.eval()(X)
    aw.swap(model, "relu", example=X, include=lambda site: site.activation == "relu")
    assert isinstance(model[3], Normed) and model[3].norm.weight.numel() == 4
    assert torch.equal(model(X), before)


def test_a_forward_that_was_put_into_a_module_is_a_call_of_its_own() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    model[1].forward = lambda x: 3 * F.relu(x)
    before = model(X)
    report = aw.swap(model, "relu", example=X)
    assert (len(report.replaced), len(report.missed)) == (0, 1)
    assert torch.equal(model(X), before)


@pytest.mark.parametrize(("size", "slopes"), [((3, 6, 5), 4), ((2, 3, 6, 5), 4)])
def test_channels_of_one_image_lie_where_the_convolution_puts_them(
    size: tuple[int, ...], slopes: int
) -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    aw.swap(model, "prelu", example=torch.randn(size))
    (weight,) = (p for name, p in model.named_parameters() if name.startswith("1."))
    assert weight.shape == (slopes,)
    model(torch.randn(size))


def test_a_call_inside_vmap_is_unseen() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            value: Tensor = torch.vmap(F.relu)(self.layer(x))
            return F.elu(value)

    audit = aw.audit(Net(), X)
    assert [site.activation for site in audit] == ["elu"]
    (unseen,) = audit.unseen
    assert unseen.what.startswith("relu at ") and unseen.what.endswith(", inside torch.vmap")


def test_a_limit_below_a_root_or_a_quotient_is_no_activation() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> Tensor:
            x = self.layer(x)
            variance = ((x * x).mean(1, keepdim=True) - x.mean(1, keepdim=True) ** 2).clamp(min=0)
            x = x / (variance + 1e-5).sqrt()
            x = x / (1e-3 + x.sum(1, keepdim=True).clamp(min=0))
            x = x * (1 / (1 + x.sum(1, keepdim=True).clamp(min=0)))
            return x.clamp(min=0) * 2.0

    assert [site.role for site in aw.audit(Net(), X)] == [*["gate"] * 3, "activation"]
