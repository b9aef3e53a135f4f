"""A stratum: conditions whose runs share one residual variance, by default those of one network.

Its within error judges what sums to zero over the compared factor in every condition; its total
error judges the rest. Both are pooled over its conditions (split plot: Yates 1935; R's
``aov(y ~ reg * act + Error(cond:seed))``).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..table.conditions import Levels
from .blocks import BlockFit
from .estimate import satterthwaite


@dataclass(frozen=True)
class Variance:
    """A variance with its degrees of freedom; NaN and 0 where there is none."""

    value: float
    df: float

    @property
    def sd(self) -> float:
        """Its root, in the unit of the response."""
        return math.sqrt(self.value)


@dataclass(frozen=True)
class Stratum:
    """Sums of squares of the runs that share a residual variance.

    Attributes:
        name: (factor, level) of what tells it from other strata; empty for a single one.
        num_idle_seeds: In its conditions, of a single level: they pair nothing.
        ss_within, df_within: Of runs beside their level and their seed in the condition.
        ss_block, df_block: Of what is left of the runs around the mean of their cell: the seeds.
    """

    name: Levels
    num_idle_seeds: int
    ss_within: float
    df_within: int
    ss_block: float
    df_block: int

    @property
    def has_replicates(self) -> bool:
        """Whether its runs tell their own variance; else the rule of single runs applies."""
        return self.df_within + self.df_block > 0

    @property
    def within(self) -> Variance:
        """Of one run, for differences inside conditions."""
        if not self.df_within:
            return Variance(math.nan, 0.0)
        return Variance(self.ss_within / self.df_within, float(self.df_within))

    @property
    def total(self) -> Variance:
        """Of one run around its cell's mean: s^2 = (SS_w + SS_b) / (df_w + df_b)."""
        num = self.df_within + self.df_block
        if not num:
            return Variance(math.nan, 0.0)
        parts = ((self.ss_within, self.df_within), (self.ss_block, self.df_block))
        total, df = satterthwaite([(ss, float(own)) for ss, own in parts if own])
        return Variance(total / num, df if math.isfinite(df) else float(num))


def make_stratum(name: Levels, fits: Sequence[BlockFit]) -> Stratum:
    """The stratum of some conditions."""
    ss_within = math.fsum(fit.ss_within for fit in fits)
    df_within = sum(fit.df_within for fit in fits)
    ss_cells = math.fsum(fit.ss_cells for fit in fits)
    df_cells = sum(fit.df_cells for fit in fits)
    return Stratum(
        name,
        sum(fit.num_idle_seeds for fit in fits),
        ss_within,
        df_within,
        max(0.0, ss_cells - ss_within),
        df_cells - df_within,
    )
