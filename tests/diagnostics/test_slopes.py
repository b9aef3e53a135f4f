"""f' at a site agrees with finite differences, for every activation of the table and users'."""

import math
import sys
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.activations import ACTIVATIONS
from actwise.diagnostics import measure

USERS = """
import torch
from torch import nn

def bent(x):
    return torch.where(x > 0, x, 0.3 * x) + 0.1 * torch.sin(x)

class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.slope = nn.Parameter(torch.linspace(0.5, 1.5, channels))

    def forward(self, x):
        return x * torch.sigmoid(self.slope.view(-1, *(1,) * (x.dim() - 2)) * x)
"""
C, STEP = 3, 1e-6


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("users")
    (folder / "signal_users.py").write_text(USERS)
    sys.path.insert(0, str(folder))
    yield "signal_users"
    sys.path.remove(str(folder))
    sys.modules.pop("signal_users", None)


class Behind(nn.Module):
    """An activation behind a weight."""

    def __init__(self, activation: nn.Module) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(x * self.weight)


def points() -> Tensor:
    """Values between -4 and 4 that lie at no kink of the table, (N, C)."""
    return (torch.linspace(-4, 4, 402, dtype=torch.float64) + 0.003).view(-1, C)


def assert_agrees(activation: nn.Module) -> None:
    network = Behind(activation).double().eval()
    z = points()
    with torch.no_grad():
        slope = (network(z + STEP) - network(z - STEP)) / (2 * STEP)
    (site,) = measure(network, z).sites
    expected = slope.square().mean().item()
    assert site.slope_second_moment == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert site.low_slope_fraction == pytest.approx((slope.abs() < 0.1).double().mean().item())


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "identity"])
def test_every_activation_of_the_table_as_a_module(name: str) -> None:
    assert_agrees(aw.activation(name, channels=C))


@pytest.mark.parametrize("name", ["bent", "Gate"])
def test_users_activations(name: str, users: str) -> None:
    assert_agrees(aw.activation(f"{users}:{name}", channels=C))


class Calls(nn.Module):
    """The same functions, called in every way that an audit sees."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([0.1, 0.2, 0.3]))
        self.scale = nn.Parameter(torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        z = x * self.scale
        return torch.cat(
            [
                F.relu(input=z),
                z.clone().relu_(),
                F.elu(z, alpha=0.5),
                F.prelu(z, self.slope.abs()),
                nn.GELU()(z),
                z.clamp(min=0),
            ],
            1,
        )


def test_functional_sites() -> None:
    z = points()
    kinked = torch.where(z > 0, 1.0, 0.0)
    prelu = torch.where(z > 0, 1.0, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64))
    density = torch.exp(-0.5 * z.square()) / math.sqrt(2 * math.pi)
    gelu = 0.5 * (1 + torch.erf(z / math.sqrt(2))) + z * density
    elu = torch.where(z > 0, 1.0, 0.5 * z.exp())
    report = measure(Calls().double(), z)
    found = [site.slope_second_moment for site in report.sites]
    expected = [s.square().mean().item() for s in (kinked, kinked, elu, prelu, gelu, kinked)]
    assert found == pytest.approx(expected, rel=1e-6)
    assert all(site.second_moment > 0 for site in report.sites)
