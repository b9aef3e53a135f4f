"""Ranking as a set: which levels may be the best, and how often each would be.

The set holds every level that is not shown to be worse than another one (Hsu 1984, multiple
comparisons with the best): level i stays if it is behind no rival by more than d_i standard errors
of their difference, d_i the one-sided Dunnett critical value with i as the control and the
variances that the means have. Where each cell has its own variance, d is each rival's own t
quantile at alpha / (number of rivals). P(best) draws the means from their t
distribution around the estimates: a picture of the uncertainty, not a test.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import numpy as np

from .contrasts import Condition, cell_at, combine, conditions, mean_over
from .dunnett import arm_variances, dunnett_p
from .estimate import Estimate
from .evidence import Evidence
from .inference import CellModel, Weights
from .table import Floats

_DRAWS = 20_000


@dataclass(frozen=True)
class RankRow:
    """One level's marginal mean over the conditions that all levels share.

    Attributes:
        level: The level.
        mean: Mean over the conditions, in points.
        behind_best: Best other level minus this one (or the reverse where lower is better), with
            its standard error.
        may_be_best: Whether it belongs to the set of possible best levels (at 1 - alpha).
        probability_best: Share of draws in which it is best, levels that tie with equal parts; NaN
            without a standard error.
    """

    level: str
    mean: float
    behind_best: Estimate
    may_be_best: bool
    probability_best: float


def ranking(evidence: Evidence, *, generator: np.random.Generator) -> tuple[RankRow, ...]:
    """Levels from best to worst, over the conditions in which all of them have runs.

    Without a standard error every level may be the best. Empty where no condition has them all.

    Args:
        evidence: The runs and their models; the shown model is used.
        generator: For P(best).
    """
    means = marginal_means(evidence)
    model, sign = evidence.model, 1.0 if evidence.observed.higher_is_better else -1.0
    values = {level: sign * model.contrast(weights).value for level, weights in means.items()}
    order = sorted(values, key=lambda level: -values[level])
    if len(order) < 2:
        return ()

    @cache
    def behind(level: str, rival: str) -> Estimate:
        weights = combine((sign, means[rival]), (-sign, means[level]))
        return model.contrast(weights, name=f"{rival} - {level}")

    excludes = _excludes(evidence, [means[level] for level in order])
    chances = _probability_best(behind, order, generator)
    rows = []
    for place, (level, chance) in enumerate(zip(order, chances, strict=True)):
        rivals = [behind(level, other) for other in order if other != level]
        gap = rivals[0]
        stays = not any(excludes(place, found) for found in rivals)
        rows.append(RankRow(level, sign * values[level], gap, stays, chance))
    return tuple(rows)


def marginal_means(evidence: Evidence) -> dict[str, Weights]:
    """For each level the mean of its cells over the conditions that all levels share."""
    focus, factors = evidence.observed.focus, evidence.model.factors
    shared = shared_conditions(evidence)
    if not shared:
        return {}
    place = factors.index(focus)
    levels = dict.fromkeys(cell[place] for cell in evidence.model.cells)
    return {
        level: mean_over([cell_at(factors, c, focus=focus, level=level) for c in shared])
        for level in levels
    }


def shared_conditions(evidence: Evidence) -> list[Condition]:
    """Conditions in which every level that has completed runs has some."""
    model, focus = evidence.model, evidence.observed.focus
    if not model.cells:
        return []
    place = model.factors.index(focus)
    levels = {cell[place] for cell in model.cells}
    found = (conditions(model.factors, [cell], focus=focus)[0] for cell in model.cells)
    counts = Counter(found)
    return [condition for condition, count in counts.items() if count == len(levels)]


def mean_variances(model: CellModel, means: Sequence[Weights]) -> Floats:
    """Variances of means, up to what cancels in every difference of them (the seeds)."""
    between_LL = np.zeros((len(means), len(means)))
    for first, second in combinations(range(len(means)), 2):
        error = model.contrast(combine((1.0, means[first]), (-1.0, means[second]))).standard_error
        between_LL[first, second] = between_LL[second, first] = error**2
    return arm_variances(between_LL)


def _excludes(evidence: Evidence, means: Sequence[Weights]) -> Callable[[int, Estimate], bool]:
    """Whether a rival that leads the level at a place by so much keeps it from being the best.

    One variance: Dunnett's p for the level as the control of all rivals. A variance in each cell:
    each rival's own t test, alpha shared by the rivals (Bonferroni).
    """
    alpha, variances_L = evidence.alpha, mean_variances(evidence.model, means)

    def excludes(place: int, found: Estimate) -> bool:
        # Adjusting only makes p larger; most rivals end here.
        if not (found.is_testable and found.p_above() < alpha):
            return False
        if evidence.variance == "cell":
            return found.p_above() < alpha / (len(means) - 1)
        (p,) = dunnett_p(
            [found.statistic()],
            variances=np.delete(variances_L, place).tolist(),
            control_variance=float(variances_L[place]),
            df=found.df,
            two_sided=False,
        )
        return p < alpha

    return excludes


def _probability_best(
    behind: Callable[[str, str], Estimate], order: list[str], generator: np.random.Generator
) -> list[float]:
    """Share of draws from a multivariate t around the differences to the first level."""
    first, *rest = order
    gaps = [behind(first, level) for level in rest]
    if not all(entry.is_testable for entry in gaps):
        return [math.nan] * len(order)
    variances = np.array([entry.standard_error**2 for entry in gaps])
    between = np.array([[behind(a, b).standard_error ** 2 for b in rest] for a in rest])
    # Cov(x, y) = (Var x + Var y - Var(x - y)) / 2.
    covariance = (variances[:, None] + variances - between) / 2
    sizes, axes = np.linalg.eigh(covariance)
    noise = generator.standard_normal((_DRAWS, len(rest))) * np.sqrt(np.maximum(sizes, 0.0))
    df = min(entry.df for entry in gaps)
    spread = 1.0 if math.isinf(df) else np.sqrt(df / generator.chisquare(df, (_DRAWS, 1)))
    draws = np.array([entry.value for entry in gaps]) + spread * (noise @ axes.T)
    draws = np.hstack([np.zeros((_DRAWS, 1)), draws])
    winners = draws == draws.max(axis=1, keepdims=True)
    return [float(share) for share in (winners / winners.sum(axis=1, keepdims=True)).mean(axis=0)]
