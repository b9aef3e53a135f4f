"""The model behind every contrast, claim and verdict: cell means with a stated variance.

Cells are all settings but the seed. Seeds are additive blocks where they cross all cells of a
data set; the residual variance is pooled per data set. A contrast's variance is a sum of parts
(one a data set, and the known part of single runs), so its t interval has Satterthwaite degrees
of freedom. Shapes: R runs, C cells of the model, G cells of one part.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..errors import SpecError
from .blocks import ROUNDING, AdditiveFit, fit_additive
from .estimate import ALPHA, Estimate, satterthwaite
from .table import Cell, Floats, Integers, Observations

Weights = Mapping[Cell, float]
"""A contrast: the weight of each cell mean."""


class NotEstimableError(SpecError):
    """A contrast asks for what the runs cannot tell; ``missing`` names the cells."""

    def __init__(self, name: str, missing: Sequence[Cell], reason: str = "no runs in") -> None:
        self.missing = tuple(missing)
        listed = "; ".join(", ".join(cell) for cell in self.missing)
        super().__init__(f"{name} is not estimable: {reason} {listed}")


@dataclass(frozen=True)
class VariancePart:
    """The residual variance of some cells, and how it enters a contrast.

    Attributes:
        name: The data set, or the cell.
        members_G: Positions of the cells in the model.
        fit: Cell means and blocks of these cells.
        variance: Residual variance of one run.
        df: Degrees of freedom of ``variance``; 0 where it is not known.
        slopes_G: Factor from the variance's scale to each cell's (1 but for single runs on the
            logit scale).
    """

    name: str
    members_G: Integers
    fit: AdditiveFit
    variance: float
    df: float
    slopes_G: Floats

    def contributions(self, weights_C: Floats) -> list[tuple[float, float]]:
        """(variance, df) of the contrast's parts in these cells; empty without weight here."""
        weights_G = weights_C[self.members_G] * self.slopes_G
        if not np.any(weights_G):
            return []
        parts = [(self.fit.quadratic_form(weights_G) * self.variance, self.df)]
        total = float(weights_G.sum())
        if self.fit.num_seeds > 1 and abs(total) > 1e-12:
            # Seeds cancel in a difference, not in a mean: there they count as a random sample.
            seeds = max(0.0, self.fit.seed_variance())
            parts.append((total**2 * seeds / self.fit.num_seeds, self.fit.num_seeds - 1.0))
        return parts


