"""Where each finding begins: just below its threshold it is not found, just above it is."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import actwise as aw

LEVELS = ("relu", "prelu", "elu")


def rows_of(
    value: Callable[[str, int], float] = lambda level, seed: 80.0,
    *,
    seeds: int = 6,
    levels: tuple[str, ...] = LEVELS,
    networks: tuple[str, ...] = ("vgg16",),
) -> list[dict[str, Any]]:
    """Runs of cifar10 that scatter by 0.1 around a value."""
    generator = np.random.default_rng(4)
    return [
        {
            "dataset": "cifar10",
            "model": network,
            "regularization": "bn",
            "activation": level,
            "seed": seed,
            "test_accuracy": value(level, seed) + 0.1 * generator.normal(),
        }
        for network in networks
        for level in levels
        for seed in range(seeds)
    ]


def at(seed: int, wanted: float) -> Callable[[list[dict[str, Any]]], list[dict[str, Any]]]:
    """One run of relu has exactly this accuracy."""

    def changed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in rows:
            if (row["activation"], row["seed"]) == ("relu", seed):
                row["test_accuracy"] = wanted
        return rows

    return changed


def of_relu(mean: float) -> list[dict[str, Any]]:
    """The best level at exactly 80, relu at exactly so much."""
    means = {"relu": mean, "prelu": 79.0, "elu": 80.0}
    rows = rows_of()
    for row in rows:
        row["test_accuracy"] = means[row["activation"]] + (0.1, -0.1)[row["seed"] % 2]
    return rows


THRESHOLDS: Mapping[str, tuple[list[dict[str, Any]], list[dict[str, Any]]]] = {
    # code: (not found, found)
    "A002": (rows_of(seeds=3), rows_of(seeds=2)),
    "A011": (
        rows_of(networks=("vgg16", "resnet18")),
        rows_of(networks=("vgg16", "resnet18"))[6:],
    ),
    "A018": (of_relu(40.01), of_relu(39.99)),
    # The 99.9 % binomial band of 10 % on 10,000 images ends at 10.987.
    "A019": (at(3, 10.99)(rows_of()), at(3, 10.98)(rows_of())),
    "A020": (rows_of(seeds=5), rows_of(seeds=4)),
}


def codes(rows: list[dict[str, Any]]) -> set[str]:
    return {finding.code for finding in aw.analyze(rows).findings}


@pytest.mark.parametrize("code", THRESHOLDS)
def test_a_finding_begins_at_its_threshold(code: str) -> None:
    below, above = THRESHOLDS[code]
    assert code not in codes(below)
    assert code in codes(above)


@pytest.mark.parametrize(("seeds", "is_judged"), [(10, False), (11, True)])
def test_outliers_are_judged_from_20_degrees_of_freedom_on(seeds: int, is_judged: bool) -> None:
    assert ("A003" in codes(at(2, 85.0)(rows_of(seeds=seeds)))) is is_judged


def test_a_run_is_an_outlier_from_3_5_robust_deviations_on() -> None:
    rows = rows_of(seeds=20)
    found = {}
    for shift in np.arange(0.30, 0.80, 0.01).tolist():
        outliers = aw.analyze(at(2, 80.0 + shift)(rows)).checks.outliers
        found[shift] = [abs(row.deviations) for row in outliers if row.seed == "2"]
    first = next(shift for shift, deviations in found.items() if deviations)
    assert not any(found[shift] for shift in found if shift < first)
    assert min(found[first]) == pytest.approx(3.5, abs=0.15)
    assert all(found[shift] for shift in found if shift > first)


def test_the_terms_of_a_finding_on_scales_are_those_that_move_by_5_points() -> None:
    analysis = aw.analyze("bank:paper")
    (found,) = [row.evidence for row in analysis.findings if row.code == "A009"]
    assert analysis.effects is not None and analysis.logit is not None
    points, logit = analysis.effects.together, analysis.logit.together
    assert points is not None and logit is not None
    shares = {row.term: row.share for row in logit.effects}
    moved = {
        row.term: abs(row.share - shares[row.term]) for row in points.effects if row.term in shares
    }
    named = {term for term in moved if f"; {term}: " in f"; {found}"}
    assert named == {term for term, change in moved.items() if change > 5.0}
    assert named != set(moved)


@pytest.mark.parametrize(("step", "by_seed"), [(0.1, 1 / 7), (0.3, 0.0), (0.7, 1 / 8), (2.3, 0.0)])
def test_runs_without_noise_have_no_outliers(step: float, by_seed: float) -> None:
    rows = [
        {"activation": name, "seed": seed, "test_accuracy": 40.0 + level * step + seed * by_seed}
        for level, name in enumerate(("relu", "elu", "prelu"))
        for seed in range(12 if by_seed > 1 / 8 else 15)
    ]
    assert aw.analyze(rows).checks.outliers == ()
