"""What the seeds of a plan can show, before anything is trained: power for `equivalent`."""

from collections.abc import Mapping
from dataclasses import dataclass

from .equivalence import margin_for
from .estimate import ALPHA
from .external import EXTERNAL_DEVIATIONS, EXTERNAL_SOURCE
from .power import Design, power_equivalent

ENOUGH = 0.5
"""Below this power a plan is warned of: its likelier end is `undecided`."""
_MOST_SEEDS = 100


@dataclass(frozen=True)
class PlannedPower:
    """Power to call two activations of one data set equivalent where they are.

    Attributes:
        dataset: Its name.
        num_cells: Distinct cells that share the residual variance.
        num_seeds: Runs of each cell.
        margin: Margin of equivalence, in points.
        run_sd: Run-to-run standard deviation in points; None where no published one is at hand.
        run_sd_source: Whose it is: of other trainings, which says little of short or narrow ones.
        alpha: Level of each of the two tests: 5 %, or what planned looks leave to each.
        power: Of the two one-sided tests at a true difference of 0; 0 for single runs, from which
            `equivalent` is never concluded; None without ``run_sd``.
        seeds_for_half: Fewest seeds with a power of one half; None without ``run_sd`` or above 100.
    """

    dataset: str
    num_cells: int
    num_seeds: int
    margin: float
    run_sd: float | None
    run_sd_source: str | None
    alpha: float
    power: float | None
    seeds_for_half: int | None

    @property
    def is_low(self) -> bool:
        """Whether the power is known to be below one half."""
        return self.power is not None and self.power < ENOUGH


def planned_powers(
    num_cells: Mapping[str, int], num_seeds: int, *, alpha: float = ALPHA
) -> tuple[PlannedPower, ...]:
    """One row for every data set with two cells or more.

    Args:
        num_cells: Distinct cells of each data set.
        num_seeds: Runs of each cell.
        alpha: Level of each test; with planned looks their nominal level.
    """
    return tuple(
        _planned_power(dataset, cells, num_seeds, alpha)
        for dataset, cells in num_cells.items()
        if cells > 1
    )


def _planned_power(dataset: str, num_cells: int, num_seeds: int, alpha: float) -> PlannedPower:
    margin, deviation = margin_for(dataset), EXTERNAL_DEVIATIONS.get(dataset)
    if deviation is None:
        power = 0.0 if num_seeds == 1 else None
        return PlannedPower(dataset, num_cells, num_seeds, margin, None, None, alpha, power, None)
    sd, design = deviation.points, Design(num_cells)

    def at(seeds: int) -> float:
        if seeds == 1:
            return 0.0
        return power_equivalent(margin, sd=sd, num_seeds=seeds, design=design, alpha=alpha)

    enough = (seeds for seeds in range(2, _MOST_SEEDS + 1) if at(seeds) >= ENOUGH)
    return PlannedPower(
        dataset,
        num_cells,
        num_seeds,
        margin,
        sd,
        EXTERNAL_SOURCE,
        alpha,
        at(num_seeds),
        next(enough, None),
    )
