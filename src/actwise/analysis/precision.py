"""How precise the runs are: run SD with degrees of freedom, and what it could and can show."""

import math
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from .distributions import chi2_quantile
from .evidence import Evidence
from .inference import VariancePart
from .power import (
    DIFFERENCE_OF_DIFFERENCES,
    Design,
    power_equivalent,
    seeds_needed_range,
    smallest_detectable,
)
from .reading import Correct
from .table import Cell, Observations
from .variance import Component, image_components, run_components


@dataclass(frozen=True)
class Precision:
    """One data set's run-to-run deviation and what follows from it, in the response's unit.

    Attributes:
        dataset: Its name.
        sd, df: Residual standard deviation of one run, and its degrees of freedom.
        sd_lower, sd_upper: 95 % limits of the deviation.
        num_seeds: Runs of the cell with the fewest.
        margin: Margin of equivalence; NaN where none was asked for and none is usual.
        detectable: Difference of two cells found with 80 % power, by the one-sided test at the
            level of the analysis.
        detectable_change: The same for a difference of two differences.
        power_equivalent: Power to conclude "equivalent" where there is no difference; NaN without
            a margin.
        seeds_for_margin: Seeds a cell that find a difference of the margin with 80 % power: at the
            estimated deviation and at its upper 80 % limit; None above 1,000, and without a margin.
        components: Variance components.
    """

    dataset: str
    sd: float
    df: float
    sd_lower: float
    sd_upper: float
    num_seeds: int
    margin: float
    detectable: float
    detectable_change: float
    power_equivalent: float
    seeds_for_margin: tuple[int | None, int | None]
    components: tuple[Component, ...]


def precisions(
    evidence: Evidence, correct: Correct = MappingProxyType({})
) -> tuple[Precision, ...]:
    """One row a data set; empty without replicates.

    Args:
        evidence: The runs and their models.
        correct: Correct test images of cells and seeds, for the variance of the images.
    """
    if evidence.is_single_run:
        return ()
    model = evidence.pooled
    rows = []
    for part in model.parts:
        cells = [model.cells[place] for place in part.members_G]
        if part.fit.df > 0:
            images = image_components(
                [np.array([*correct[c].values()]) for c in cells if c in correct]
            )
            rows.append(_precision(evidence, part, images))
    return tuple(rows)


def cell_deviations(observed: Observations) -> dict[Cell, tuple[float, int]]:
    """Standard deviation (NaN below two) and number of the completed runs of each cell."""
    done = observed.completed()
    found = {}
    for position, cell in enumerate(done.cells):
        values = done.response_R[done.run_cells == position]
        found[cell] = (float(np.std(values, ddof=1)) if len(values) > 1 else math.nan, len(values))
    return found


def _precision(evidence: Evidence, part: VariancePart, images: tuple[Component, ...]) -> Precision:
    sd, df = math.sqrt(part.fit.variance), part.fit.df
    # Satterthwaite and missing runs give fewer seeds in some cells: the fewest count.
    num_seeds = int(evidence.pooled.counts_C[part.members_G].min())
    design = Design(len(part.members_G), blocked=part.fit.num_seeds > 1)
    margin = evidence.margin_of(part.name)
    lower, upper = (sd * math.sqrt(df / chi2_quantile(p, df)) for p in (0.975, 0.025))
    alpha = evidence.alpha
    return Precision(
        part.name,
        sd,
        df,
        lower,
        upper,
        num_seeds,
        margin,
        smallest_detectable(sd=sd, num_seeds=num_seeds, design=design, alpha=alpha),
        smallest_detectable(
            sd=sd,
            num_seeds=num_seeds,
            design=design,
            squared_weights=DIFFERENCE_OF_DIFFERENCES,
            alpha=alpha,
        ),
        power_equivalent(margin, sd=sd, num_seeds=num_seeds, design=design, alpha=alpha),
        _seeds(margin, sd, df, design, alpha),
        (*run_components(part), *images),
    )


def _seeds(
    margin: float, sd: float, df: float, design: Design, alpha: float
) -> tuple[int | None, int | None]:
    if design.num_cells < 2 or sd == 0.0 or math.isnan(margin):
        return (None, None)
    return seeds_needed_range(margin, sd=sd, sd_df=df, design=design, alpha=alpha)
