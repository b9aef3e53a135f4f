"""Is the default model fit for these runs? Pairing by seed, and outliers.

These are reported and never choose the model: blocking and pooling are fixed in the spec. Equal
variances have a file of their own, ``equal_variances``.
"""

import math
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from .distributions import f_quantile, t_quantile
from .inference import CellModel
from .table import Cell, Floats, Observations

OUTLIER_DEVIATIONS = 3.5
OUTLIER_MIN_DF = 20


@dataclass(frozen=True)
class SeedCorrelation:
    """Correlation of runs with the same seed across the compared levels.

    Attributes:
        value: Intraclass correlation ICC(3, 1), from mean squares pooled over conditions.
        lower, upper: 95 % interval.
        break_even: Pairing by seed gains precision only above this value, for two cells alone.
        pooled_break_even: The same where the cells of the largest data set share the variance, as
            they do here.
        num_cells: Of that data set.
        num_seeds: Seeds of each condition (the mean where they differ).
    """

    value: float
    lower: float
    upper: float
    break_even: float
    pooled_break_even: float
    num_cells: int
    num_seeds: float


@dataclass(frozen=True)
class OutlierRun:
    """A run whose residual is far out; flagged, never removed."""

    cell: Cell
    seed: str | None
    residual: float
    deviations: float


def break_even_correlation(num_seeds: int, *, num_cells: int = 2, level: float = 0.95) -> float:
    """Within-seed correlation above which pairing makes a difference's interval shorter.

    Pairing multiplies the variance by 1 - rho and costs num_seeds - 1 degrees of freedom:
    1 - (t(num_cells (n - 1)) / t((num_cells - 1)(n - 1)))^2; NaN below two seeds.
    """
    if num_seeds < 2:
        return math.nan
    unpaired = t_quantile((1 + level) / 2, num_cells * (num_seeds - 1))
    paired = t_quantile((1 + level) / 2, (num_cells - 1) * (num_seeds - 1))
    return 1 - (unpaired / paired) ** 2


def seed_correlation(observed: Observations) -> SeedCorrelation | None:
    """Within-seed correlation across the levels of the compared factor, with its interval.

    In each condition with k levels at the same n seeds: F = MS(seeds) / MS(seeds x level), and
    the correlation is (F - 1) / (F + k - 1), its limits those of F divided by F quantiles (Shrout
    & Fleiss 1979, ICC(3,1)). Sums of squares are pooled over conditions with the commonest k.
    None where no two seeds were run at two levels of one condition, or nothing varies.
    """
    tables = _seed_tables(observed)
    if not tables:
        return None
    widths = [table_KN.shape[0] for table_KN in tables]
    width = max(set(widths), key=widths.count)
    tables = [table_KN for table_KN in tables if table_KN.shape[0] == width]
    seeds_ss = rest_ss = 0.0
    seeds_df = 0
    for table_KN in tables:
        centred_KN = table_KN - table_KN.mean(axis=1, keepdims=True)
        seed_means_N = centred_KN.mean(axis=0)
        seeds_ss += width * float(seed_means_N @ seed_means_N)
        rest_ss += float(np.sum((centred_KN - seed_means_N) ** 2))
        seeds_df += table_KN.shape[1] - 1
    rest_df = seeds_df * (width - 1)
    if rest_ss == 0.0:
        return None
    f = (seeds_ss / seeds_df) / (rest_ss / rest_df)
    low = f / f_quantile(0.975, seeds_df, rest_df)
    high = f / f_quantile(0.025, seeds_df, rest_df)
    num_seeds = seeds_df / len(tables) + 1
    value, lower, upper = ((ratio - 1) / (ratio + width - 1) for ratio in (f, low, high))
    counted = round(num_seeds)
    num_cells = _largest_dataset(observed.completed())
    alone = break_even_correlation(counted)
    pooled = break_even_correlation(counted, num_cells=num_cells)
    return SeedCorrelation(value, lower, upper, alone, pooled, num_cells, num_seeds)


def outlier_runs(observed: Observations, model: CellModel) -> tuple[OutlierRun, ...]:
    """Runs with |residual| above 3.5 robust standard deviations of their data set.

    The robust SD is 1.4826 * median |residual| * sqrt(R / df), which allows for the fitted means;
    judged only from 20 residual degrees of freedom on.
    """
    done = observed.completed()
    found = []
    for part in model.parts:
        if part.fit.df < OUTLIER_MIN_DF:
            continue
        runs = np.flatnonzero(np.isin(done.run_cells, part.members_G))
        residuals_R = part.fit.residuals_R
        spread = 1.4826 * float(np.median(np.abs(residuals_R)))
        spread *= math.sqrt(len(residuals_R) / part.fit.df)
        for run, residual in zip(runs, residuals_R, strict=True):
            if spread > 0 and abs(residual) > OUTLIER_DEVIATIONS * spread:
                seed = None if done.seeds_R is None else str(done.seeds_R[run])
                cell = done.cells[done.run_cells[run]]
                found.append(OutlierRun(cell, seed, float(residual), float(residual / spread)))
    return tuple(found)


def _largest_dataset(done: Observations) -> int:
    """Cells of the data set that has the most."""
    return max(Counter(done.dataset_of(cell) for cell in done.cells).values())


def _seed_tables(observed: Observations) -> list[Floats]:
    """Levels x seeds of each condition, for the seeds that all its levels have."""
    done = observed.completed()
    if done.seeds_R is None:
        return []
    focus = done.position(done.focus)
    by_condition: dict[Cell, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for run, value in enumerate(done.response_R.tolist()):
        cell = done.cells[done.run_cells[run]]
        condition = cell[:focus] + cell[focus + 1 :]
        by_condition[condition][cell[focus]][str(done.seeds_R[run])] = value
    tables = []
    for levels in by_condition.values():
        shared = sorted(set.intersection(*(set(values) for values in levels.values())))
        if len(levels) > 1 and len(shared) > 1:
            tables.append(np.array([[v[seed] for seed in shared] for v in levels.values()]))
    return tables
