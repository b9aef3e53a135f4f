"""What a race would cost, before anything of it is trained or written."""

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ..sweep.executors import Describer, Nursery
from ..sweep.plan import most_memory_bytes
from .budget import BESIDE_SECONDS, RunSeconds
from .prepared import Prepared, prepare
from .request import RaceRequest


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a race would cost.

    Attributes:
        study: Under which its runs would be filed.
        parameters: Learned values of the network with each candidate; 0 where they are not known.
        budget: In words; ``full_runs``: in trainings of full length.
        most_runs: Trainings that it pays for, ``num_full`` of them of full length.
        num_done: Runs of the first seed that the store holds already.
        seconds: Of the command, at most; None where no rate is known. ``beside_seconds``: of these
            what planning, measuring, the start of workers and the timing of costs take.
        is_measured: Whether this machine was measured.
    """

    study: str
    parameters: Mapping[str, int]
    budget: str
    epochs: int
    short_epochs: int
    full_runs: float
    num_full: int
    most_runs: int
    num_done: int
    workers: int
    memory_bytes: int
    seconds: float | None
    beside_seconds: float
    is_measured: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; docs/json.md has the shape."""
        return asdict(self)


def preview(request: RaceRequest) -> Preview:
    """Plan a race; only a budget in time has single steps trained, to measure this machine.

    Raises:
        SpecError: if no race can be about that.
        DataError: if the data set is missing or damaged.
    """
    request, options = replace(request, is_preview=True), request.options
    with (
        Nursery(threads=options.threads) as nursery,
        Describer(options.data_dir, nursery) as describe,
    ):
        ready = prepare(request, describe)
    race, cost = ready.settled()
    case, plan, is_measured = ready.case, ready.plan, cost is not None
    if cost is None and ready.device == "cpu" and not case.is_task:
        cost = RunSeconds.assumed(plan, workers=ready.workers)
    beside = time.monotonic() - request.started + (cost.beside if cost else BESIDE_SECONDS)
    return Preview(
        study=case.study.name,
        parameters={run.spec.activation: run.parameters for run in plan.cells},
        budget=ready.in_runs(race),
        epochs=case.epochs,
        short_epochs=race.settings.short_epochs,
        full_runs=race.budget,
        num_full=race.settings.most_full,
        most_runs=len(case.candidates) + race.settings.most_full,
        num_done=0 if request.is_new else _num_done(ready),
        workers=ready.workers,
        memory_bytes=most_memory_bytes(plan, plan.distinct_runs),
        seconds=None if cost is None else beside + cost.of_race(race.settings.most_full),
        beside_seconds=beside,
        is_measured=is_measured,
        notes=ready.notes(race),
    )


def _num_done(ready: Prepared) -> int:
    with ready.request.opened() as store:
        states = store.states(run.run_id for run in ready.plan.distinct_runs)
    return sum(state.has_result for state in states.values())
