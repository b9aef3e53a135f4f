"""From which value on something of a signal flow is odd: at each threshold, and beside it."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import nn

from actwise.diagnostics import SignalReport, measure
from actwise.diagnostics.findings import findings
from actwise.diagnostics.signal import NormSignal, SumSignal

N = 40


@pytest.fixture(scope="module")
def healthy() -> SignalReport:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(20, 20), nn.ELU(), nn.Linear(20, 20), nn.ELU())
    report = measure(network.append(nn.Linear(20, 3)), torch.randn(N, 20), torch.arange(N) % 3)
    first, second = report.sites
    even = {"second_moment": 1.0, "gradient_norm": 1.0, "units": 20, "rank_units": 20}
    even |= {"dead": 0, "nearly_dead": 0, "constant": 0, "blocked": 0, "effective_rank": 9.0}
    return replace(report, sites=(replace(first, **even), replace(second, **even)))


def codes(report: SignalReport) -> list[str]:
    return [finding.code for finding in findings(report)]


def test_what_is_even_everywhere_is_not_odd(healthy: SignalReport) -> None:
    assert codes(healthy) == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"dead": 1}, ["dead"]),
        ({"dead": 1, "units": 21}, []),
        ({"nearly_dead": 1}, ["nearly-dead"]),
        ({"nearly_dead": 1, "units": 21}, []),
        ({"dead": 1, "nearly_dead": 1, "blocked": 1, "constant": 1}, ["dead"]),
        ({"dead": 1, "nearly_dead": 2, "blocked": 2, "constant": 2}, ["dead", "nearly-dead"]),
        ({"nearly_dead": 1, "blocked": 2, "constant": 1}, ["nearly-dead", "blocked"]),
        ({"nearly_dead": 1, "blocked": 1, "constant": 2}, ["nearly-dead", "constant"]),
        ({"blocked": 1, "units": 21}, []),
        ({"constant": 1, "units": 21}, []),
        ({"nonfinite": 1}, ["nonfinite"]),
        ({"gradient_norm": float("inf")}, ["exploding-gradient", "nonfinite-gradient"]),
        ({"gradient_norm": 0.0}, ["no-gradient"]),
        ({"is_bounded": True, "saturated_fraction": 0.5}, []),
        ({"is_bounded": True, "saturated_fraction": 0.51}, ["saturated"]),
        ({"is_bounded": False, "saturated_fraction": 0.9}, []),
        ({"effective_rank": 1.09}, ["low-rank"]),
        ({"effective_rank": 1.1}, []),
        ({"effective_rank": 1.09, "rank_units": 8}, ["low-rank"]),
        ({"effective_rank": 1.09, "rank_units": 7}, []),
        ({"images": N - 1}, ["not-reached"]),
        ({"role": "gate", "dead": 20, "effective_rank": 1.0}, []),
    ],
)
def test_a_site_is_odd_from_a_threshold_on(
    changes: dict[str, Any], found: list[str], healthy: SignalReport
) -> None:
    first, second = healthy.sites
    assert codes(replace(healthy, sites=(replace(first, **changes), second))) == found


def test_the_worst_is_told_first_of_all_sites_before_the_next(healthy: SignalReport) -> None:
    first, second = healthy.sites
    dead = {"dead": 2, "nearly_dead": 5, "blocked": 9, "constant": 14}
    bad: dict[str, Any] = {"nonfinite": 4, "effective_rank": 1.0, "gradient_norm": 0.0, **dead}
    bad |= {"is_bounded": True, "saturated_fraction": 0.75, "values": 16, "images": N - 10}
    other = replace(second, dead=1, nearly_dead=1, gradient_norm=float("inf"))
    part = SumSignal(name="add", shortcut_energy=1e6, branch_energy=0.5, sum_energy=1e6)
    report = replace(
        healthy,
        sites=(replace(first, **bad), other),
        sums=(part,),
        outputs=8,
        nonfinite_outputs=2,
        loss=float("inf"),
    )
    one, two = first.name, second.name
    assert [tuple(vars(finding).values()) for finding in findings(report)] == [
        ("nonfinite-output", "", 0.25, 2),
        ("nonfinite-loss", "", float("inf"), None),
        ("silent-branch", "add", part.branch_share, None),
        ("nonfinite", one, 0.25, 4),
        ("nonfinite-gradient", two, float("inf"), None),
        ("no-gradient", one, 0.0, None),
        ("dead", one, 0.1, 2),
        ("dead", two, 0.05, 1),
        ("nearly-dead", one, 0.15, 3),
        ("blocked", one, 0.2, 4),
        ("constant", one, 0.45, 9),
        ("saturated", one, 0.75, None),
        ("low-rank", one, 1.0, None),
        ("not-reached", one, 0.75, N - 10),
    ]


@pytest.mark.parametrize(
    ("name", "ratio", "found"),
    [
        ("second_moment", 999.0, []),
        ("second_moment", 1001.0, ["vanishing-signal"]),
        ("second_moment", 1 / 999, []),
        ("second_moment", 1 / 1001, ["exploding-signal"]),
        ("gradient_norm", 999.0, []),
        ("gradient_norm", 1001.0, ["exploding-gradient"]),
        ("gradient_norm", 1 / 999, []),
        ("gradient_norm", 1 / 1001, ["vanishing-gradient"]),
    ],
)
def test_signal_and_gradient_shrink_or_grow_from_a_factor_of_a_thousand_on(
    name: str, ratio: float, found: list[str], healthy: SignalReport
) -> None:
    first, second = healthy.sites
    changes: dict[str, Any] = {name: ratio}
    assert codes(replace(healthy, sites=(replace(first, **changes), second))) == found


@pytest.mark.parametrize(("branch", "found"), [(1.0, ["silent-branch"]), (1.1, [])])
def test_a_branch_is_silent_below_a_millionth_of_the_energy(
    branch: float, found: list[str], healthy: SignalReport
) -> None:
    part = SumSignal(name="", shortcut_energy=1e6, branch_energy=branch, sum_energy=1e6)
    assert codes(replace(healthy, sums=(part,))) == found


@pytest.mark.parametrize(
    ("values", "is_fitted", "ratios", "median_and_least"),
    [
        (16, True, (0.5, 0.4, 2.0), (0.5, 0.4)),
        (15, True, (0.5,), None),
        (16, False, (0.5,), None),
    ],
)
def test_norms_tell_a_shift_from_sixteen_values_on(
    values: int,
    is_fitted: bool,
    ratios: tuple[float, ...],
    median_and_least: tuple[float, float] | None,
    healthy: SignalReport,
) -> None:
    norms = tuple(
        NormSignal(
            name=f"norm{place}",
            channels=8,
            variance_ratio=ratio,
            mean_difference=0.0,
            values=values,
            is_fitted=is_fitted,
        )
        for place, ratio in enumerate(ratios)
    )
    assert replace(healthy, norms=norms).shift == median_and_least


@pytest.mark.parametrize(
    ("accuracy", "again", "is_confirmed"),
    [(50.0, 71.0, False), (50.0, 72.0, True), (72.0, 50.0, False), (None, 73.0, None)],
)
def test_a_shift_is_confirmed_by_two_standard_errors(
    accuracy: float | None, again: float, is_confirmed: bool | None, healthy: SignalReport
) -> None:
    found = replace(healthy, accuracy=accuracy, reestimated_accuracy=again)
    assert found.is_shift_confirmed is is_confirmed


def test_under_a_thousand_images_are_a_screen(healthy: SignalReport) -> None:
    assert [replace(healthy, images=n).is_screen for n in (999, 1000)] == [True, False]
    assert replace(healthy, images=300).rare == 0.01
