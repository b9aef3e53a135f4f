"""What the seeds of a plan can show, before anything is trained: power for `equivalent`."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ...spec import RunSpec
from ..model import ALPHA
from ..model.single_runs import EXTERNAL_DEVIATIONS, EXTERNAL_SOURCE
from .power import fewest_seeds, power_equivalent

ENOUGH = 0.5
"""Below this power a plan is warned of: its likelier end is `undecided`."""

SHORT_RUN_SDS: Mapping[str, float] = {"resnet18-table2": 0.62, "vgg16-table1": 1.90}
"""Within SD in points of networks of width 1/4 after 6 epochs on CIFAR-10 (results/cifar-mini, 16
degrees of freedom each): how far the published deviations may be off for short runs."""


@dataclass(frozen=True)
class PlannedPower:
    """Power to call two activations of one network equivalent where they are.

    Attributes:
        dataset: Its data set; of its networks the one whose deviation is known least well.
        num_cells: Distinct cells of that network, which share the residual variance.
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
    cells: Iterable[RunSpec],
    num_seeds: int,
    *,
    margin_of: Callable[[str], float],
    alpha: float = ALPHA,
) -> tuple[PlannedPower, ...]:
    """One row for every data set with two activations in some condition.

    Args:
        cells: Distinct cells, at any seed.
        num_seeds: Runs of each cell.
        margin_of: The margin of a data set, in points.
        alpha: Level of each test; with planned looks their nominal level.
    """
    networks: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for cell in cells:
        rest = cell.model_copy(update={"activation": "", "regularization": "", "seed": 0})
        networks[cell.dataset][rest.model_dump_json()][cell.regularization] += 1
    rows = []
    for dataset, found in networks.items():
        counts = [list(c.values()) for c in found.values() if max(c.values()) > 1]
        # (df a seed, cells) of every network in which something can be compared.
        if sizes := [(sum(c) - len(c), sum(c)) for c in counts]:
            rows.append(_planned_power(dataset, *min(sizes), num_seeds, margin_of(dataset), alpha))
    return tuple(rows)


def _planned_power(
    dataset: str, df_per_seed: int, num_cells: int, num_seeds: int, margin: float, alpha: float
) -> PlannedPower:
    deviation = EXTERNAL_DEVIATIONS.get(dataset)
    if deviation is None:
        power = 0.0 if num_seeds == 1 else None
        return PlannedPower(dataset, num_cells, num_seeds, margin, None, None, alpha, power, None)
    sd = deviation.points

    def at(seeds: int) -> float:
        if seeds == 1:
            return 0.0
        error = sd * math.sqrt(2 / seeds)
        return power_equivalent(
            margin, standard_error=error, df=df_per_seed * (seeds - 1), alpha=alpha
        )

    return PlannedPower(
        dataset,
        num_cells,
        num_seeds,
        margin,
        sd,
        EXTERNAL_SOURCE,
        alpha,
        at(num_seeds),
        fewest_seeds(lambda seeds: at(seeds) >= ENOUGH),
    )
