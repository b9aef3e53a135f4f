"""Robustness columns: they stand beside the default interval and decide nothing.

BCa intervals from 20 runs (of 3, 5 and 10 pairs they cover 70, 83 and 89 %), sign-flip and
Wilcoxon tests from 6 pairs (below that no p value can be small).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from .table import Floats

MIN_RUNS_BCA = 20
MIN_PAIRS = 6
_MOST_EXACT_PAIRS = 14
_FLIPS = 20_000


@dataclass(frozen=True)
class PairedTests:
    """Two-sided p values of paired differences without the normal assumption.

    Attributes:
        num_pairs: Differences that are not 0 count for Wilcoxon; all count for sign flips.
        permutation_p: Of the mean, over all sign flips (random ones above 14 pairs).
        wilcoxon_p: Of the signed ranks, exact without ties.
        smallest_p: The smallest p value that this many pairs can reach.
        smallest_adjusted_p: The same after Bonferroni-Holm's first step in its family.
    """

    num_pairs: int
    permutation_p: float
    wilcoxon_p: float
    smallest_p: float
    smallest_adjusted_p: float


def paired_tests(
    differences_N: Floats, *, family_size: int, generator: np.random.Generator
) -> PairedTests | None:
    """Sign-flip and Wilcoxon tests of paired differences; None below 6 pairs."""
    num_pairs = len(differences_N)
    if num_pairs < MIN_PAIRS:
        return None
    smallest = smallest_reachable_p(num_pairs)
    return PairedTests(
        num_pairs,
        sign_flip_p(differences_N, generator=generator),
        _wilcoxon_p(differences_N),
        smallest,
        min(1.0, smallest * family_size),
    )


def smallest_reachable_p(num_pairs: int) -> float:
    """The least two-sided p of a sign-flip test: 2 of the 2^n sign patterns."""
    return float(2.0 ** (1 - num_pairs))


def sign_flip_p(differences_N: Floats, *, generator: np.random.Generator) -> float:
    """Two-sided sign-flip test of the mean difference (Fisher 1935).

    Exact over all 2^n patterns up to 14 pairs; else 20,000 random ones from ``generator``, the
    observed one included, which keeps the level (Phipson & Smyth 2010).
    """
    num_pairs = len(differences_N)
    exact = num_pairs <= _MOST_EXACT_PAIRS
    if exact:
        signs_KN = np.array(list(product((1.0, -1.0), repeat=num_pairs)))
    else:
        signs_KN = generator.choice((1.0, -1.0), size=(_FLIPS, num_pairs))
    sums_K = np.abs(signs_KN @ differences_N)
    observed = abs(float(differences_N.sum()))
    # Sums that are equal but for rounding count as equal.
    as_large = int(np.sum(sums_K >= observed - 1e-12 * max(1.0, observed)))
    return as_large / len(sums_K) if exact else (as_large + 1) / (len(sums_K) + 1)


def bca_interval(
    high_N: Floats,
    low_M: Floats | None = None,
    *,
    generator: np.random.Generator,
    level: float = 0.95,
    repetitions: int = 4000,
    least_runs: int = MIN_RUNS_BCA,
) -> tuple[float, float] | None:
    """Bias-corrected and accelerated bootstrap interval of a mean or a difference of means.

    Efron 1987; the acceleration is from the jackknife of all samples.

    Args:
        high_N: Runs of one arm, or paired differences.
        low_M: Runs of the other arm, not paired; None for paired differences.
        generator: For the resampling.
        level: Of the interval.
        repetitions: Bootstrap samples.
        least_runs: Below so many runs the interval covers too little and is withheld.

    Returns:
        The limits, or None below ``least_runs`` in an arm.
    """
    from scipy.special import ndtr, ndtri

    samples = [(high_N, 1.0)] + ([] if low_M is None else [(low_M, -1.0)])
    if min(len(sample) for sample, _ in samples) < least_runs:
        return None
    value = sum(sign * float(sample.mean()) for sample, sign in samples)
    draws_B = np.zeros(repetitions)
    for sample, sign in samples:
        draws_B += sign * _resampled_means(sample, repetitions, generator)
    below = (np.sum(draws_B < value) + 0.5 * np.sum(draws_B == value)) / repetitions
    if not 0 < below < 1:
        return value, value
    bias = float(ndtri(below))
    acceleration = _acceleration(samples)
    limits = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + float(ndtri(tail))
        shifted = float(ndtr(bias + z / (1 - acceleration * z)))
        limits.append(float(np.quantile(draws_B, min(max(shifted, 0.0), 1.0))))
    return limits[0], limits[1]


def _resampled_means(sample_N: Floats, repetitions: int, generator: np.random.Generator) -> Floats:
    picks_BN = generator.integers(len(sample_N), size=(repetitions, len(sample_N)))
    return np.asarray(sample_N[picks_BN].mean(axis=1))


def _acceleration(samples: Sequence[tuple[Floats, float]]) -> float:
    """Skewness of the influence of every run: sum d^3 / (6 (sum d^2)^1.5)."""
    influence = np.concatenate(
        [sign * (sample - sample.mean()) / len(sample) for sample, sign in samples]
    )
    spread = float(np.sum(influence**2))
    return float(np.sum(influence**3)) / (6 * spread**1.5) if spread > 0 else 0.0


def _wilcoxon_p(differences_N: Floats) -> float:
    from scipy.stats import wilcoxon

    changed_N = differences_N[differences_N != 0]
    if not len(changed_N):
        return math.nan
    ties = len(np.unique(np.abs(changed_N))) < len(changed_N)
    method = "approx" if ties else "exact"
    return float(wilcoxon(changed_N, method=method).pvalue)