@dataclass(frozen=True)
class CellModel:
    """Cell means and the variance of any contrast of them.

    Attributes:
        factors: Names of a cell's entries.
        cells: The cells with runs.
        means_C: Their means (adjusted for seeds where these are blocks and runs are missing).
        counts_C: Their numbers of runs.
        parts: Variance of the runs, one part a data set (or a cell, on request).
        known_C: Variance of each mean that is known without being estimated (binomial).
        source: Where the variance comes from, for reports.
        alpha: Level at which contrasts are judged.
    """

    factors: tuple[str, ...]
    cells: tuple[Cell, ...]
    means_C: Floats
    counts_C: Floats
    parts: tuple[VariancePart, ...]
    known_C: Floats
    source: str
    alpha: float = ALPHA

    @cached_property
    def index(self) -> dict[Cell, int]:
        """Position of each cell."""
        return {cell: position for position, cell in enumerate(self.cells)}

    @property
    def is_orthogonal(self) -> bool:
        """Whether seeds, where they are blocks, are orthogonal to the cells."""
        return all(part.fit.is_crossed for part in self.parts)

    def mean(self, cell: Cell) -> Estimate:
        """The mean of one cell."""
        return self.contrast({cell: 1.0}, name=", ".join(cell))

    def contrast(self, weights: Weights, *, name: str = "contrast") -> Estimate:
        """A linear combination of cell means with its standard error.

        Var = sum over parts of variance * (l' K l) + sum of l^2 * known, K = covariance of the
        adjusted means for unit variance; Satterthwaite df over the parts.

        Raises:
            NotEstimableError: if a cell with a weight has no runs, or seeds do not connect them.
        """
        weights_C = self._vector(weights, name)
        variances = [
            pair for part in self._touched(weights_C) for pair in part.contributions(weights_C)
        ]
        known = float(weights_C**2 @ self.known_C)
        variance, df = satterthwaite([*variances, *([(known, math.inf)] if known else [])])
        value = float(weights_C @ self.means_C)
        if abs(value) <= ROUNDING * float(np.abs(weights_C) @ np.abs(self.means_C)):
            value = 0.0  # Else equal means without variance would have a winner.
        return Estimate(name, value, math.sqrt(variance), df, self.source, self.alpha)

    def missing(self, weights: Weights) -> tuple[Cell, ...]:
        """Cells with a weight but without runs."""
        return tuple(c for c, weight in weights.items() if weight and c not in self.index)

    def _touched(self, weights_C: Floats) -> list[VariancePart]:
        """Parts with a cell that has a weight: with a part a cell, few of very many."""
        places = sorted(set(self._part_of_cells[weights_C != 0.0].tolist()))
        return [self.parts[place] for place in places if place >= 0]

    @cached_property
    def _part_of_cells(self) -> Integers:
        part_of_C = np.full(len(self.cells), -1, dtype=np.int64)
        for place, part in enumerate(self.parts):
            part_of_C[part.members_G] = place
        return part_of_C

    def _vector(self, weights: Weights, name: str) -> Floats:
        if missing := self.missing(weights):
            raise NotEstimableError(name, missing)
        weights_C = np.zeros(len(self.cells))
        for cell, weight in weights.items():
            if weight:
                weights_C[self.index[cell]] += weight
        for part in self._touched(weights_C):
            weights_G = weights_C[part.members_G]
            if not part.fit.is_estimable(weights_G):
                apart = [self.cells[i] for i in part.members_G if weights_C[i]]
                raise NotEstimableError(name, apart, "no chain of shared seeds joins")
        return weights_C


def fit_cells(observed: Observations, *, pooled: bool = True) -> CellModel:
    """Fit the default model to the completed runs.

    Args:
        observed: Runs; diverged ones are left out here (see ``divergence``).
        pooled: One residual variance a data set; False gives each cell its own, without blocks,
            and Satterthwaite (Welch) degrees of freedom.
    """
    done = observed.completed()
    means_C, parts = np.zeros(len(done.cells)), []
    groups_R = done.run_datasets() if pooled else done.run_cells.astype(str)
    for group in dict.fromkeys(groups_R.tolist()):
        runs = np.flatnonzero(groups_R == group)
        members_G, local_R = np.unique(done.run_cells[runs], return_inverse=True)
        blocks_R = seed_blocks(done, runs) if pooled else None
        fit = fit_additive(local_R, blocks_R, done.response_R[runs])
        ones_G = np.ones(len(members_G))
        parts.append(VariancePart(group, members_G, fit, fit.variance, max(fit.df, 0), ones_G))
        means_C[members_G] = fit.means_C
    counts_C = np.bincount(done.run_cells, minlength=len(done.cells)).astype(np.float64)
    blocked = any(part.fit.num_seeds for part in parts)
    source = "residual variance pooled per data set" if pooled else "variance of each cell"
    return CellModel(
        done.factors,
        done.cells,
        means_C,
        counts_C,
        tuple(parts),
        np.zeros(len(done.cells)),
        source + (", seeds as blocks" if blocked else ""),
    )


def seed_blocks(observed: Observations, runs: Integers) -> Integers | None:
    """Block of each run in a group, or None where seeds are no blocks there.

    ``observed.blocked`` decides where the plan has fixed it; else seeds are blocks exactly where
    every seed of the group occurs in every one of its cells. Values are never looked at.
    """
    if observed.seeds_R is None or observed.blocked is False:
        return None
    seeds, seed_R = np.unique(observed.seeds_R[runs], return_inverse=True)
    cell_R = observed.run_cells[runs]
    num_cells, num_pairs = (len(np.unique(c)) for c in (cell_R, cell_R * len(seeds) + seed_R))
    crossed = num_pairs == num_cells * len(seeds)
    if len(seeds) < 2 or num_cells < 2 or not (crossed or observed.blocked):
        return None
    return np.asarray(seed_R, dtype=np.int64)
