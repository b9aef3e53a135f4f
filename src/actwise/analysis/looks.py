"""Planned looks at a growing study: the level each look may use.

Testing at every look at the full level errs more often than it says. The nominal level is the one
that, used at each planned look, keeps the whole at ``alpha`` (Pocock 1977), here for t tests with
few degrees of freedom and unequal steps, where the tables for normal tests are too generous.
"""

from collections.abc import Sequence

import numpy as np

from ..errors import SpecError
from .observations import Floats

_REPETITIONS = 200_000
_SEED = 20_260_101
"""A fixed stream, so that the stored level is reproducible; its error is below 0.0005."""


def nominal_level(looks: Sequence[int], *, alpha: float = 0.05, num_cells: int = 2) -> float:
    """Level of each look such that all together err with probability ``alpha`` (two-sided).

    The quantile at ``alpha`` of the smallest p value over the looks, under no difference.

    Args:
        looks: Numbers of seeds at the planned looks, increasing, each at least 2.
        alpha: Level of the whole.
        num_cells: Cells that share the variance. Two (the default) is the cautious choice.
    """
    return float(np.quantile(_smallest_p(looks, num_cells), alpha))


def error_of_looks(looks: Sequence[int], *, level: float = 0.05, num_cells: int = 2) -> float:
    """Probability that some look has p <= ``level`` where there is no difference."""
    return float(np.mean(_smallest_p(looks, num_cells) <= level))


def unplanned_looks(planned: Sequence[int], taken: Sequence[int]) -> tuple[int, ...]:
    """Numbers of seeds at which verdicts were printed although no look was planned there.

    Without planned looks the first look is the plan, and every later one at more seeds is not.
    """
    distinct = sorted(set(taken))
    allowed = set(planned) if planned else set(distinct[:1])
    return tuple(count for count in distinct if count not in allowed)


def _smallest_p(looks: Sequence[int], num_cells: int) -> Floats:
    """Smallest p value over the looks in each of many repetitions under no difference.

    Seeds are blocks. The residual of two compared cells is half the sum of squares of their
    paired differences; the other cells add independent chi-squares.
    """
    from scipy.special import stdtr

    if not looks or min(looks) < 2 or list(looks) != sorted(set(looks)):
        raise SpecError(f"looks {list(looks)} must be increasing numbers of seeds from 2 on")
    generator = np.random.default_rng(_SEED)
    total, squares, others = (np.zeros(_REPETITIONS) for _ in range(3))
    smallest, seen, shared = np.ones(_REPETITIONS), 0, 1
    for count in looks:
        for _ in range(count - seen):
            step = generator.standard_normal(_REPETITIONS) * np.sqrt(2.0)
            total, squares = total + step, squares + step**2
        if num_cells > 2:
            others += generator.chisquare((num_cells - 2) * (count - shared), _REPETITIONS)
        seen, shared = count, count
        df = (num_cells - 1) * (count - 1)
        residual = (squares - total**2 / count) / 2 + others
        statistic = total / count / np.sqrt(2 * residual / df / count)
        smallest = np.minimum(smallest, 2 * stdtr(df, -np.abs(statistic)))
    return smallest
