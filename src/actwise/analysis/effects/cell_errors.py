"""The error of one run in each cell of a design, and what it alone adds to a sum of squares.

Shapes: C cells, K columns of a term's basis, M models of the error (two for single runs).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..model import ConditionFit, Model, satterthwaite
from ..table import Floats, Integers
from .design import is_paired


@dataclass(frozen=True)
class CellErrors:
    """Variances for terms with the compared factor.

    Attributes:
        variances_MC: Of one run: the stratum's within error, its total error where seeds pair
            nothing; for single runs what is known of them, NaN where nothing is.
        groups_C: Cells with one number share one estimated variance.
        df_C: Its degrees of freedom; 0 for single runs.
        is_testable: Whether every variance is estimated, and none is 0.
    """

    variances_MC: Floats
    groups_C: Integers
    df_C: Floats
    is_testable: bool

    def expected(self, basis_CK: Floats) -> tuple[float, ...]:
        """What noise adds to a term on average: tr(P V), P its projection on the cells' runs."""
        return tuple((self.variances_MC @ np.sum(basis_CK**2, axis=1)).tolist())

    def degrees(self, basis_CK: Floats) -> tuple[float, float]:
        """Degrees of freedom of SS / tr(P V): tr(P V)^2 / tr(P V P V), and Satterthwaite's."""
        weights_C = self.variances_MC[-1] * np.sum(basis_CK**2, axis=1)
        sums = np.bincount(self.groups_C, weights=weights_C)
        df = np.bincount(self.groups_C, weights=self.df_C) / np.bincount(self.groups_C)
        parts = [(v, d) for v, d in zip(sums.tolist(), df.tolist(), strict=True) if v > 0]
        total, df2 = satterthwaite(parts)
        if len(parts) == 1:
            return float(basis_CK.shape[1]), df2
        spread_KK = (basis_CK.T * self.variances_MC[-1]) @ basis_CK
        return total**2 / float(np.sum(spread_KK**2)), df2


def cell_errors(model: Model, conditions: Sequence[ConditionFit]) -> CellErrors:
    """The errors of some conditions' cells, condition by condition."""
    groups: dict[tuple[int, bool], int] = {}
    rows: list[tuple[float, float, int, float]] = []
    is_testable = True
    for entry in conditions:
        stratum, paired = model.strata[entry.stratum], is_paired(entry)
        group = groups.setdefault((entry.stratum, paired), len(groups))
        error = stratum.within if paired else stratum.total
        is_testable &= error.value > 0
        if stratum.has_replicates:
            rows += [(error.value, error.value, group, error.df)] * len(entry.levels)
            continue
        for level, count in zip(entry.levels, entry.fit.counts_L.tolist(), strict=True):
            known = model.known.get(model.cell_at(entry.condition, level))
            binomial, run = (known.binomial, known.run) if known else (math.nan, math.nan)
            rows.append((count * binomial, count * (binomial + run), group, 0.0))
    first_C, second_C, groups_C, df_C = (np.array(column) for column in zip(*rows, strict=True))
    variances_MC = np.stack([first_C, second_C]) if (df_C == 0).any() else first_C[None, :]
    return CellErrors(variances_MC, groups_C.astype(np.int64), df_C, is_testable)
