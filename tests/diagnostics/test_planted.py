"""Planted units give exactly the planted counts; healthy sparse layers have no dead unit."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from actwise.diagnostics import SiteSignal, measure

N, C = 1000, 8


class OneSite(nn.Module):
    """A function of what it is given, behind a weight, so that it is no part of the input."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, dtype=torch.float64))
        self.function = function

    def forward(self, z: Tensor) -> Tensor:
        return self.function(z * self.weight)


def site_of(function: Callable[[Tensor], Tensor], z: Tensor) -> SiteSignal:
    (site,) = measure(OneSite(function), z).sites
    return site


def noise(*, planted: int = 0, num_images: int = N, size: int = 3) -> Tensor:
    """Standard normal images, whose first units are strictly positive."""
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(num_images, C, size, size, generator=generator, dtype=torch.float64)
    z[:, :planted] = z[:, :planted].abs() + 0.01
    return z


def counts(site: SiteSignal) -> tuple[int | None, ...]:
    return site.dead, site.nearly_dead, site.constant, site.blocked


def signs_times_hundred(z: Tensor) -> Tensor:
    z = z.clone()
    z[:, :3] = torch.where(z[:, :3] > 0, 100.0, -100.0)
    return z


PLANTED: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[], Tensor], tuple[int, ...]]] = {
    # function, input, (dead, nearly dead, constant, blocked)
    "relu, 2 below zero": (F.relu, lambda: noise(planted=2) * -_first(2), (2, 2, 2, 2)),
    "relu at zero": (F.relu, lambda: noise() * (1 - _mask(3)), (3, 3, 3, 3)),
    "relu6 stuck at 6": (F.relu6, lambda: noise() + 50 * _mask(3), (3, 3, 3, 3)),
    "elu far below": (F.elu, lambda: noise() - 20 * _mask(3), (0, 3, 3, 3)),
    "gelu of zero": (F.gelu, lambda: noise() * (1 - _mask(3)), (0, 0, 3, 0)),
    "tanh saturated": (torch.tanh, lambda: noise() + 30 * _mask(3), (3, 3, 3, 3)),
    "tanh of two values": (torch.tanh, lambda: signs_times_hundred(noise()), (3, 3, 3, 3)),
    "threshold that is flat below": (
        lambda z: F.threshold(z, -1.0, -1.0),
        lambda: noise() - 50 * _mask(3),
        (3, 3, 3, 3),
    ),
    "leaky relu far below": (F.leaky_relu, lambda: noise() - 50 * _mask(3), (0, 0, 0, 0)),
}


def _mask(number: int) -> Tensor:
    return (torch.arange(C) < number).double().view(1, C, 1, 1)


def _first(number: int) -> Tensor:
    """1 of the first units, -1 of the others."""
    return 2 * _mask(number) - 1


@pytest.mark.parametrize("case", PLANTED)
def test_planted_units_are_counted_and_no_others(case: str) -> None:
    function, make, expected = PLANTED[case]
    if case == "tanh of two values":  # it moves, between two flat ends
        expected = (0, 0, 0, 3)
    site = site_of(function, make())
    assert counts(site) == expected
    assert site.dead_units == tuple(range(expected[0]))  # they were planted in the first ones


def test_a_unit_that_fires_on_one_image_of_a_thousand_is_not_dead() -> None:
    z = noise(size=1)
    z[:, :2] = -z[:, :2].abs() - 0.01
    z[777, 0] = 1.0
    assert counts(site_of(F.relu, z)) == (1, 1, 1, 1)
    assert counts(site_of(F.relu, z[:500])) == (2, 2, 2, 2)


@pytest.mark.parametrize("zeros", [0.69, 0.93, 0.994])
def test_healthy_sparse_layers_have_no_dead_unit(zeros: float) -> None:
    z = noise() - torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(zeros)).double()
    site = site_of(F.relu, z)
    assert site.zero_fraction == pytest.approx(zeros, abs=0.005)
    assert counts(site) == (0, 0, 0, 0)


