"""Least squares with one mean a cell and, where seeds are blocks, one additive effect a seed.

    y_csi = mu_c + b_s + e_csi,   sum_s b_s = 0,   e independent with one variance

The cells are eliminated, so only a seeds x seeds system is solved, whatever the number of cells
(Searle 1971, ch. 7; John & Williams 1995, ch. 1). Shapes: R runs, C cells, S seeds.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .table import Floats, Integers

ROUNDING = 1e-12
"""What is smaller than this, relative to the responses, is rounding error and counts as 0."""


@dataclass(frozen=True)
class AdditiveFit:
    """Adjusted cell means and what their covariance needs.

    Attributes:
        means_C: Adjusted cell means.
        counts_C: Runs in each cell.
        share_CS: Fraction of a cell's runs that each seed has; no columns without blocks.
        normal_SS: The seeds' normal equations after the cells are eliminated.
        inverse_SS: Their pseudo-inverse.
        residuals_R: Residual of each run.
        seed_effects_S: Estimated seed effects, summing to 0.
        df: Residual degrees of freedom, R - C - rank.
    """

    means_C: Floats
    counts_C: Floats
    share_CS: Floats
    normal_SS: Floats
    inverse_SS: Floats
    residuals_R: Floats
    seed_effects_S: Floats
    df: int

    @property
    def variance(self) -> float:
        """Residual variance; NaN without degrees of freedom."""
        return float(self.residuals_R @ self.residuals_R) / self.df if self.df > 0 else float("nan")

    @property
    def num_seeds(self) -> int:
        """Number of blocks; 0 without blocks."""
        return len(self.normal_SS)

    def quadratic_form(self, weights_C: Floats) -> float:
        """Variance of the contrast of adjusted means, as a multiple of the residual variance."""
        plain = float(np.sum(weights_C**2 / self.counts_C))
        tilt_S = self._tilt(weights_C)
        return plain + float(tilt_S @ self.inverse_SS @ tilt_S)

    @cached_property
    def is_connected(self) -> bool:
        """Whether chains of shared seeds join all cells, so that every contrast is estimable."""
        return round(float(np.trace(self.inverse_SS @ self.normal_SS))) == self.num_seeds - 1

    @property
    def is_crossed(self) -> bool:
        """Whether every cell has every seed equally often (always true without blocks)."""
        return bool(np.ptp(self.share_CS) < 1e-12) if self.num_seeds else True

    def covariance(self) -> Floats:
        """Covariance of the adjusted cell means for unit residual variance, shape (C, C)."""
        tilt_CS = self.share_CS - 1.0 / max(self.num_seeds, 1)
        return np.diag(1.0 / self.counts_C) + tilt_CS @ self.inverse_SS @ tilt_CS.T

    def is_estimable(self, weights_C: Floats) -> bool:
        """Whether the seeds connect the cells of the contrast (always true without blocks)."""
        if self.num_seeds == 0 or self.is_connected:
            return True
        tilt_S = self._tilt(weights_C)
        # The inverse's column space is what the runs tell about the seeds.
        missed_S = tilt_S - self.inverse_SS @ (self.normal_SS @ tilt_S)
        return bool(np.linalg.norm(missed_S) <= 1e-8 * max(1.0, float(np.linalg.norm(weights_C))))

    def seed_variance(self) -> float:
        """Variance component of the seeds, by the method of moments; may be negative.

        E[b' L b] = trace(L) sigma_seed^2 + rank(L) sigma^2 for random seeds, L the reduced
        normal equations (Henderson's method 3, 1953).
        """
        if self.num_seeds < 2:
            return 0.0
        rank = round(float(np.trace(self.inverse_SS @ self.normal_SS)))
        explained = float(self.seed_effects_S @ self.normal_SS @ self.seed_effects_S)
        return (explained - rank * self.variance) / float(np.trace(self.normal_SS))

    def _tilt(self, weights_C: Floats) -> Floats:
        if self.num_seeds == 0:
            return np.zeros(0)
        return weights_C @ self.share_CS - float(weights_C.sum()) / self.num_seeds


def fit_additive(cell_R: Integers, seed_R: Integers | None, response_R: Floats) -> AdditiveFit:
    """Fit cell means, and additive seed effects where ``seed_R`` is given.

    Args:
        cell_R: Position of each run's cell; every position up to the largest occurs.
        seed_R: The same for seeds, or None for no blocks.
        response_R: Finite values.
    """
    num_cells = int(cell_R.max()) + 1
    counts_C = np.bincount(cell_R, minlength=num_cells).astype(np.float64)
    raw_C = np.bincount(cell_R, weights=response_R, minlength=num_cells) / counts_C
    centred_R = response_R - raw_C[cell_R]
    if seed_R is None:
        none_CS, none_SS, df = np.zeros((num_cells, 0)), np.zeros((0, 0)), len(cell_R) - num_cells
        exact_R = _without_rounding(centred_R, response_R)
        return AdditiveFit(raw_C, counts_C, none_CS, none_SS, none_SS, exact_R, np.zeros(0), df)
    num_seeds = int(seed_R.max()) + 1
    incidence_CS = np.zeros((num_cells, num_seeds))
    np.add.at(incidence_CS, (cell_R, seed_R), 1.0)
    share_CS = incidence_CS / counts_C[:, None]
    normal_SS: Floats = np.diag(incidence_CS.sum(axis=0)) - incidence_CS.T @ share_CS
    inverse_SS = np.asarray(
        np.linalg.pinv(normal_SS, rcond=1e-10, hermitian=True), dtype=np.float64
    )
    effects_S = inverse_SS @ np.bincount(seed_R, weights=centred_R, minlength=num_seeds)
    rank = int(np.linalg.matrix_rank(normal_SS, tol=1e-10 * num_cells, hermitian=True))
    means_C = raw_C - share_CS @ effects_S
    left_R = response_R - means_C[cell_R] - effects_S[seed_R]
    residuals_R = _without_rounding(left_R, response_R)
    df = len(cell_R) - num_cells - rank
    return AdditiveFit(
        means_C, counts_C, share_CS, normal_SS, inverse_SS, residuals_R, effects_S, df
    )


def _without_rounding(residuals_R: Floats, response_R: Floats) -> Floats:
    """Residuals that are rounding error of the responses are 0: runs that agree have no variance.

    Else an F of 10^30 would be computed from them.
    """
    smallest = ROUNDING * float(np.abs(response_R).max())
    return np.where(np.abs(residuals_R) <= smallest, 0.0, residuals_R)
