"""What a race is asked, checked once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis.model import floor_accuracy
from ...errors import SpecError, shortened
from ...numbers import counted, number
from .knowledge import Knowledge, shipped_knowledge
from .trial import LEAST_PERCENT, Trial

LEAST_SHORT_EPOCHS = 3
NUM_GRID_SEEDS = 3
"""Of the whole grid, in whose parts a budget is told."""
_WIDENING = 1.3
"""Repairs the limit's coverage where short runs tell less than in the bank (docs/recommend.md)."""


@dataclass(frozen=True)
class RaceSettings:
    """As the arguments of :class:`.race.Race`, with defaults filled in.

    Attributes:
        budget: In full runs.
        floor: Accuracy in percent that hardly differs from guessing.
        margin_asked: None where the user gave none.
    """

    candidates: tuple[str, ...]
    epochs: int
    incumbent: str | None
    margin_asked: float | None
    budget: float
    floor: float
    is_widened: bool
    has_prior: bool
    knowledge: Knowledge
    use_stopping: bool
    incumbent_place: bool

    @property
    def short_epochs(self) -> int:
        """A third of the full length."""
        return round(self.epochs / 3)

    @property
    def spread(self) -> float:
        """By which the posterior's SDs are multiplied."""
        return _WIDENING if self.is_widened else 1.0

    @property
    def is_screening(self) -> bool:
        """Whether the budget pays fewer than two full runs beside the short ones."""
        return self.budget < self.short_runs_cost + 2 - 1e-9

    @property
    def short_runs_cost(self) -> float:
        """Of one short run of every candidate, in full runs."""
        return len(self.candidates) * self.short_epochs / self.epochs

    def spent_by(self, trials: Sequence[Trial]) -> float:
        """Cost of some trials, in full runs."""
        return sum(trial.epochs for trial in trials) / self.epochs

    def places_left(self, trials: Sequence[Trial]) -> int:
        """Full runs that the budget still pays after these trials."""
        return math.floor(self.budget - self.spent_by(trials) + 1e-9)


def checked_settings(
    candidates: Sequence[str],
    *,
    epochs: int,
    incumbent: str | None,
    margin: float | None,
    full_runs: float | None,
    num_classes: int | None,
    widened: bool,
    prior: bool,
    knowledge: Knowledge | None,
    use_stopping: bool,
    incumbent_place: bool,
) -> RaceSettings:
    """See :class:`.race.Race`.

    Raises:
        SpecError: for arguments that no race can be run with.
    """
    names = _names(candidates)
    _check_whole("epochs", epochs)
    if epochs < 3 * LEAST_SHORT_EPOCHS:
        raise SpecError(
            f"epochs={epochs}: expected at least {3 * LEAST_SHORT_EPOCHS} (--epochs "
            f"{3 * LEAST_SHORT_EPOCHS}), since a third of them is a run of its own and must have "
            f"{LEAST_SHORT_EPOCHS} epochs"
        )
    if incumbent is not None and incumbent not in names:
        raise SpecError(
            f"incumbent={shortened(incumbent)} is none of the candidates {', '.join(names)}: "
            "add it to them, or name no incumbent (--incumbent none, in Python None) and no gain "
            "over it is stated"
        )
    if margin is not None and not _is_positive(margin):
        raise SpecError(f"margin={shortened(margin)}: expected a number of points above 0")
    if full_runs is not None and not _is_positive(full_runs):
        raise SpecError(f"full_runs={shortened(full_runs)}: expected a number above 0")
    floor = LEAST_PERCENT
    if num_classes is not None:
        _check_whole("num_classes", num_classes)
        if num_classes < 2:
            raise SpecError(f"num_classes={num_classes}: expected at least 2")
        floor = max(floor, floor_accuracy(100 / num_classes))
    least = len(names) * round(epochs / 3) / epochs
    default = max(len(names) * NUM_GRID_SEEDS / 3, least + 2)
    settings = RaceSettings(
        candidates=names,
        epochs=epochs,
        incumbent=incumbent,
        margin_asked=None if margin is None else float(margin),
        budget=default if full_runs is None else float(full_runs),
        floor=floor,
        is_widened=widened,
        has_prior=prior,
        knowledge=shipped_knowledge() if knowledge is None else knowledge,
        use_stopping=use_stopping,
        incumbent_place=incumbent_place,
    )
    if settings.budget < least - 1e-9:
        raise SpecError(
            f"a budget of {number(settings.budget)} full runs is too small: one run of "
            f"{counted(settings.short_epochs, 'epoch')} of each of {len(names)} candidates costs "
            f"{number(least)}, and is the least a race can do"
        )
    return settings


def _names(candidates: Any) -> tuple[str, ...]:
    is_list = isinstance(candidates, Iterable) and not isinstance(candidates, str)
    if not is_list or not all(isinstance(name, str) for name in candidates):
        raise SpecError(f"candidates={shortened(candidates)}: expected a list of names")
    names = tuple(candidates)
    if len(names) < 2:
        raise SpecError(f"candidates={shortened(list(names))}: expected two or more to choose from")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"candidates: {', '.join(map(shortened, twice))} given more than once")
    return names


def _check_whole(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise SpecError(f"{name}={shortened(value)}: expected a whole number")


def _is_positive(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0
