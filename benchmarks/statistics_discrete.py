"""Discrete tests against the sizes they can attain, and families of tests."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from scipy.stats import binom

from actwise.analysis.asked import ContrastRow
from actwise.analysis.conditions import PairRow, separations, simple_effects
from actwise.analysis.evidence import Evidence, gather
from actwise.analysis.families import holm
from actwise.analysis.incumbent import against_incumbent
from actwise.analysis.predictions import mcnemar
from actwise.analysis.robustness import paired_tests
from made_truths import Row, at_most, equals, normal, study

FAMILIES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "12 pairs": {},
    "3 pairs": {"model": ("vgg16",), "regularization": ("bn",)},
    "2 independent pairs": {"regularization": ("bn",), "activation": ("relu", "elu")},
}
"""Levels that leave so many pairs of activations."""


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
    """Any false positive of a family, where nothing differs: at most 5 % in each direction."""
    wrong = [min(holm(generator.random(8).tolist())) <= 0.05 for _ in range(repetitions)]
    yield at_most("family-wise error of Holm, 8 independent tests", wrong)
    count = max(100, repetitions // 4)
    for where, levels in FAMILIES.items():
        studies = _without_differences(levels, count, generator)
        yield from _directions(f"simple effects, {where}", map(simple_effects, studies))
    studies = list(_without_differences({}, count, generator))
    dunnett = (against_incumbent(evidence, "relu") for evidence in studies)
    yield from _directions("levels against the one in use", dunnett)
    best = (any(row.is_separated for row in separations(evidence)) for evidence in studies)
    yield at_most("family-wise error, separations", best)


def _without_differences(
    levels: Mapping[str, tuple[str, ...]], count: int, generator: np.random.Generator
) -> Iterator[Evidence]:
    """Studies whose run SD is far above the margin: no error hides behind "equivalent"."""
    base, _ = study(3, levels)
    for _ in range(count):
        yield gather(base.with_response(60 + 4 * normal(generator, base.num_runs)))


def _directions(
    where: str, families: Iterable[Sequence[PairRow] | Sequence[ContrastRow]]
) -> Iterator[Row]:
    found = [{row.verdict for row in family} for family in families]
    for verdict in ("better", "worse"):
        yield at_most(f'any "{verdict}" of {where}', (verdict in each for each in found))
    either = ({"better", "worse"} & each for each in found)
    yield at_most(f'any "better" or "worse" of {where}', map(bool, either), level=0.10)


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
