"""Discrete tests against the sizes they can attain, and families of tests."""

import math
from collections.abc import Iterator

import numpy as np
from scipy.stats import binom

from actwise.analysis.conditions import separations, simple_effects
from actwise.analysis.evidence import gather
from actwise.analysis.families import holm
from actwise.analysis.incumbent import against_incumbent
from actwise.analysis.predictions import mcnemar
from actwise.analysis.robustness import paired_tests
from made_truths import Row, at_most, equals, normal, study


def paired(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Sign flips and Wilcoxon's test of paired differences."""
    for pairs in (6, 8, 10):
        found = [
            paired_tests(generator.normal(size=pairs), family_size=1, generator=generator)
            for _ in range(repetitions)
        ]
        flips = [tests.permutation_p <= 0.05 for tests in found if tests is not None]
        ranks = [tests.wilcoxon_p <= 0.05 for tests in found if tests is not None]
        label = f"type I, sign flips, {pairs} pairs"
        yield equals(label, flips, expected=math.floor(0.05 * 2**pairs / 2) * 2 / 2**pairs)
        yield equals(f"type I, Wilcoxon, {pairs} pairs", ranks, expected=_wilcoxon_size(pairs))


def mcnemars(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """McNemar's test of two models that err equally often; its size depends on what changed."""
    wrong, sizes = [], []
    for _ in range(repetitions):
        found = mcnemar(*(generator.random((2, 1000)) < 0.95))
        wrong.append(found.p <= 0.05)
        sizes.append(_sign_test_size(found.only_high + found.only_low))
    yield equals("type I, McNemar, two equal models", wrong, expected=float(np.mean(sizes)))


def families(repetitions: int, generator: np.random.Generator) -> Iterator[Row]:
    """Any false positive of a family, where nothing differs."""
    wrong = [min(holm(generator.random(8).tolist())) <= 0.05 for _ in range(repetitions)]
    yield at_most("family-wise error of Holm, 8 independent tests", wrong)
    base, _ = study(3)
    count = max(100, repetitions // 4)
    pairs, best, dunnett = [], [], []
    for _ in range(count):
        evidence = gather(base.with_response(80 + normal(generator, base.num_runs)))
        # One-sided p of either direction: their family errs in at most 5 % each way.
        pairs.append(min(r.p[-1].adjusted for r in simple_effects(evidence)) <= 0.025)
        best.append(any(row.is_separated for row in separations(evidence)))
        rows = against_incumbent(evidence, "relu")
        dunnett.append(min(row.p[-1].adjusted for row in rows) <= 0.025)
    yield at_most("family-wise error, simple effects, two-sided", pairs)
    yield at_most("family-wise error, separations", best)
    yield at_most("family-wise error, against the one in use, two-sided", dunnett)


def _wilcoxon_size(pairs: int) -> float:
    """Attainable two-sided size at .05, from the exact distribution of the signed-rank sum."""
    counts = np.ones(1)
    for rank in range(1, pairs + 1):
        counts = np.convolve(counts, np.r_[1.0, np.zeros(rank - 1), 1.0])
    tails = np.cumsum(counts) / 2**pairs
    return float(2 * max([t for t in tails if 2 * t <= 0.05], default=0.0))


def _sign_test_size(changed: int) -> float:
    lower = binom.cdf(np.arange(changed + 1), changed, 0.5)
    return float(2 * max([p for p in lower if 2 * p <= 0.05], default=0.0))
