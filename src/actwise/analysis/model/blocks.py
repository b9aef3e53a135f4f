"""Least squares in one condition: a mean for each level, and a block for each seed.

    y_ls = m_l + b_s + e_ls,   e independent with one variance

The blocks are eliminated (intra-block analysis: Searle 1971, ch. 7; John & Williams 1995, ch. 1),
so that only a levels x levels system is solved, whatever the number of seeds. Without seeds each
run stands alone and blocks drop out. Shapes: L levels, S seeds (or replicates).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..table.observations import Booleans, Floats, Integers

ROUNDING = 1e-12
"""What is smaller than this, relative to the responses, is rounding error and counts as 0."""
_LEAST_SHARED = 2
"""Levels that share fewer seeds are compared unpaired: one difference tells no deviation."""


@dataclass(frozen=True)
class BlockFit:
    """The runs of one condition and what least squares makes of them.

    Attributes:
        values_LS: The response of each level at each seed, NaN without a run.
        is_paired: Whether the columns are seeds; else they are replicates in any order.
    """

    values_LS: Floats
    is_paired: bool

    @cached_property
    def counts_L(self) -> Floats:
        """Runs of each level, at least one."""
        return np.asarray(self._has_run_LS.sum(axis=1), dtype=np.float64)

    @cached_property
    def means_L(self) -> Floats:
        """Plain means."""
        return np.asarray(np.nansum(self.values_LS, axis=1) / self.counts_L)

    @cached_property
    def effects_L(self) -> Floats:
        """Estimates of the levels, of which differences inside a joined set mean something."""
        incidence_LS = self._has_run_LS.astype(np.float64)
        means_S = np.nansum(self.values_LS, axis=0) / self._sizes_S
        return np.asarray(
            self.inverse_LL @ (np.nansum(self.values_LS, axis=1) - incidence_LS @ means_S)
        )

    @cached_property
    def adjusted_L(self) -> Floats:
        """Means at the average seed; plain where no seed is missing, or seeds do not join them."""
        if not self.is_paired or self.is_complete or not self._is_joined:
            return self.means_L
        return np.asarray(self.effects_L + self._blocks_S.mean())

    @cached_property
    def inverse_LL(self) -> Floats:
        """Covariance of paired adjusted means at unit within variance, up to what cancels."""
        inverse_LL = np.linalg.pinv(self._normal_LL, rcond=1e-10, hermitian=True)
        return np.asarray(inverse_LL, dtype=np.float64)

    @cached_property
    def ss_cells(self) -> float:
        """Sum of squares of the runs around the plain mean of their level."""
        return self._squared(self.values_LS - self.means_L[:, None])

    @property
    def df_cells(self) -> int:
        """Degrees of freedom of ``ss_cells``."""
        return self._num_runs - len(self.values_LS)

    @cached_property
    def ss_within(self) -> float:
        """Sum of squares of the residuals beside levels and seeds."""
        if not self.is_paired:
            return self.ss_cells
        return self._squared(self.values_LS - self.effects_L[:, None] - self._blocks_S)

    @cached_property
    def df_within(self) -> int:
        """Degrees of freedom of ``ss_within``."""
        if not self.is_paired:
            return self.df_cells
        rank = round(float(np.trace(self.inverse_LL @ self._normal_LL)))
        return self._num_runs - int(self.values_LS.shape[1]) - rank

    @property
    def num_idle_seeds(self) -> int:
        """Seeds of a single level, which pair nothing."""
        return int((self._sizes_S == 1).sum()) if self.is_paired and len(self.values_LS) > 1 else 0

    @cached_property
    def is_complete(self) -> bool:
        """Whether every level has every seed."""
        return bool(self._has_run_LS.all())

    @cached_property
    def groups_L(self) -> Integers:
        """Levels with one number are joined by chains of levels that share two seeds or more."""
        shared_LL = self._has_run_LS.astype(np.int64) @ self._has_run_LS.T.astype(np.int64)
        joined_LL = (shared_LL >= _LEAST_SHARED) | np.eye(len(shared_LL), dtype=np.bool_)
        groups_L = np.arange(len(joined_LL))
        for place in range(len(joined_LL)):
            touched = np.unique(groups_L[joined_LL[place]])
            groups_L[np.isin(groups_L, touched)] = touched[0]
        return groups_L

    def pairs(self, weights_L: Floats) -> bool:
        """Whether seeds pair the levels of a contrast, weights that sum to zero."""
        if not self.is_paired or self._is_joined:
            return self.is_paired
        return len(np.unique(self.groups_L[weights_L != 0])) == 1

    def per_seed(self, weights_L: Floats) -> Floats:
        """The contrast's own value at each seed that has all its levels."""
        if self.is_complete:
            return np.asarray(weights_L @ self.values_LS)
        rows_LS = self.values_LS[weights_L != 0]
        complete_LS = rows_LS[:, ~np.isnan(rows_LS).any(axis=0)]
        return np.asarray(weights_L[weights_L != 0] @ complete_LS)

    @cached_property
    def _is_joined(self) -> bool:
        return bool((self.groups_L == self.groups_L[0]).all())

    @cached_property
    def _has_run_LS(self) -> Booleans:
        return ~np.isnan(self.values_LS)

    @property
    def _num_runs(self) -> int:
        return int(self._has_run_LS.sum())

    @cached_property
    def _sizes_S(self) -> Floats:
        return np.asarray(self._has_run_LS.sum(axis=0), dtype=np.float64)

    @cached_property
    def _normal_LL(self) -> Floats:
        incidence_LS = self._has_run_LS.astype(np.float64)
        return np.diag(self.counts_L) - (incidence_LS / self._sizes_S) @ incidence_LS.T

    @cached_property
    def _blocks_S(self) -> Floats:
        left_LS = self.values_LS - self.effects_L[:, None]
        return np.asarray(np.nansum(left_LS, axis=0) / self._sizes_S)

    def _squared(self, residuals_LS: Floats) -> float:
        """Runs that agree have no variance: else an F of 10^30 would come of rounding error."""
        residuals = np.abs(residuals_LS[self._has_run_LS])
        largest = float(np.nanmax(np.abs(self.values_LS)))
        return float(np.sum(residuals[residuals > ROUNDING * largest] ** 2))
