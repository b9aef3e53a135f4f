"""Shares, ranks and ratios of sites whose values are given: each number by its formula."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actwise.diagnostics import SiteSignal, measure

Z = torch.linspace(-8.0, 8.0, 1601, dtype=torch.float64).view(-1, 1) + 0.003


class Given(nn.Module):
    """Activations one after the other, of what the model is given."""

    def __init__(self, *activations: nn.Module) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, dtype=torch.float64))
        self.activations = nn.ModuleList(activations)

    def forward(self, x: Tensor) -> Tensor:
        x = x * self.scale
        for act in self.activations:
            x = act(x) * self.scale
        return x


def site_of(activation: nn.Module, z: Tensor = Z) -> SiteSignal:
    (site,) = measure(Given(activation), z).sites
    return site


def share(chosen: Tensor) -> float:
    return chosen.double().mean().item()


def test_shares_of_slopes_are_of_those_below_a_thousandth_and_a_tenth() -> None:
    slope = 1 - Z.tanh().square()
    site = site_of(nn.Tanh())
    assert site.blocked_fraction == pytest.approx(share(slope < 1e-3))
    assert site.low_slope_fraction == pytest.approx(share(slope < 0.1))
    assert site.slope_second_moment == pytest.approx(slope.square().mean().item())
    assert 0.1 < site.blocked_fraction < site.low_slope_fraction  # type: ignore[operator]


@pytest.mark.parametrize(
    ("activation", "limits", "is_bounded"),
    [
        (nn.Tanh(), (-1.0, 1.0), True),
        (nn.Sigmoid(), (0.0, 1.0), True),
        (nn.Hardtanh(-2.0, 2.0), (-2.0, 2.0), True),
        (nn.Softplus(), (0.0,), False),
        (nn.SiLU(), (0.0,), False),
        (nn.ELU(2.0), (-2.0,), False),
    ],
)
def test_saturated_is_what_lies_near_a_limit_and_is_flat(
    activation: nn.Module, limits: tuple[float, ...], is_bounded: bool
) -> None:
    z = Z.clone().requires_grad_()
    f = activation(z)
    (slope,) = torch.autograd.grad(f.sum(), z)
    near = 0.01 * (limits[1] - limits[0] if is_bounded else 1.0)
    at = torch.stack([(f - limit).abs() <= near for limit in limits]).any(0)
    site = site_of(activation)
    assert site.is_bounded == is_bounded
    assert site.saturated_fraction == pytest.approx(share(at & (slope.abs() < 0.1)))
    assert 0.05 < site.saturated_fraction < 0.95  # type: ignore[operator]


def test_a_function_without_a_flat_end_is_saturated_nowhere() -> None:
    site = site_of(nn.LeakyReLU(0.05))
    assert site.saturated_fraction is None and not site.is_bounded
    assert site.low_slope_fraction == pytest.approx(share(Z < 0)) and site.blocked_fraction == 0.0


def test_means_moments_and_zeros_are_those_of_the_values() -> None:
    site = site_of(nn.ReLU(), Z + 1)
    z = Z + 1
    assert site.zero_fraction == pytest.approx(share(z < 0))
    assert site.mean == pytest.approx(z.relu().mean().item())
    assert site.mean_shift == pytest.approx((z.relu() - z).mean().item())
    assert site.input_second_moment == pytest.approx(z.square().mean().item())
    assert site.second_moment == pytest.approx(z.relu().square().mean().item())
    assert (site.values, site.nonfinite, site.units) == (1601, 0, 1)


def test_values_that_are_not_finite_are_counted() -> None:
    z = Z.repeat(1, 2)
    z[3, 0] = z[5, 1] = z[9, 1] = torch.inf
    site = site_of(nn.ReLU(), z)
    assert (site.nonfinite, site.values) == (3, 3202)
    assert site.effective_rank is None


SIGNS = torch.tensor([*itertools.product((-1.0, 1.0), repeat=3)], dtype=torch.float64)


@pytest.mark.parametrize(
    ("scales", "rank"), [((1, 1, 1), 3.0), ((2, 1, 1), 2.0), ((1, 0, 0), 1.0), ((0, 0, 0), None)]
)
def test_the_rank_is_that_of_the_variances_of_independent_units(
    scales: tuple[float, ...], rank: float | None
) -> None:
    z = SIGNS * torch.tensor(scales, dtype=torch.float64) + 7
    site = site_of(nn.LeakyReLU(0.5), z)
    assert site.effective_rank == (None if rank is None else pytest.approx(rank))
    assert site.rank_units == 3 and site.constant == scales.count(0)


def test_units_that_say_the_same_have_the_rank_one() -> None:
    z = SIGNS[:, :1] * torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)
    assert site_of(nn.LeakyReLU(1.0), z).effective_rank == pytest.approx(1.0)


@pytest.mark.parametrize(("units", "ranked"), [(511, 511), (512, 512), (513, 512)])
def test_the_rank_is_of_512_units_at_most(units: int, ranked: int) -> None:
    site = site_of(nn.ReLU(), torch.ones(2, units, dtype=torch.float64))
    assert (site.units, site.rank_units) == (units, ranked)


class Shift(nn.Module):
    """Subtracts so much; no activation."""

    def __init__(self, amount: float) -> None:
        super().__init__()
        self.amount = nn.Parameter(torch.tensor(amount, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return x - self.amount


def test_a_ratio_is_to_the_activation_before_that_gave_more_than_zeros() -> None:
    network = nn.Sequential(
        Given(nn.ELU(), nn.Tanh()), Shift(9.0), nn.ReLU(), Shift(-1.0), nn.ReLU(), nn.SiLU()
    )
    elu, tanh, zero, one, silu = measure(network, Z).sites
    first, second = F.elu(Z), F.elu(Z).tanh()
    assert elu.second_moment_ratio is None
    expected = (second.square().mean() / first.square().mean()).item()
    assert tanh.second_moment_ratio == pytest.approx(expected)
    assert (zero.second_moment_ratio, one.second_moment_ratio) == (0.0, None)
    assert silu.second_moment_ratio == pytest.approx((1 / (1 + math.exp(-1))) ** 2)
    assert [site.depth for site in (elu, tanh, zero, one, silu)] == [0, 1, 2, 3, 4]
    assert (zero.dead, zero.dead_units, zero.constant) == (1, (0,), 1)
    assert (one.dead, one.constant, one.blocked) == (0, 1, 0)


def test_a_gate_is_no_activation_before_another() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1, dtype=torch.float64))

        def forward(self, x: Tensor) -> Tensor:
            x = F.elu(x * self.scale)
            x = x * torch.sigmoid(3 * self.scale * x + 1)
            return F.silu(x * self.scale)

    elu, gate, silu = measure(Gated(), Z).sites
    assert (gate.role, gate.second_moment_ratio) == ("gate", None)
    assert silu.second_moment_ratio == pytest.approx(silu.second_moment / elu.second_moment)
