"""Where channels lie and what a site is for, after operations that few models use."""

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw

Forward = Callable[[nn.Module, Tensor], Tensor]


class Written(nn.Module):
    """A convolution and a linear layer, and a forward that is given."""

    def __init__(self, forward: Forward, channels: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 1)
        self.fc = nn.Linear(4, 4)
        self.written = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.written(self, x)


def normed(model: nn.Module, x: Tensor) -> Tensor:
    """A norm of whole images leaves the channels where they were."""
    return F.relu(F.layer_norm(model.conv(x), (3, 2, 4)))


def normed_by_name(model: nn.Module, x: Tensor) -> Tensor:
    return F.relu(F.layer_norm(model.conv(x), normalized_shape=(3, 2, 4)))


def normed_last(model: nn.Module, x: Tensor) -> Tensor:
    return F.relu(F.layer_norm(model.conv(x), (4,)))


def flattened(model: nn.Module, x: Tensor) -> Tensor:
    return F.relu(model.conv(x).flatten(2))


def squeezed(model: nn.Module, x: Tensor) -> Tensor:
    """Loses an axis in place, by which the place of the channels is no longer known."""
    y = model.fc(x).squeeze_(1)
    return F.relu(y + torch.ones(3, 2, 4))


@pytest.mark.parametrize(
    ("forward", "channels", "shape", "axis", "seen"),
    [
        (normed, 3, (2, 1, 2, 4), 1, (3,)),
        (normed_by_name, 3, (2, 1, 2, 4), 1, (3,)),
        (normed_last, 3, (2, 1, 2, 4), -1, (4,)),
        (flattened, 3, (2, 1, 2, 4), 1, (3,)),
        (flattened, 1, (1, 1, 2, 4), 1, (1,)),
        (squeezed, 1, (2, 1, 4), -1, (4,)),
    ],
)
def test_channels_are_where_they_were(
    forward: Forward, channels: int, shape: tuple[int, ...], axis: int, seen: tuple[int, ...]
) -> None:
    (site,) = aw.audit(Written(forward, channels), torch.zeros(shape))
    assert (site.axis, site.channels) == (axis, seen)


def test_an_activation_that_writes_into_a_sparse_tensor_is_a_site() -> None:
    def sparse(model: nn.Module, x: Tensor) -> Tensor:
        y = model.fc(x).to_sparse()
        y.relu_()
        return y.to_dense()

    model, x = Written(sparse), torch.randn(2, 4)
    (site,) = aw.audit(model, x)
    assert (site.activation, site.is_inplace, site.channels) == ("relu", True, (4,))


class OwnReLU(nn.ReLU):
    pass


class OwnReLU6(nn.ReLU6):
    pass


class OwnHardtanh(nn.Hardtanh):
    pass


class OwnGELU(nn.GELU):
    pass


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (OwnReLU(), "relu"),
        (OwnReLU6(), "relu6"),
        (nn.ReLU6(), "relu6"),
        (OwnHardtanh(-2.0, 2.0), "hardtanh"),
        (OwnGELU(), "gelu"),
        (OwnGELU("tanh"), "gelu-tanh"),
    ],
)
def test_a_users_kind_of_torchs_module_has_its_name(module: nn.Module, name: str) -> None:
    (site,) = aw.audit(nn.Sequential(nn.Linear(4, 4), module, nn.Linear(4, 4)), torch.zeros(2, 4))
    assert (site.activation, site.role, site.kind) == (name, "activation", "module")


@dataclass
class Answer:
    probability: Tensor


Pair = namedtuple("Pair", ["first", "probability"])
RETURNED: dict[str, Callable[[Tensor], object]] = {
    "tensor": lambda y: y,
    "list": lambda y: [None, [y]],
    "dict": lambda y: {"y": y},
    "named tuple": lambda y: Pair(1, y),
    "dataclass": Answer,
}


@pytest.mark.parametrize("form", RETURNED)
def test_a_bounded_function_of_what_is_returned_is_the_output(form: str) -> None:
    class Returning(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: Tensor) -> object:
            return RETURNED[form](torch.sigmoid(self.fc(F.relu(self.fc(x)))))

    sites = aw.audit(Returning(), torch.zeros(2, 4))
    assert [site.role for site in sites] == ["activation", "output"]


@pytest.mark.parametrize("act", [F.glu, nn.GLU()])
def test_a_gated_linear_unit_is_a_gate_and_stays(act: Callable[[Tensor], Tensor]) -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.act = act

        def forward(self, x: Tensor) -> Tensor:
            return self.act(self.fc(x)).sum(1)

    model, x = Gated(), torch.randn(2, 4)
    (site,) = aw.audit(model, x)
    assert (site.activation, site.role) == ("glu", "gate")
    report = aw.swap(model, "elu", example=x)
    assert [kept.activation for kept in report.kept] == ["glu"]
    assert not report.replaced and not report.missed