def test_shares_and_moments_are_those_of_the_values() -> None:
    z = noise()
    site = site_of(F.elu, z)
    f, slope = F.elu(z), torch.where(z > 0, 1.0, z.exp())
    assert site.mean == pytest.approx(f.mean().item(), rel=1e-12)
    assert site.mean_shift == pytest.approx((f.mean() - z.mean()).item(), rel=1e-12)
    assert site.second_moment == pytest.approx(f.square().mean().item(), rel=1e-12)
    assert site.input_second_moment == pytest.approx(z.square().mean().item(), rel=1e-12)
    assert site.slope_second_moment == pytest.approx(slope.square().mean().item(), rel=1e-12)
    assert site.low_slope_fraction == (slope < 0.1).double().mean().item()
    assert site.blocked_fraction == (slope < 1e-3).double().mean().item() == 0
    assert site.zero_fraction == 0 and site.values == z.numel() and site.images == N


def test_saturation_is_nearness_to_a_limit_where_the_function_is_flat() -> None:
    z = noise()
    elu = site_of(F.elu, z - 3)
    assert elu.saturated_fraction == (F.elu(z - 3) < -0.99).double().mean().item() > 0
    tanh = site_of(torch.tanh, 3 * z)
    at_limit = (torch.tanh(3 * z).abs() >= 0.98) & ((1 - torch.tanh(3 * z) ** 2) < 0.1)
    assert tanh.saturated_fraction == at_limit.double().mean().item() and tanh.is_bounded
    # GELU's slope is small around -0.75 too, where it is at no limit.
    gelu = site_of(F.gelu, torch.full((4, C), -0.75, dtype=torch.float64))
    assert (gelu.saturated_fraction, gelu.low_slope_fraction) == (0.0, 1.0)
    assert site_of(torch.nn.LeakyReLU(0.1), z).saturated_fraction is None


def test_effective_rank_counts_the_directions() -> None:
    generator = torch.Generator().manual_seed(1)
    z = torch.randn(4000, C, generator=generator, dtype=torch.float64)
    assert site_of(F.leaky_relu, z).effective_rank == pytest.approx(C, rel=0.02)
    same = z[:, :1].expand(-1, C).contiguous()
    assert site_of(F.relu, same).effective_rank == pytest.approx(1)
    two = torch.cat([z[:, :1]] * 4 + [z[:, 1:2]] * 4, 1)
    assert site_of(F.leaky_relu, two).effective_rank == pytest.approx(2, rel=0.01)
    assert site_of(F.relu, -z.abs()).effective_rank is None


def test_effective_rank_is_of_the_whole_image() -> None:
    z = noise(num_images=20, size=64)
    z[..., 1:] *= torch.linspace(1, 2, C).view(1, C, 1, 1)
    z[:, 1:, :, 0] = z[:, :1, :, 0]
    z.diagonal(dim1=2, dim2=3)[:, 1:] = z.diagonal(dim1=2, dim2=3)[:, :1]
    rank = site_of(F.leaky_relu, z).effective_rank
    assert rank is not None and rank > 0.8 * C


def test_effective_rank_is_that_of_one_batch_far_from_zero() -> None:
    z = noise(num_images=60, size=1) + 1e5
    one, many = (
        measure(OneSite(F.relu), z, batch_size=size).sites[0].effective_rank for size in (60, 7)
    )
    assert one is not None and one > 0.5 * C
    assert many == pytest.approx(one, rel=1e-9)


def test_values_that_are_not_finite_are_counted_and_found() -> None:
    z = noise(size=1)
    z[3, 1] = torch.inf
    report = measure(OneSite(F.relu), z)
    assert report.sites[0].nonfinite == 1
    assert [f.code for f in report.findings[:2]] == ["nonfinite-output", "nonfinite"]


def test_what_a_model_returns_and_its_loss_and_gradients_are_finite_or_found() -> None:
    network = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 4))
    with torch.no_grad():
        network[2].weight[1, 2] = torch.nan  # type: ignore[index]
    report = measure(network, torch.randn(40, 6), torch.zeros(40, dtype=torch.long))
    assert [(f.code, f.name, f.count) for f in report.findings[:3]] == [
        ("nonfinite-output", "", 40),
        ("nonfinite-loss", "", None),
        ("nonfinite-gradient", "1", None),
    ]
    assert report.accuracy == 0.0 and report.outputs == 160


def test_effective_rank_is_that_of_one_batch_where_images_come_second() -> None:
    z = noise(num_images=200, size=1).flatten(1)[:, None] * torch.linspace(1, 2, 5)[:, None]
    network = OneSite(lambda z: torch.tanh(z.transpose(0, 1)))
    one, many = (measure(network, z, batch_size=size).sites[0] for size in (200, 20))
    assert one.effective_rank == pytest.approx(many.effective_rank, rel=1e-9)
