"""Do all cells of a data set vary alike? Brown-Forsythe's statistic against its own distribution.

The F table is no good for it at few seeds: a median run deviates by exactly 0, and at 3 runs a
cell the test at 5 % would reject in 0.1 %. Where the noise is normal with one variance, the
statistic depends on neither that variance nor the means nor the seeds' effects, so drawing noise
for the same cells and seeds gives its exact distribution. Reported; it never chooses the model.
Shapes: R runs sorted by cell, C cells, S seeds, B draws.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .blocks import AdditiveFit, fit_additive
from .inference import seed_blocks
from .table import Floats, Integers, Observations

MIN_RUNS = 3
"""Of a cell: two runs deviate alike from their median, whatever their spread."""

_MOST_DRAWS, _LEAST_DRAWS = 9_999, 999
_MOST_NUMBERS = 6_000_000
"""Noise drawn for one study, unless the least number of draws needs more."""
_NUMBERS_AT_ONCE = 1_000_000
_SEED = 20_260_102


@dataclass(frozen=True)
class EqualVariances:
    """Brown-Forsythe's F of the absolute deviations from the cells' medians.

    Attributes:
        dataset: Whose cells are compared.
        f, df1, df2: The statistic; its degrees of freedom name it, p does not use them.
        p: Share of the draws whose F is at least as large, the observed one included.
        draws: Number of draws from the statistic's distribution under one normal variance.
    """

    dataset: str
    f: float
    df1: int
    df2: int
    p: float
    draws: int


def brown_forsythe(observed: Observations) -> tuple[EqualVariances, ...]:
    """Test of equal variances over the cells of each data set (Brown & Forsythe 1974).

    Cells with fewer than three runs are left out. A data set with one cell has no test; nor have
    two cells with seeds as blocks, whose residuals mirror each other (and whose difference needs
    no equal variances).
    """
    done = observed.completed()
    counts_C = np.bincount(done.run_cells, minlength=len(done.cells))
    done = done.select(counts_C[done.run_cells] >= MIN_RUNS)
    draws = max(_LEAST_DRAWS, min(_MOST_DRAWS, _MOST_NUMBERS // max(1, done.num_runs)))
    names = done.run_datasets()
    tests = []
    for name in dict.fromkeys(names.tolist()):
        layout, response_R = _arranged(done.select(names == name))
        if layout.num_cells > (1 if layout.seeds is None else 2):
            tests.append(_test(name, layout, response_R, draws))
    return tuple(tests)


@dataclass(frozen=True)
class _Layout:
    """Which runs belong together: cells with ``counts`` runs each, and the seed of every run."""

    counts: tuple[int, ...]
    seeds: tuple[int, ...] | None

    @property
    def num_cells(self) -> int:
        return len(self.counts)

    @property
    def num_runs(self) -> int:
        return sum(self.counts)

    @property
    def starts(self) -> Integers:
        """First run of each cell."""
        return np.cumsum((0, *self.counts[:-1]), dtype=np.int64)

    def fit(self, response_R: Floats) -> AdditiveFit:
        cell_R = np.repeat(np.arange(self.num_cells), self.counts)
        seed_R = None if self.seeds is None else np.array(self.seeds, dtype=np.int64)
        return fit_additive(cell_R, seed_R, response_R)


def _arranged(part: Observations) -> tuple[_Layout, Floats]:
    """The runs of one data set sorted by cell: their layout, and their responses."""
    order_R = np.argsort(part.run_cells, kind="stable")
    counts = tuple(np.bincount(part.run_cells).tolist())
    blocks_R = seed_blocks(part, np.arange(part.num_runs))
    seeds = None if blocks_R is None else tuple(blocks_R[order_R].tolist())
    return _Layout(counts, seeds), part.response_R[order_R]


def _test(name: str, layout: _Layout, response_R: Floats, draws: int) -> EqualVariances:
    df1, df2 = layout.num_cells - 1, layout.num_runs - layout.num_cells
    f = float(_statistics(layout.fit(response_R).residuals_R[None, :], layout)[0])
    if math.isnan(f):
        return EqualVariances(name, f, df1, df2, f, 0)
    as_large = int(np.sum(_null_statistics(layout, draws) >= f))
    return EqualVariances(name, f, df1, df2, (as_large + 1) / (draws + 1), draws)


@lru_cache(maxsize=8)
def _null_statistics(layout: _Layout, draws: int) -> Floats:
    """The statistic of normal noise; data sets with the same cells and seeds share it."""
    generator = np.random.default_rng(_SEED)
    at_once = max(1, _NUMBERS_AT_ONCE // layout.num_runs)
    found = []
    for done in range(0, draws, at_once):
        noise_BR = generator.standard_normal((min(at_once, draws - done), layout.num_runs))
        found.append(_statistics(_without_seeds(noise_BR, layout), layout))
    return np.concatenate(found)


def _without_seeds(values_BR: Floats, layout: _Layout) -> Floats:
    """Residuals up to a shift of each cell, which no deviation from its median sees."""
    if layout.seeds is None:
        return values_BR
    fit, seed_R = layout.fit(values_BR[0]), np.array(layout.seeds)
    incidence_CS = fit.share_CS * fit.counts_C[:, None]
    cell_means_BC = np.add.reduceat(values_BR, layout.starts, axis=1) / fit.counts_C
    by_seed_R = np.argsort(seed_R, kind="stable")
    starts_S = np.flatnonzero(np.diff(seed_R[by_seed_R], prepend=-1))
    seed_sums_BS = np.add.reduceat(values_BR[:, by_seed_R], starts_S, axis=1)
    effects_BS = (seed_sums_BS - cell_means_BC @ incidence_CS) @ fit.inverse_SS
    return np.asarray(values_BR - effects_BS[:, seed_R])


def _statistics(residuals_BR: Floats, layout: _Layout) -> Floats:
    """One-way F of |residual - median of its cell|; NaN where these do not vary within cells."""
    means, within_B = [], np.zeros(len(residuals_BR))
    for group_BN in np.split(residuals_BR, layout.starts[1:], axis=1):
        deviations_BN = np.abs(group_BN - np.median(group_BN, axis=1, keepdims=True))
        means.append(deviations_BN.mean(axis=1))
        within_B += np.sum((deviations_BN - means[-1][:, None]) ** 2, axis=1)
    means_BC, counts_C = np.stack(means, axis=1), np.array(layout.counts)
    grand_B1 = (means_BC @ counts_C / layout.num_runs)[:, None]
    between_B = (means_BC - grand_B1) ** 2 @ counts_C
    df1, df2 = layout.num_cells - 1, layout.num_runs - layout.num_cells
    within_B[within_B == 0.0] = math.nan
    return np.asarray((between_B / df1) / (within_B / df2))
