"""Ranking as a set: which levels may be the best, and how often each would be.

The set holds every level that is not shown to be worse than another one (Hsu 1984, multiple
comparisons with the best): level i stays if its mean exceeds the best of the others minus d
standard errors, d the one-sided Dunnett critical value. P(best) draws the means from their t
distribution around the estimates: a picture of the uncertainty, not a test.
"""

import math
from dataclasses import dataclass

import numpy as np

from .contrasts import Condition, combine, conditions, mean_over
from .dunnett import dunnett_quantile
from .estimate import Estimate
from .evidence import Evidence
from .inference import Weights
from .observations import Cell

_DRAWS = 20_000


@dataclass(frozen=True)
class RankRow:
    """One level's marginal mean over the conditions that all levels share.

    Attributes:
        level: The level.
        mean: Mean over the conditions, in points.
        behind_best: Best other level minus this one (or the reverse where lower is better), with
            its standard error.
        may_be_best: Whether it belongs to the set of possible best levels (95 %).
        probability_best: Share of draws in which it is best; NaN without a standard error.
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
    behind = {}
    for level in order:
        rival = next(other for other in order if other != level)
        weights = combine((sign, means[rival]), (-sign, means[level]))
        behind[level] = model.contrast(weights, name=f"{rival} - {level}")
    critical = _critical_value(behind[order[1]], len(order))
    chances = _probability_best(evidence, means, order, sign, generator)
    rows = []
    for level, chance in zip(order, chances, strict=True):
        gap = behind[level]
        stays = not gap.is_testable or gap.value <= critical * gap.standard_error
        rows.append(RankRow(level, sign * values[level], gap, stays, chance))
    return tuple(rows)


def marginal_means(evidence: Evidence) -> dict[str, Weights]:
    """For each level the mean of its cells over the conditions that all levels share."""
    observed, model = evidence.observed, evidence.model
    place = model.factors.index(observed.focus)
    by_level: dict[str, dict[Condition, Cell]] = {}
    for cell in model.cells:
        (condition,) = conditions(model.factors, [cell], focus=observed.focus)
        by_level.setdefault(cell[place], {})[condition] = cell
    if not by_level:
        return {}
    shared = set.intersection(*(set(cells) for cells in by_level.values()))
    if not shared:
        return {}
    return {
        level: mean_over([cell for condition, cell in cells.items() if condition in shared])
        for level, cells in by_level.items()
    }


def _critical_value(gap: Estimate, num_levels: int) -> float:
    if not gap.is_testable:
        return math.inf
    equal = [1.0] * (num_levels - 1)  # every level has the same conditions
    return dunnett_quantile(0.95, variances=equal, control_variance=1.0, df=gap.df)


def _probability_best(
    evidence: Evidence,
    means: dict[str, Weights],
    order: list[str],
    sign: float,
    generator: np.random.Generator,
) -> list[float]:
    """Share of draws from a multivariate t around the differences to the first level."""

    def gap(level: str, other: str) -> Estimate:
        return evidence.model.contrast(combine((sign, means[level]), (-sign, means[other])))

    first, *rest = order
    gaps = [gap(level, first) for level in rest]
    if not all(entry.is_testable for entry in gaps):
        return [math.nan] * len(order)
    variances = np.array([entry.standard_error**2 for entry in gaps])
    between = np.array([[gap(a, b).standard_error ** 2 for b in rest] for a in rest])
    # Cov(x, y) = (Var x + Var y - Var(x - y)) / 2.
    covariance = (variances[:, None] + variances - between) / 2
    sizes, axes = np.linalg.eigh(covariance)
    noise = generator.standard_normal((_DRAWS, len(rest))) * np.sqrt(np.maximum(sizes, 0.0))
    df = min(entry.df for entry in gaps)
    spread = 1.0 if math.isinf(df) else np.sqrt(df / generator.chisquare(df, (_DRAWS, 1)))
    draws = np.array([entry.value for entry in gaps]) + spread * (noise @ axes.T)
    draws = np.hstack([np.zeros((_DRAWS, 1)), draws])
    winners = np.bincount(draws.argmax(axis=1), minlength=len(order))
    return [float(count) / _DRAWS for count in winners]
