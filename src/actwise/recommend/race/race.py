"""The race: short runs of all candidates, then blocks of full runs of the leaders."""

from collections.abc import Sequence
from typing import Literal

from .advice import Advice
from .knowledge import Knowledge
from .outlook import WhyStopped
from .trial import Trial


class Race:
    """Asks for trainings and is told their results, in any order and by any number of workers.

    ::

        race = Race(["relu", "prelu", "elu"], epochs=27)
        while not race.is_over:
            trial = race.ask()          # None: results of asked trials must come first
            race.tell(trial, my_training(trial.activation, trial.seed, trial.epochs))
        print(race.advice())

    What is asked next depends on results alone, in the order of asking: a race that was
    interrupted goes on when a new one with the same arguments is told the stored results again.
    """

    def __init__(
        self,
        candidates: Sequence[str],
        *,
        epochs: int,
        incumbent: str | None = "relu",
        margin: float | None = None,
        full_runs: float | None = None,
        widened: bool = True,
        prior: bool = False,
        knowledge: Knowledge | None = None,
        use_stopping: bool = True,
        incumbent_place: bool = True,
    ) -> None:
        """Args:
        candidates: Names, two or more, no two alike.
        epochs: Of a full training; a third of it is a short one.
        incumbent: The one in use; it must be a candidate. None: there is none.
        margin: Points that do not matter; 1.4 run SDs where that is more, or where None.
        full_runs: Budget in full trainings. None: one third of three seeds of every
            candidate, at least the short runs and two full ones. Below the latter: short runs
            alone, a screening.
        widened: Whether the case is of no family that the bank holds: spreads 1.3 times as wide.
        prior: Whether the advice also says what the bank's means of activations would pick.
        knowledge: Variances; None: those that come along.
        use_stopping: False: the race goes on until its budget is spent.
        incumbent_place: False: the incumbent has no place in a block of its own right.

        Raises:
            SpecError: for arguments that no race can be run with.
        """
        raise NotImplementedError

    def ask(self) -> Trial | None:
        """The next trial; None if results must come first, or if the race is over."""
        raise NotImplementedError

    def tell(self, trial: Trial, value: float | Literal["diverged"]) -> None:
        """The result of a trial that was asked.

        Args:
            trial: As :meth:`ask` gave it.
            value: Validation accuracy in percent after the last epoch, or "diverged".

        Raises:
            SpecError: for a trial that was not asked or was told before, and for a value that is
                no accuracy in percent.
        """
        raise NotImplementedError

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be asked."""
        raise NotImplementedError

    @property
    def why_stopped(self) -> WhyStopped | None:
        """Why it ended; None while it is on."""
        raise NotImplementedError

    @property
    def budget(self) -> float:
        """In full runs."""
        raise NotImplementedError

    @property
    def spent(self) -> float:
        """In full runs, trials that were asked and not yet told included."""
        raise NotImplementedError

    def advice(self) -> Advice:
        """What can be said by now.

        Raises:
            SpecError: before all short runs are told.
        """
        raise NotImplementedError
