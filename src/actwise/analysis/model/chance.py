"""The accuracy of guessing, and runs that came to no more: diverged, stuck, hardly learned.

A run whose loss became non-finite has *diverged* and has no accuracy. A *stuck* run finished inside
the 99.9 % binomial band of chance while the median of its cell has learned. Both are informative:
means are of the other runs (accuracy given completion), and a verdict that touches a cell with such
runs must stand with these at chance accuracy too. A cell has *hardly learned* below the floor, or
below half of the best cell of its data set at the same budget.
"""

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from ...datasets import DATASETS, Published
from ..table.conditions import BUDGETS
from ..table.observations import Booleans, Cell, Floats, Observations
from .percent import is_percent

_BAND = 3.290526731491896
"""Normal quantile of 99.95 %: the band holds 99.9 %."""


@dataclass(frozen=True)
class LostRuns:
    """Diverged and stuck runs of one cell, with the exact 95 % interval of their rate.

    Attributes:
        cell: The cell.
        diverged, stuck, runs: Numbers of runs, ``runs`` of all.
        lower, upper: Limits of the rate of both together, fractions.
        shift: What these runs at chance accuracy would add to the cell's mean, in the response's
            unit; NaN where the accuracy of guessing is not known, or nothing else is left.
    """

    cell: Cell
    diverged: int
    stuck: int
    runs: int
    lower: float
    upper: float
    shift: float


def chance_accuracy(observed: Observations, dataset: str) -> float | None:
    """Accuracy of guessing in percent; None where the number of classes is not known."""
    if observed.is_task:
        return None
    num_classes = observed.num_classes.get(dataset)
    if num_classes is None:
        facts = _published(dataset)
        num_classes = len(facts.class_names) if facts else None
    return 100.0 / num_classes if num_classes else None


def num_test_images(observed: Observations, dataset: str) -> int | None:
    """Number of images of the test split; None where it is not known."""
    if observed.is_task:
        return None
    if dataset in observed.test_images:
        return observed.test_images[dataset]
    facts = _published(dataset)
    return facts.num_test if facts else None


def _published(dataset: str) -> Published | None:
    return DATASETS[dataset].published if dataset in DATASETS else None


def floor_accuracy(chance: float) -> float:
    """What hardly differs from guessing: twice chance, or a tenth of the way from it to 100 %."""
    return min(2 * chance, chance + (100.0 - chance) / 10)


def stuck_runs(observed: Observations) -> Booleans:
    """Which runs finished at chance while the median of their cell has learned, shape (R,)."""
    stuck_R = np.zeros(observed.num_runs, dtype=np.bool_)
    values_R = _accuracies(observed)
    datasets = observed.run_datasets().tolist() if is_percent(observed) else []
    for dataset in dict.fromkeys(datasets):
        chance = chance_accuracy(observed, dataset)
        images = num_test_images(observed, dataset)
        if chance is None or images is None:
            continue
        width = _BAND * math.sqrt(chance * (100.0 - chance) / images)
        mine_R = (observed.run_datasets() == dataset) & ~observed.diverged_R
        stuck_R |= mine_R & (np.abs(values_R - chance) <= width)
    for position in np.unique(observed.run_cells[stuck_R]):
        mine_R = (observed.run_cells == position) & ~observed.diverged_R
        chance = chance_accuracy(observed, observed.dataset_of(observed.cells[position]))
        if chance is None or np.median(values_R[mine_R]) <= floor_accuracy(chance):
            stuck_R[mine_R] = False
    return stuck_R


def lost_runs(observed: Observations, stuck_R: Booleans) -> tuple[LostRuns, ...]:
    """Every cell with diverged or stuck runs.

    Args:
        observed: The runs.
        stuck_R: As :func:`stuck_runs`.
    """
    lost_R = observed.diverged_R | stuck_R
    is_known = is_percent(observed)
    rows = []
    for position in np.unique(observed.run_cells[lost_R]):
        cell, mine_R = observed.cells[position], observed.run_cells == position
        lost, runs = int(lost_R[mine_R].sum()), int(mine_R.sum())
        chance = chance_accuracy(observed, observed.dataset_of(cell))
        shift = math.nan
        if is_known and chance is not None and lost < runs:
            guess = chance if observed.higher_is_better else 100.0 - chance
            mean = float(observed.response_R[mine_R & ~lost_R].mean())
            shift = lost / runs * (guess - mean)
        rows.append(
            LostRuns(
                cell,
                int(observed.diverged_R[mine_R].sum()),
                int(stuck_R[mine_R].sum()),
                runs,
                *exact_interval(lost, runs),
                shift,
            )
        )
    return tuple(rows)


def exact_interval(count: int, total: int) -> tuple[float, float]:
    """Clopper & Pearson's interval of a proportion (1934): covers at least 95 %."""
    from scipy.special import betaincinv

    tail = (1 - 0.95) / 2
    lower = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    upper = float(betaincinv(count + 1, total - count, 1 - tail)) if count < total else 1.0
    return lower, upper


def hardly_learned(observed: Observations) -> frozenset[Cell]:
    """Cells below the floor, or below half of the best cell of their data set and budget.

    None of a response that is no percentage, or of a training of the user's own: of it nobody
    knows what guessing gives.
    """
    if observed.is_task or not is_percent(observed):
        return frozenset()
    groups: dict[tuple[str, ...], list[Cell]] = defaultdict(list)
    done = observed.completed
    means = done.with_response(_accuracies(done)).cell_means
    budgets = [place for place, name in enumerate(done.factors) if name in BUDGETS]
    for cell in means:
        groups[done.dataset_of(cell), *(cell[place] for place in budgets)].append(cell)
    found: set[Cell] = set()
    for (dataset, *_), cells in groups.items():
        chance = chance_accuracy(observed, dataset)
        floor = floor_accuracy(chance) if chance is not None else 0.0
        least = max(floor, max(means[cell] for cell in cells) / 2)
        found |= {cell for cell in cells if means[cell] < least}
    return frozenset(found)


def as_accuracies(observed: Observations) -> Observations:
    """Errors in percent turned into accuracies."""
    return replace(observed, response_R=_accuracies(observed), higher_is_better=True)


def _accuracies(observed: Observations) -> Floats:
    return observed.response_R if observed.higher_is_better else 100.0 - observed.response_R
