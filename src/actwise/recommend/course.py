"""The course of a race on a store: every trial an ordinary run, leased and recorded as all are."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace

from ..errors import ActwiseError
from ..numbers import counted
from ..spec import StudySpec, TrainSpec
from ..store import RunStore
from ..store.records import RunRecord, fingerprint_id
from ..sweep.drive import Driver, clear_leftovers
from ..sweep.executors import (
    Describer,
    Nursery,
    StoppedError,
    StopRequest,
    make_executor,
)
from ..sweep.plan import Outcome
from ..sweep.watch import Note, ProgressSink, SweepEnded, SweepStarted
from ..sweep.worker import CostQuestion, make_setup
from .advised import CaseAdvice, apply_line, case_settings
from .costs import Costs, costs_of
from .prepared import Prepared
from .race import Race
from .trials import Trials


class RaceFailedError(ActwiseError):
    """A training of the race failed, and nothing can be said without it."""

    exit_code = 1


@dataclass(frozen=True)
class Course:
    """A race and all that it is run with."""

    ready: Prepared
    race: Race
    nursery: Nursery
    stop: StopRequest
    sink: ProgressSink
    has_costs: bool = True

    def run(self, store: RunStore, describe: Describer) -> CaseAdvice:
        """Train what the race asks for and the store lacks, then say what it says."""
        ready, race = self.ready, self.race
        store.hold_folders()
        study = ready.registered(race)
        clear_leftovers(store)
        trials = Trials(
            race,
            ready.case,
            store,
            study=study,
            describe=describe,
            sink=self.sink,
            retry_failed=ready.request.options.retry_failed,
        )
        num_done = trials.take_up()
        self.sink.emit(
            SweepStarted(
                study=study.name,
                num_runs=len(ready.case.candidates) + race.settings.most_full,
                num_done=num_done,
                workers=ready.workers,
                logs=str(store.logs),
            )
        )
        for note in ready.notes(race):
            self.sink.emit(Note(note))
        if trials:
            self._drive(store, study, trials)
        store.require_in_place()
        self._end(store, trials)
        return self._advised(store, trials)

    def _drive(self, store: RunStore, study: StudySpec, trials: Trials) -> None:
        driver = Driver(
            store,
            trials.runs,
            pending=trials,
            again=frozenset(),
            study=study,
            max_attempts=self.ready.request.options.max_attempts,
            time_left=trials.time_left,
            sink=trials,
        )
        options, workers = self.ready.request.options, self.ready.workers
        setup = make_setup(store, options, workers=workers)
        executor = make_executor(setup, options, self.nursery, workers=workers)
        with self.stop, suppress(KeyboardInterrupt):
            driver.drive(executor, should_stop=lambda: self.stop() or trials.problem is not None)

    def _end(self, store: RunStore, trials: Trials) -> None:
        """Say how the runs stand.

        Raises:
            StoppedError, RaceFailedError: if the race is not over.
        """
        outcome = Outcome.of(store.states(trials.runs).values())
        stop_code = self.stop.exit_code or 1
        code = 1 if trials.problem else 0 if self.race.is_over else stop_code
        self.sink.emit(SweepEnded(**asdict(replace(outcome, exit_code=code))))
        if trials.problem is not None:
            raise RaceFailedError(f"no advice: {trials.problem}")
        if not self.race.is_over:
            done = counted(outcome.finished + outcome.diverged, "training")
            raise StoppedError(
                f"stopped by {self.stop.reason} with {done} done; the same command goes on from "
                "here",
                exit_code=code,
            )

    def _advised(self, store: RunStore, trials: Trials) -> CaseAdvice:
        case, advice = self.ready.case, self.race.advice()
        pick = advice.activation
        records = [store.result(run_id) for run_id in trials.runs]
        return CaseAdvice(
            **{field.name: getattr(advice, field.name) for field in fields(advice)},
            case=case_settings(case),
            apply=pick and apply_line(case, pick, is_own=self.ready.network.is_own),
            costs=None if pick is None else self._costs(),
            notes=(*case.notes, *_mixed(records)),
            study=case.study.name,
            run_ids=tuple(trials.runs),
            train_seconds=sum(record.train_seconds for record in records if record),
        )

    def _costs(self) -> Costs | None:
        """Steps of all candidates, timed when nothing trains any more; none after a stop."""
        case = self.ready.case
        if case.is_task or not self.has_costs or self.stop():
            return None
        run = self.ready.plan.runs[0]
        cell, description = run.spec, self.ready.network
        if (other := _other_than_timed(cell.train)) is not None:
            self.sink.emit(
                Note(
                    "costs are not known: steps are timed in float32 and without compilation, and "
                    f"the race trained with {other}"
                )
            )
            return None
        question = CostQuestion(
            model=cell.model,
            activations=case.candidates,
            incumbent=case.incumbent,
            regularization=cell.regularization,
            width=cell.width,
            input_shape=description.input_shape,
            batch_size=cell.train.batch_size,
            num_classes=description.num_classes,
            device=self.ready.device,
            threads=self.ready.request.options.threads,
        )
        with self.stop:
            try:
                return costs_of(question, self.nursery, stop=self.stop)
            except ActwiseError as error:
                self.sink.emit(Note(f"costs are not known: {error}"))
                return None


def _mixed(records: Sequence[RunRecord | None]) -> list[str]:
    """Says of trainings that ran in several ways what that may add to their differences."""
    where = {
        fingerprint_id(record.environment.get("fingerprint", {})) for record in records if record
    }
    if len(where) < 2:
        return []
    return [
        f"the trainings come from {len(where)} numerics fingerprints (processor, device, "
        "threads or versions), and what that adds to their differences is not in the limit"
    ]


def _other_than_timed(train: TrainSpec) -> str | None:
    """The settings of a training by which its steps take other times than those measured."""
    precision, is_compiled = train.precision, train.compile
    other = [f"train.precision={precision}"] * (precision != "float32")
    other += ["train.compile=true"] * is_compiled
    return " and ".join(other) or None
