"""What a race is asked, checked once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ...analysis.model import floor_accuracy
from ...errors import SpecError, shortened
from ...numbers import counted, number
from .knowledge import Knowledge
from .trial import LEAST_PERCENT, Trial

LEAST_SHORT_EPOCHS = 3
NUM_GRID_SEEDS = 3
"""Of the whole grid, in whose parts a budget is told."""
_WIDENING = 1.3
"""Repairs the limit's coverage where short runs tell less than in the bank (docs/recommend.md)."""


@dataclass(frozen=True, kw_only=True)
class RaceSettings:
    """The arguments of :class:`.race.Race`.

    Raises:
        SpecError: for arguments that no race can be run with.
    """

    candidates: tuple[str, ...]
    epochs: int
    incumbent: str | None
    margin: float | None
    full_runs: float | None
    num_classes: int | None
    is_widened: bool
    has_prior: bool
    knowledge: Knowledge
    use_stopping: bool
    incumbent_place: bool

    def __post_init__(self) -> None:
        names, incumbent = self.candidates, self.incumbent
        least = 3 * LEAST_SHORT_EPOCHS
        if not _is_whole(self.epochs):
            raise SpecError(f"epochs={shortened(self.epochs)}: expected a whole number")
        if self.epochs < least:
            raise SpecError(
                f"epochs={self.epochs}: expected at least {least} (--epochs {least}), since a "
                f"third of them is a run of its own and must have {LEAST_SHORT_EPOCHS} epochs"
            )
        if incumbent is not None and incumbent not in names:
            raise SpecError(
                f"incumbent={shortened(incumbent)} is none of the candidates {', '.join(names)}: "
                "add it to them, or name no incumbent (--incumbent none, in Python None) and no "
                "gain over it is stated"
            )
        for name, unit in (("margin", "number of points"), ("full_runs", "number")):
            value = getattr(self, name)
            if value is not None and not _is_positive(value):
                raise SpecError(f"{name}={shortened(value)}: expected a {unit} above 0")
        if self.num_classes is not None and not (
            _is_whole(self.num_classes) and self.num_classes > 1
        ):
            raise SpecError(
                f"num_classes={shortened(self.num_classes)}: expected a whole number from 2 on"
            )
        if self.budget < self.short_runs_cost - 1e-9:
            raise SpecError(
                f"a budget of {number(self.budget)} full runs is too small: one run of "
                f"{counted(self.short_epochs, 'epoch')} of each of {len(names)} candidates costs "
                f"{number(self.short_runs_cost)}, and is the least a race can do"
            )

    @property
    def budget(self) -> float:
        """In full runs: as given, or the usual one."""
        if self.full_runs is not None:
            return float(self.full_runs)
        return max(len(self.candidates) * NUM_GRID_SEEDS / 3, self.short_runs_cost + 2)

    @property
    def floor(self) -> float:
        """Accuracy in percent that hardly differs from guessing."""
        guess = 0.0 if self.num_classes is None else floor_accuracy(100 / self.num_classes)
        return max(LEAST_PERCENT, guess)

    @property
    def short_epochs(self) -> int:
        """A third of the full length, rounded down: short runs cost no more than a third."""
        return self.epochs // 3

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

    @property
    def most_full(self) -> int:
        """Full runs that the budget pays beside the short ones; of one alone there is none."""
        return 0 if self.is_screening else math.floor(self.budget - self.short_runs_cost + 1e-9)

    def spent_by(self, trials: Sequence[Trial]) -> float:
        """Cost of some trials, in full runs."""
        return sum(trial.epochs for trial in trials) / self.epochs

    def places_left(self, trials: Sequence[Trial]) -> int:
        """Full runs that the budget still pays after these trials."""
        return math.floor(self.budget - self.spent_by(trials) + 1e-9)


def level_names(candidates: Any) -> tuple[str, ...]:
    """Names of activations.

    Raises:
        SpecError: for anything else; a text would be taken for its letters.
    """
    names = () if isinstance(candidates, str) else candidates
    names = tuple(names) if isinstance(names, Iterable) else (None,)
    if isinstance(candidates, str) or not all(isinstance(name, str) for name in names):
        raise SpecError(f"candidates={shortened(candidates)}: expected a list of names")
    return names


def candidate_names(candidates: Any) -> tuple[str, ...]:
    """Names of candidates, two or more, no two alike.

    Raises:
        SpecError: for anything else.
    """
    names = level_names(candidates)
    if len(names) < 2:
        raise SpecError(f"candidates={shortened(list(names))}: expected two or more to choose from")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SpecError(f"candidates: {', '.join(map(shortened, twice))} given more than once")
    return names


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_positive(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value > 0
