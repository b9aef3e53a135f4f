"""How precise the runs are: the run SD of each stratum, and the differences that it shows."""

import math
from dataclasses import dataclass

from ..model import Model, Stratum
from .power import sd_limits, smallest_detectable

Limits = tuple[float, float]


@dataclass(frozen=True)
class RunPrecision:
    """One stratum's run-to-run deviation and what follows from it, in the response's unit.

    Attributes:
        stratum: With the within and the total variance and their degrees of freedom.
        within_limits, total_limits: 95 % limits of the two deviations; NaN without one.
        num_seeds: Runs of the cell with the fewest.
        detectable: Difference of two cells of one condition found with 80 % power, by the
            one-sided test at the level of the analysis.
        detectable_change: The same for a difference of two differences.
    """

    stratum: Stratum
    within_limits: Limits
    total_limits: Limits
    num_seeds: int
    detectable: float
    detectable_change: float


def precisions(model: Model) -> tuple[RunPrecision, ...]:
    """One row a stratum with replicates."""
    rows = []
    for place, stratum in enumerate(model.strata):
        if not stratum.has_replicates:
            continue
        entries = [entry for entry in model.conditions if entry.stratum == place]
        num_seeds = int(min(entry.fit.counts_L.min() for entry in entries))
        within, total = stratum.within, stratum.total
        detectable = smallest_detectable(
            standard_error=within.sd * math.sqrt(2 / num_seeds), df=within.df, alpha=model.alpha
        )
        rows.append(
            RunPrecision(
                stratum,
                sd_limits(within.sd, within.df),
                sd_limits(total.sd, total.df),
                num_seeds,
                detectable,
                math.sqrt(2) * detectable,
            )
        )
    return tuple(rows)
