"""All that is known, and refused, of a race before anything is trained or written."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import SpecError, UnknownNameError
from ..spec import RaceSpec, StudySpec
from ..store import RunStore
from ..sweep.executors import Describer
from ..sweep.plan import (
    Plan,
    RunOptions,
    check_machine,
    check_memory,
    check_study,
    count_workers,
    make_plan,
)
from ..sweep.tries import calibrate
from .budget import Budget, RunSeconds, full_runs_in, read_budget
from .case import Case, make_case
from .race import Race

_OF_STUDIES = ("observe_again", "accept_engines", "accept_code_digests")
"""Options of ``run`` that a race does not take: other runs than those it asks for."""
AFTER_SECONDS = 12.0
"""Of a duration, kept for what comes after the last training: costs are timed then."""


@dataclass(frozen=True)
class Prepared:
    """A race before its first training.

    Attributes:
        plan: Every candidate at both lengths.
        budget: As asked for.
        workers: Trainings at once.
        device: Where: ``cpu`` or ``cuda``.
    """

    case: Case
    plan: Plan
    budget: Budget
    margin: float | None
    workers: int
    device: str
    started: float

    @property
    def is_own(self) -> bool:
        """Whether the network brings its own layers."""
        return self.plan.description(self.plan.runs[0]).is_own

    @property
    def short_share(self) -> float:
        """Of a full run, what a short one counts."""
        name = "epochs" if self.case.is_task else "train.epochs"
        return min(int(str(level)) for level in self.case.study.factors[name]) / self.case.epochs

    def most_runs(self, race: Race) -> int:
        """Trainings that a race's budget pays for."""
        num_short = len(self.case.candidates)
        return num_short + max(0, int(race.budget - num_short * self.short_share + 1e-9))

    def registered(self, race: Race) -> StudySpec:
        """The study with what the race is noted with."""
        noted = RaceSpec(
            incumbent=self.case.incumbent,
            margin=self.margin,
            budget=self.budget.text,
            full_runs=race.budget,
        )
        return self.case.study.model_copy(update={"race": noted})

    def race(self, full_runs: float | None, *, has_prior: bool = False) -> Race:
        """The race with a budget in full runs; None: the usual one."""
        return self.case.race(full_runs=full_runs, margin=self.margin, has_prior=has_prior)

    def measured(self, options: RunOptions) -> tuple[float, RunSeconds]:
        """A duration in full runs, by measuring this machine, and what single trainings take.

        Raises:
            SpecError: if it is too short, or nothing is known of the training's time.
        """
        asked = self.budget.seconds
        assert asked is not None
        if self.case.is_task:
            raise SpecError(
                f"budget {self.budget.text}: how long a training of your own takes is not known; "
                "write a number of full trainings such as 7runs, or a percentage"
            )
        cost = RunSeconds.measured(self.plan, calibrate(self.plan, options))
        gone = time.monotonic() - self.started
        full_runs = full_runs_in(
            asked - gone - AFTER_SECONDS,
            cost,
            short_share=self.short_share,
            num_candidates=len(self.case.candidates),
            text=self.budget.text,
        )
        return full_runs, cost


def run_options(options: Mapping[str, Any]) -> RunOptions:
    """The options of a call.

    Raises:
        SpecError: for one that is not known or not valid.
    """
    known = [field.name for field in fields(RunOptions) if field.name not in _OF_STUDIES]
    for name in options:
        if name not in known:
            raise UnknownNameError("option of recommend", name, known)
    return RunOptions(**options)


def prepare(
    model: str | Mapping[str, Any] | Callable[..., Any],
    data: str | None,
    describe: Describer,
    *,
    budget: str | None,
    candidates: Sequence[str] | None,
    incumbent: str | None,
    margin: float | None,
    epochs: int | None,
    overrides: Sequence[str],
    options: RunOptions,
    started: float,
) -> Prepared:
    """All that can be said, and refused, before anything is trained or written.

    The arguments are those of :func:`.run.recommend`; ``started``: when its time began, by
    :func:`time.monotonic`.

    Raises:
        SpecError: if no race can be about that.
        DataError: if the data set is missing or damaged.
    """
    case = make_case(
        model,
        describe,
        dataset=data,
        candidates=candidates,
        incumbent=incumbent,
        epochs=epochs,
        overrides=overrides,
    )
    asked = read_budget(budget, num_candidates=len(case.candidates))
    case.race(full_runs=asked.full_runs, margin=margin, has_prior=False)
    check_study(case.study)
    plan = make_plan(case.study, describe)
    _refuse_aliases(plan)
    runs = plan.distinct_runs
    device = check_machine(runs, options)
    check_memory(plan, runs, options, device=device)
    workers = count_workers(plan, runs, options, device=device)
    workers = min(workers, len(case.candidates))
    return Prepared(case, plan, asked, margin, workers, device, started)


def stored_full_runs(
    store: str | Path | RunStore, ready: Prepared, artifacts: Path | None
) -> float | None:
    """What the same budget of the same race came to before, if the store has that race."""
    if not isinstance(store, RunStore):
        with RunStore.open(store, artifacts=artifacts) as opened:
            return stored_full_runs(opened, ready, None)
    for stored in store.studies():
        if stored.study == ready.case.study.name:
            race = stored.spec.race
            if race is not None and race.budget == ready.budget.text:
                return race.full_runs
    return None


def _refuse_aliases(plan: Plan) -> None:
    """Refuse two names of one network, which would be trained once and compared with itself.

    Raises:
        SpecError: naming them.
    """
    for labels in plan.aliases.values():
        names = " and ".join(dict.fromkeys(spec.activation for spec in labels))
        raise SpecError(f"the candidates {names} are the same network here; leave one of them out")
