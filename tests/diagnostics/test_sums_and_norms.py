"""Additions that scale one of their ways, norms that are functions, and the rows of probes."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import actwise as aw
from actwise.diagnostics import measure, probe_rows
from made.planted import Planted, drawn, filled

IMAGES = drawn(20, 4)


class Added(nn.Module):
    """Its input, and a branch of it, of which one is taken three times."""

    def __init__(self, *, is_input_scaled: bool) -> None:
        super().__init__()
        self.fc, self.is_input_scaled = nn.Linear(4, 4), is_input_scaled

    def forward(self, x: Tensor) -> Tensor:
        branch = torch.relu(self.fc(x))
        if self.is_input_scaled:
            return torch.add(branch, x, alpha=3)
        return torch.add(x, branch, alpha=3)


@pytest.mark.parametrize("is_input_scaled", [True, False])
def test_the_second_of_two_ways_may_be_scaled_by_their_addition(is_input_scaled: bool) -> None:
    network = filled(Added(is_input_scaled=is_input_scaled))
    (part,) = measure(network, IMAGES).sums
    branch = torch.relu(network.fc(IMAGES)).detach()
    ways = (3 * IMAGES, branch) if is_input_scaled else (IMAGES, 3 * branch)
    shortcut, longer, both = (x.square().mean().item() for x in (*ways, ways[0] + ways[1]))
    assert part.shortcut_energy == pytest.approx(shortcut)
    assert part.branch_energy == pytest.approx(longer)
    assert part.sum_energy == pytest.approx(both)
    assert part.branch_share == pytest.approx(longer / (shortcut + longer))


class NoWays(nn.Module):
    """Additions of numbers, of another shape, of parameters, and of two ways of one length."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Linear(4, 4), nn.Linear(4, 4)
        self.bias = nn.Parameter(torch.ones(20, 4))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.one(x)) + 1.0
        y = y + x[:1] + self.bias[: len(x)]
        return y + torch.relu(self.other(x)) - torch.relu(self.one(x))


def test_what_is_no_shortcut_and_branch_of_it_is_no_sum_of_two_ways() -> None:
    assert measure(NoWays().double(), IMAGES).sums == ()


class Functional(nn.Module):
    """Batch norms that are functions of buffers, with and without what they may leave out."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.late = nn.Module()
        for name, owner in (("", self), ("late", self.late)):
            owner.register_buffer("running_mean", torch.full((4,), 0.5))
            owner.register_buffer("running_var" if name else "spread", torch.full((4,), 1e-5))

    def forward(self, x: Tensor) -> Tensor:
        x = F.batch_norm(x * 1e-3, self.running_mean, self.spread)
        x = F.batch_norm(x, self.late.running_mean, self.late.running_var, eps=0.5)
        x = F.batch_norm(
            x, self.late.running_mean, self.late.running_var, None, None, False, 0.1, 0.5
        )
        return torch.relu(self.fc(F.batch_norm(x, None, None, training=True)))


def test_a_norm_that_is_a_function_is_named_by_its_running_variance() -> None:
    report = measure(Functional().double(), IMAGES)
    assert [(norm.name, norm.channels) for norm in report.norms] == [("spread", 4), ("late", 4)]
    first, late = report.norms
    seen = (IMAGES * 1e-3).var(0, correction=0)
    expected = ((seen + 1e-5) / 2e-5).log().mean().exp().item()
    assert first.variance_ratio == pytest.approx(expected)
    difference = (IMAGES * 1e-3).mean(0) - 0.5
    assert first.mean_difference == pytest.approx((difference.square() / 2e-5).mean().sqrt().item())
    assert (first.values, late.values) == (20, 40)
    x = (IMAGES * 1e-3 - 0.5) / 2e-5**0.5
    both = torch.cat([x, (x - 0.5) / 0.50001**0.5])
    ratio = (both.var(0, correction=0) + 0.5) / 0.50001
    assert late.variance_ratio == pytest.approx(ratio.log().mean().exp().item(), rel=1e-6)


@pytest.mark.parametrize(
    ("mean", "variance", "is_fitted"), [(0.0, 1.0, False), (0.1, 1.0, True), (0.0, 1.1, True)]
)
def test_a_norm_is_fitted_once_one_channel_has_other_statistics_than_in_the_beginning(
    mean: float, variance: float, is_fitted: bool
) -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU()).double()
    network[1].running_mean[2], network[1].running_var[3] = mean, variance
    assert [norm.is_fitted for norm in measure(network, IMAGES).norms] == [is_fitted]


def test_statistics_are_estimated_for_every_norm_and_each_keeps_its_momentum() -> None:
    layers = (nn.BatchNorm1d(4, momentum=0.3), nn.ReLU(), nn.BatchNorm1d(4, momentum=None))
    other: Any = aw.reestimate(nn.Sequential(*layers).double(), IMAGES)
    assert [other[0].momentum, other[2].momentum] == [0.3, None]
    assert not any(module.training for module in other.modules())
    assert not any(module._forward_pre_hooks for module in other.modules())
    later = torch.relu(F.batch_norm(IMAGES, None, None, training=True))
    torch.testing.assert_close(other[2].running_mean, later.mean(0))
    torch.testing.assert_close(other[2].running_var, later.var(0))


def test_probes_keep_a_row_for_each_site_norm_and_sum_with_what_was_measured() -> None:
    network = filled(Planted())
    with torch.no_grad():
        network.act.weight.copy_(torch.linspace(-0.5, 0.9, 8))
    report = measure(network, drawn(6, 3, 5, 5))
    rows = [*probe_rows(report, epoch=7)]
    assert {(row.epoch, row.images) for row in rows} == {(7, 6)}
    assert [(row.place, row.name) for row in rows] == [
        *(("site", site.name) for site in report.sites),
        *(("norm", norm.name) for norm in report.norms),
        *(("sum", part.name) for part in report.sums),
    ]
    by_place = {(row.place, row.name): row for row in rows}
    for site in report.sites:
        row = by_place["site", site.name]
        assert (row.function, row.role, row.depth) == (site.activation, site.role, site.depth)
        assert (row.units, row.gradient_norm) == (site.units, site.gradient_norm)
    assert [by_place["norm", norm.name].units for norm in report.norms] == [8]
    slopes = by_place["site", "act"]
    found = slopes.learned_mean, slopes.learned_least, slopes.learned_greatest
    assert found == pytest.approx((0.2, -0.5, 0.9))
    others = [row for row in rows if row is not slopes]
    assert all(row.learned_mean is row.learned_least is None for row in others)
    for part in report.sums:
        row = by_place["sum", part.name]
        energies = (row.shortcut_energy, row.branch_energy, row.sum_energy)
        assert energies == (part.shortcut_energy, part.branch_energy, part.sum_energy)
