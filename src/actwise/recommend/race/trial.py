"""What a race asks for, and what it is told."""

from dataclasses import dataclass

NUM_FOLDS = 5
"""Validation folds, as in our own trainings with a fifth of the images held out."""

LEAST_PERCENT = 1.0
"""What a guess among a hundred classes has; below it, but for 0, an accuracy is a fraction."""


@dataclass(frozen=True)
class Trial:
    """One training from fresh weights, whose schedule ends exactly after ``epochs``.

    Attributes:
        number: Place in the order of asking, from 0.
        activation: The candidate, as it was given.
        seed: Of weights, batches and augmentation; one for all trials of a block.
        fold: Validation fold, seed mod 5; one for all trials of a block.
        epochs: How long it trains.
        is_full: Whether that is the full length; else it is a third.
    """

    number: int
    activation: str
    seed: int
    fold: int
    epochs: int
    is_full: bool


@dataclass(frozen=True)
class Told:
    """A trial with its result.

    Attributes:
        trial: What was asked.
        value: Validation accuracy in percent after the last epoch; None if it diverged.
    """

    trial: Trial
    value: float | None

    @property
    def is_lost(self) -> bool:
        """Whether it diverged, or came to no more than a guess among a hundred classes."""
        return self.value is None or self.value <= LEAST_PERCENT
