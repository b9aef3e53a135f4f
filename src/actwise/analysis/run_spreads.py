"""Do some networks, activations or cells vary much more from run to run than others?

One residual variance for all then misleads: the intervals of the noisy are too short, those of the
quiet too wide. Groups are the cells of each level of a factor, and single cells. Hartley's idea
(1950), largest variance over smallest, with an F tail for each ordered pair (Bonferroni): a group
pools the degrees of freedom of its cells, so that it works at 3 seeds, where tests of single cells
see little.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from .blocks import fit_additive
from .distributions import f_upper_tail
from .evidence import is_percent
from .inference import seed_blocks
from .precision import cell_deviations
from .scales import images_per_run
from .table import Booleans, Integers, Observations

LEAST_RATIO = 3.0
"""Of two deviations: what is less does little harm to intervals."""
LEVEL = 0.05


@dataclass(frozen=True)
class UnequalSpreads:
    """The noisiest and the quietest group of a data set.

    Attributes:
        dataset: Its name.
        factor: The factor whose levels are the groups, or "cell".
        noisy, quiet: The two groups.
        noisy_sd, quiet_sd: Their run-to-run standard deviations, in the response's unit.
        p: Of so large a ratio, corrected for all pairs of groups and all groupings.
    """

    dataset: str
    factor: str
    noisy: str
    quiet: str
    noisy_sd: float
    quiet_sd: float
    p: float


@dataclass(frozen=True)
class _Spread:
    variance: float
    df: int


def unequal_spreads(observed: Observations) -> tuple[UnequalSpreads, ...]:
    """Groupings in which the deviations differ by more than a factor of 3, p at most .05."""
    done = observed.completed()
    names = done.run_datasets()
    parts = {name: done.select(names == name) for name in dict.fromkeys(names.tolist())}
    groupings = [
        (name, factor, groups, _least_variance(part))
        for name, part in parts.items()
        for factor, groups in _groupings(part)
    ]
    rows = (_compare(*grouping, num_groupings=len(groupings)) for grouping in groupings)
    return tuple(row for row in rows if row is not None and row.p <= LEVEL)


def _groupings(part: Observations) -> Iterator[tuple[str, Mapping[str, _Spread]]]:
    """Groups by each factor and by cell, independent since each has blocks of its own."""
    blocks_R = seed_blocks(part, np.arange(part.num_runs))
    for place, factor in enumerate(part.factors):
        names = part.levels[place]
        if len(names) > 1:
            mine_NR = [part.codes_RF[:, place] == code for code in range(len(names))]
            groups = [_spread(part, blocks_R, mine_R) for mine_R in mine_NR]
            yield factor, dict(zip(names, groups, strict=True))
    cells = cell_deviations(part).items()
    yield "cell", {", ".join(cell): _Spread(sd**2, count - 1) for cell, (sd, count) in cells}


def _spread(part: Observations, blocks_R: Integers | None, mine_R: Booleans) -> _Spread:
    cells, cell_R = np.unique(part.run_cells[mine_R], return_inverse=True)
    seed_R = None
    if blocks_R is not None and len(cells) > 1:
        _, seed_R = np.unique(blocks_R[mine_R], return_inverse=True)
    fit = fit_additive(cell_R, seed_R, part.response_R[mine_R])
    return _Spread(fit.variance, fit.df)


def _least_variance(part: Observations) -> float:
    """Of counting images: runs that agree by chance do not vary infinitely less than others."""
    return float((100.0 / images_per_run(part).min()) ** 2 / 12) if is_percent(part) else 0.0


def _compare(
    dataset: str,
    factor: str,
    groups: Mapping[str, _Spread],
    least: float,
    *,
    num_groupings: int,
) -> UnequalSpreads | None:
    known = {name: found for name, found in groups.items() if found.df > 0}
    if len(known) < 2:
        return None
    noisy = max(known, key=lambda name: known[name].variance)
    quiet = min(known, key=lambda name: known[name].variance)
    high, low = known[noisy], known[quiet]
    floor = max(low.variance, least)
    if high.variance <= LEAST_RATIO**2 * floor:
        return None
    ratio = high.variance / floor if floor else math.inf
    tail = f_upper_tail(ratio, high.df, low.df) if math.isfinite(ratio) else 0.0
    p = min(1.0, num_groupings * len(known) * (len(known) - 1) * tail)
    return UnequalSpreads(
        dataset, factor, noisy, quiet, math.sqrt(high.variance), math.sqrt(low.variance), p
    )
