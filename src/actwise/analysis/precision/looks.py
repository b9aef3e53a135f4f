"""Planned looks at a growing study: the level each look may use.

Testing at every look at the full level errs more often than it says. The nominal level is the one
that, used at each planned look, keeps the whole at ``alpha`` (Pocock 1977), here for t tests with
few degrees of freedom and unequal steps, where the tables for normal tests are too generous.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...errors import SpecError
from ...store import Look
from ..model import ALPHA
from ..table import Floats

_REPETITIONS = 200_000
_SEED = 20_260_101
"""A fixed stream, so that the stored level is reproducible; its error is below 0.0005."""


@dataclass(frozen=True, order=True)
class Seen:
    """What a look saw: seeds, and runs with a result (0 where that was not recorded)."""

    num_seeds: int
    num_runs: int = 0


@dataclass(frozen=True)
class Looks:
    """Looks at the results, this one included.

    Attributes:
        taken: Every look before this one.
        planned: Numbers of seeds fixed beforehand.
        nominal_level: Level of each planned look that keeps the whole at 5 %; None without plan.
        unshared_error: What tests at 5 % at each planned look would err in; None without plan.
        unplanned: What was seen at looks that were not planned, this one included.
        earlier: What was seen at the looks before this one, where it was something else.
        now: What this look sees.
    """

    taken: tuple[Look, ...]
    planned: tuple[int, ...]
    nominal_level: float | None
    unshared_error: float | None
    unplanned: tuple[Seen, ...]
    earlier: tuple[Seen, ...]
    now: Seen

    @property
    def alpha(self) -> float:
        """Level of every test at this look."""
        return ALPHA if self.nominal_level is None else self.nominal_level

    @property
    def is_planned(self) -> bool:
        """Whether this look keeps to the plan (or is the first)."""
        return self.now not in self.unplanned


def looks_at(
    now: Seen, *, taken: Sequence[Look] = (), planned: Sequence[int] = (), study: str | None = None
) -> Looks:
    """The looks at a study; the present one counts where it sees a completed run.

    Args:
        now: What the present look sees.
        taken: Every look before it.
        planned: Numbers of seeds fixed beforehand.
        study: The part of the store that is looked at; None for all.
    """
    # Numbers of runs can be compared only between looks at the same study.
    seen = [
        Seen(look.num_seeds, (look.num_runs or 0) if look.study == study else 0) for look in taken
    ]
    return Looks(
        tuple(taken),
        tuple(planned),
        nominal_level(planned) if planned else None,
        error_of_looks(planned) if planned else None,
        # Without a completed run no verdict is printed, so nothing is looked at.
        unplanned_looks(planned, [*seen, now] if now.num_seeds else seen),
        tuple(sorted(set(seen) - {now})),
        now,
    )


def planned_level(looks: Sequence[int]) -> float:
    """Level of every test at each planned look; the usual one where none is planned."""
    return nominal_level(looks) if looks else ALPHA


def nominal_level(looks: Sequence[int], *, alpha: float = ALPHA) -> float:
    """Level of each look such that two-sided tests at all of them err with probability ``alpha``.

    The quantile at ``alpha`` of the smallest two-sided p value over the looks, under no
    difference. It replaces ``alpha`` in two-sided tests, and in each direction of a verdict, where
    it is a little strict: at 3, 5 and 8 seeds 0.0197, and one direction errs in 4.7 %, not 5 %.

    Args:
        looks: Numbers of seeds at the planned looks, increasing, each at least 2.
        alpha: Level of the whole.
    """
    smallest = _smallest_p(tuple(looks))
    return alpha if len(looks) == 1 else float(np.quantile(smallest, alpha))


def error_of_looks(looks: Sequence[int], *, level: float = ALPHA) -> float:
    """Probability that some look has p <= ``level`` where there is no difference."""
    return float(np.mean(_smallest_p(tuple(looks)) <= level))


def unplanned_looks(planned: Sequence[int], taken: Sequence[Seen]) -> tuple[Seen, ...]:
    """Looks at which verdicts were printed although none was planned there.

    Without planned looks the first look is the plan, and every later one at more seeds is not. A
    look at the same seeds with more runs is one look more: only one of each is planned.

    Args:
        planned: Numbers of seeds fixed beforehand.
        taken: What each look saw, in any order.
    """
    distinct = sorted(set(taken))
    allowed = set(planned) if planned else {look.num_seeds for look in distinct[:1]}
    fewest: dict[int, int] = {}
    found = []
    for look in distinct:
        # Those whose runs were not recorded come first, and tell nothing of the next.
        first = fewest.get(look.num_seeds) or look.num_runs
        fewest[look.num_seeds] = first
        if look.num_seeds not in allowed or look.num_runs > first:
            found.append(look)
    return tuple(found)


@lru_cache(maxsize=2)
def _smallest_p(looks: tuple[int, ...]) -> Floats:
    """Smallest p value over the looks in each of many repetitions under no difference.

    Seeds are blocks. The residual of two compared cells is half the sum of squares of their
    paired differences. More cells share a variance that is known better: two are cautious.
    """
    from scipy.special import stdtr

    if not looks or min(looks) < 2 or list(looks) != sorted(set(looks)):
        raise SpecError(f"looks {list(looks)} must be increasing numbers of seeds from 2 on")
    generator = np.random.default_rng(_SEED)
    total, squares = np.zeros(_REPETITIONS), np.zeros(_REPETITIONS)
    smallest, seen = np.ones(_REPETITIONS), 0
    for count in looks:
        for _ in range(count - seen):
            step = generator.standard_normal(_REPETITIONS) * np.sqrt(2.0)
            total, squares = total + step, squares + step**2
        seen, df = count, count - 1
        residual = (squares - total**2 / count) / 2
        statistic = total / count / np.sqrt(2 * residual / df / count)
        smallest = np.minimum(smallest, 2 * stdtr(df, -np.abs(statistic)))
    return smallest
