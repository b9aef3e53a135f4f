"""The race: short runs of all candidates, then blocks of full runs of the leaders."""

import math
from collections import deque
from collections.abc import Sequence
from typing import Literal

from ...errors import SpecError, shortened
from .advice import Advice
from .advise import advise
from .blocks import Standing, first_trials, next_trials, standing
from .knowledge import Knowledge, shipped_knowledge
from .outlook import WhyStopped
from .settings import RaceSettings, candidate_names
from .trial import LEAST_PERCENT, Told, Trial


class Race:
    """Asks for trainings and is told their results, in any order and by any number of workers.

    ::

        race = Race(["relu", "prelu", "elu"], epochs=27)
        while not race.is_over:
            trial = race.ask()          # None where results of asked trials must come first
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
        num_classes: int | None = None,
        widened: bool = True,
        prior: bool = False,
        knowledge: Knowledge | None = None,
        use_stopping: bool = True,
        incumbent_place: bool = True,
    ) -> None:
        """A race that has not begun.

        Args:
            candidates: Names, two or more, no two alike.
            epochs: Of a full training; a third of it, 3 epochs at least, is a short one.
            incumbent: The one in use; it must be a candidate. None: there is none.
            margin: Points that do not matter; 1.4 run SDs where that is more, or where None.
            full_runs: Budget in full trainings. None: one third of three seeds of every
                candidate, at least the short runs and two full ones. Below the latter: short runs
                alone, a screening.
            num_classes: That a guess is among: where nothing comes to more than guesses the race
                stops. None: then an accuracy of at most 1 % is a guess.
            widened: Whether no condition of the bank is like the case: spreads 1.3 times as
                wide.
            prior: Whether the advice also says what the bank's means of activations would pick.
            knowledge: Variances; None: those that come along.
            use_stopping: False: the race goes on until its budget is spent.
            incumbent_place: False: the incumbent has no place in a block of its own right.

        Raises:
            SpecError: for arguments that no race can be run with.
        """
        self.settings = RaceSettings(
            candidates=candidate_names(candidates),
            epochs=epochs,
            incumbent=incumbent,
            margin=margin,
            full_runs=full_runs,
            num_classes=num_classes,
            is_widened=widened,
            has_prior=prior,
            knowledge=knowledge or shipped_knowledge(),
            use_stopping=use_stopping,
            incumbent_place=incumbent_place,
        )
        self._asked: list[Trial] = []
        self._values: dict[int, float | None] = {}
        self._ready = deque(first_trials(self.settings))
        self._why: WhyStopped | None = None
        self._standing: tuple[int, Standing] | None = None

    def ask(self) -> Trial | None:
        """The next trial; None if results must come first, or if the race is over."""
        if not self._ready:
            return None
        trial = self._ready.popleft()
        self._asked.append(trial)
        return trial

    def tell(self, trial: Trial, value: float | Literal["diverged"]) -> None:
        """The result of a trial that was asked.

        Args:
            trial: As :meth:`ask` gave it.
            value: Validation accuracy in percent after the last epoch, or "diverged".

        Raises:
            SpecError: for a trial that was not asked or was told before, and for a value that is
                no accuracy in percent.
        """
        if trial not in self._asked:
            raise SpecError(f"{shortened(trial)} was not asked: tell what ask() gave")
        if trial.number in self._values:
            raise SpecError(
                f"trial {trial.number} ({trial.activation}, seed {trial.seed}, {trial.epochs} "
                "epochs) was told before"
            )
        self._values[trial.number] = _checked(value)
        if len(self._values) == len(self._asked) and not self._ready:
            self._go_on()

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be asked."""
        return self._why is not None

    @property
    def why_stopped(self) -> WhyStopped | None:
        """Why it ended; None while it is on."""
        return self._why

    @property
    def budget(self) -> float:
        """In full runs."""
        return self.settings.budget

    @property
    def spent(self) -> float:
        """In full runs, trials that were asked and not yet told included."""
        return self.settings.spent_by(self._asked)

    @property
    def margin(self) -> float:
        """Points at which it stops by what is told so far; more where runs scatter more."""
        return self._now(self._told()).margin

    def advice(self, *, with_further: bool = True) -> Advice:
        """What can be said by now.

        Args:
            with_further: Whether to say what more runs would bring, which takes the most time.

        Raises:
            SpecError: before all short runs are told.
        """
        told = self._told()
        num_short = len(self.settings.candidates)
        if sum(not row.trial.is_full for row in told) < num_short:
            raise SpecError(
                f"no advice yet: {len(told)} of {num_short} short runs are told, one of each "
                "candidate is needed"
            )
        return advise(
            self.settings,
            told,
            self._now(told),
            why_stopped=self._why,
            with_further=with_further,
        )

    def _told(self) -> tuple[Told, ...]:
        return tuple(
            Told(trial, self._values[trial.number])
            for trial in self._asked
            if trial.number in self._values
        )

    def _now(self, told: tuple[Told, ...]) -> Standing:
        """What the results say; computed once for each number of them, as none is taken back."""
        if self._standing is None or self._standing[0] != len(told):
            self._standing = len(told), standing(self.settings, told)
        return self._standing[1]

    def _go_on(self) -> None:
        told = self._told()
        found = next_trials(self.settings, told, self._now(told))
        if isinstance(found, str):
            self._why = found
        else:
            self._ready.extend(found)


def _checked(value: float | Literal["diverged"]) -> float | None:
    if isinstance(value, str):
        if value == "diverged":
            return None
        raise SpecError(f'value={shortened(value)}: expected a number or "diverged"')
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise SpecError(f'value={shortened(value)}: expected a finite number, or "diverged"')
    if not (number == 0.0 or LEAST_PERCENT <= number <= 100.0):
        why = "; below 1 it would be a fraction" if 0 < number < 1 else ""
        raise SpecError(
            f"value={shortened(value)}: expected an accuracy in percent, 0 or from 1 to 100{why}"
        )
    return number
