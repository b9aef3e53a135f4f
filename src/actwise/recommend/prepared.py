"""All that is known, and refused, of a race before anything is trained or written."""

import time
from dataclasses import dataclass

from ..errors import SpecError
from ..numbers import number
from ..spec import Description, RaceSpec, StudySpec
from ..sweep.executors import Describer
from ..sweep.plan import (
    Plan,
    check_machine,
    check_memory,
    check_study,
    count_workers,
    make_plan,
)
from ..sweep.tries import calibrate
from ..sweep.watch import Note, ProgressSink, Silence
from .budget import Budget, RunSeconds, full_runs_in, read_budget
from .case import Case, make_case
from .race import Race
from .request import RaceRequest


@dataclass(frozen=True)
class Prepared:
    """A race before its first training.

    Attributes:
        plan: Every candidate at both lengths.
        budget: As asked for.
        workers: Trainings at once.
        device: Where: ``cpu`` or ``cuda``.
    """

    request: RaceRequest
    case: Case
    plan: Plan
    budget: Budget
    workers: int
    device: str

    @property
    def network(self) -> Description:
        """Of the first candidate."""
        return self.plan.description(self.plan.runs[0])

    def registered(self, race: Race) -> StudySpec:
        """The study with what the race is noted with."""
        noted = RaceSpec(
            incumbent=self.case.incumbent,
            margin=self.request.margin,
            budget=self.budget.text,
            full_runs=race.budget,
        )
        return self.case.study.model_copy(update={"race": noted})

    def settled(
        self, *, has_prior: bool = False, sink: ProgressSink | None = None
    ) -> tuple[Race, RunSeconds | None]:
        """The race with its budget in full runs; what trainings take, if that was measured.

        A duration is measured once: with a race in the store it was noted what it came to.

        Raises:
            SpecError: if a duration is too short, or nothing is known of the training's time.
        """
        sink, budget, cost = sink or Silence(), self.budget, None
        full_runs = budget.full_runs
        if budget.seconds is not None:
            full_runs = None if self.request.is_new else self._noted_full_runs()
        if budget.seconds is not None and full_runs is None:
            full_runs, cost = self._measured(budget.seconds, sink)
        race = self.case.race(
            full_runs=full_runs,
            margin=self.request.margin,
            num_classes=None if self.case.is_task else self.network.num_classes,
            has_prior=has_prior,
        )
        if budget.seconds is not None:
            sink.emit(Note(f"the budget of {budget.text} is {self.in_runs(race)}"))
        return race, cost

    def notes(self, race: Race) -> tuple[str, ...]:
        """What a user should know before the race begins: sentences."""
        asked, said = self.request.margin, [*self.plan.notes, *self.case.notes]
        if asked is not None and asked < race.margin:
            said.append(
                f"single runs do not tell {number(asked, 1)} points: the margin is "
                f"{number(race.margin, 1)}, more if runs here scatter more than the bank's"
            )
        return tuple(dict.fromkeys(said))

    def in_runs(self, race: Race) -> str:
        """A race's budget: ``6.0 full runs: 6 candidates of 9 epochs, then up to 4 of 27``."""
        settings = race.settings
        short = f"{len(settings.candidates)} candidates of {settings.short_epochs} epochs"
        then = (
            f"screening alone, {settings.short_runs_cost + 2:.1f} full runs pay full ones too"
            if settings.is_screening
            else f"then up to {settings.most_full} of {settings.epochs}"
        )
        return f"{race.budget:.1f} full runs: {short}, {then}"

    def _noted_full_runs(self) -> float | None:
        """What the same budget of the same race came to before, if the store has that race."""
        with self.request.opened() as store:
            for stored in store.studies():
                race = stored.spec.race if stored.study == self.case.study.name else None
                if race is not None and race.budget == self.budget.text:
                    return race.full_runs
        return None

    def _measured(self, seconds: float, sink: ProgressSink) -> tuple[float, RunSeconds]:
        if self.case.is_task:
            raise SpecError(
                f"budget {self.budget.text}: how long a training of your own takes is not known; "
                "write a number of full trainings such as 7runs, or a percentage"
            )
        sink.emit(Note(f"timing single steps, for the budget of {self.budget.text}"))
        cost = RunSeconds.measured(self.plan, calibrate(self.plan, self.request.options))
        gone = time.monotonic() - self.request.started
        full_runs = full_runs_in(
            seconds,
            cost,
            short_runs_cost=self.case.race(full_runs=None, margin=None).settings.short_runs_cost,
            beside=gone + cost.beside,
            text=self.budget.text,
        )
        return full_runs, cost


def prepare(request: RaceRequest, describe: Describer) -> Prepared:
    """All that can be said, and refused, before anything is trained or written.

    Raises:
        SpecError: if no race can be about that.
        DataError: if the data set is missing or damaged.
    """
    case, options = make_case(request, describe), request.options
    budget = read_budget(request.budget, num_candidates=len(case.candidates))
    case.race(full_runs=budget.full_runs, margin=request.margin)
    check_study(case.study)
    plan = make_plan(case.study, describe)
    _refuse_aliases(plan)
    runs = plan.distinct_runs
    device = check_machine(runs, options)
    check_memory(plan, runs, options, device=device)
    workers = count_workers(plan, runs, options, device=device)
    return Prepared(request, case, plan, budget, min(workers, len(case.candidates)), device)


def _refuse_aliases(plan: Plan) -> None:
    """Refuse two names of one network, which would be trained once and compared with itself.

    Raises:
        SpecError: naming them.
    """
    for labels in plan.aliases.values():
        names = " and ".join(dict.fromkeys(spec.activation for spec in labels))
        raise SpecError(f"the candidates {names} are the same network here; leave one of them out")
