"""The margin of equivalence: how small a difference counts as none."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..model import Estimate, Model
from ..table.conditions import condition_of
from ..table.observations import Cell

MARGINS: Mapping[str, float] = {"cifar10": 0.5}
"""In points, by data set; ``DEFAULT_MARGIN`` for all others."""
DEFAULT_MARGIN = 1.0
LARGEST_SHARE = 0.1
"""Of the error rate of the better cell: half the errors are never "no difference"."""


@dataclass(frozen=True)
class Margin:
    """Half width of what counts as no difference.

    Attributes:
        points: In the response's unit; NaN where none was asked for and none is usual.
        error_of_best: Total standard error of the better cell's mean where a tenth of its error
            rate is the margin, which is then itself an estimate; 0 where the margin is fixed.
    """

    points: float
    error_of_best: float = 0.0

    def widen(self, difference: Estimate) -> Estimate:
        """The difference with the standard error of its distance to the margin."""
        if not self.error_of_best:
            return difference
        squared = 1.1 * difference.standard_error**2 + 0.01 * self.error_of_best**2
        return replace(difference, standard_error=math.sqrt(squared))


def usual_margin(dataset: str) -> float:
    """The margin of a data set whatever its accuracies, in points."""
    return MARGINS.get(dataset, DEFAULT_MARGIN)


def margin_among(model: Model, cells: Iterable[Cell], override: float | None) -> Margin:
    """The margin for comparing some cells: over conditions the smallest.

    Args:
        model: In points.
        cells: Those compared; without runs they do not count.
        override: A margin asked for, which holds everywhere.
    """
    if override is not None:
        return Margin(override)
    observed = model.observed
    if not model.is_percent or observed.is_task:
        return Margin(math.nan)
    best: dict[object, tuple[float, Cell]] = {}
    for cell in cells:
        if cell not in model.places:
            continue
        place, level = model.places[cell]
        mean = float(model.conditions[place].fit.means_L[level])
        accuracy = mean if observed.higher_is_better else 100.0 - mean
        condition = condition_of(observed.factors, cell, focus=observed.focus)
        best[condition] = max(best.get(condition, (-math.inf, cell)), (accuracy, cell))
    found = [_margin(model, accuracy, cell) for accuracy, cell in best.values()]
    return min(found, key=lambda margin: margin.points, default=Margin(math.nan))


def _margin(model: Model, accuracy: float, cell: Cell) -> Margin:
    usual = usual_margin(model.observed.dataset_of(cell))
    tenth = LARGEST_SHARE * (100.0 - accuracy)
    if usual <= tenth:
        return Margin(usual)
    error = model.mean(cell).standard_error
    return Margin(tenth, 0.0 if math.isnan(error) else error)
