"""What a race would cost, before anything of it is trained or written."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..store import RunStore, is_there
from ..sweep.executors import Describer, Nursery
from ..sweep.plan import RunOptions, most_memory_bytes
from .budget import RunSeconds
from .prepared import Prepared, prepare, run_options, stored_full_runs


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a race would cost.

    Attributes:
        study: Under which its runs would be filed.
        parameters: Learned values of the network with each candidate; 0 where they are not known.
        full_runs: The budget.
        most_runs: Trainings that it pays for, ``num_full`` of them of full length.
        num_done: Runs of the first seed that the store holds already.
        seconds: Of all of them, at most; None where no rate is known.
        is_measured: Whether this machine was measured.
    """

    study: str
    parameters: Mapping[str, int]
    epochs: int
    short_epochs: int
    full_runs: float
    num_full: int
    most_runs: int
    num_done: int
    workers: int
    memory_bytes: int
    seconds: float | None
    is_measured: bool
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; docs/json.md has the shape."""
        return asdict(self)


def preview(
    model: str | Mapping[str, Any] | Callable[..., Any],
    data: str | None = None,
    *,
    store: str | Path | None = None,
    budget: str | None = None,
    candidates: Sequence[str] | None = None,
    incumbent: str | None = "relu",
    margin: float | None = None,
    epochs: int | None = None,
    overrides: Sequence[str] = (),
    artifacts: Path | None = None,
    **options: Any,
) -> Preview:
    """Plan a race; only a budget in time has single steps trained, to measure this machine.

    The arguments are those of :func:`.run.recommend`; ``store``: what is there counts as done.

    Raises:
        SpecError: if no race can be about that.
        DataError: if the data set is missing or damaged.
    """
    started = time.monotonic()
    chosen = run_options(options)
    with (
        Nursery(threads=chosen.threads) as nursery,
        Describer(chosen.data_dir, nursery) as describe,
    ):
        ready = prepare(
            model,
            data,
            describe,
            budget=budget,
            candidates=candidates,
            incumbent=incumbent,
            margin=margin,
            epochs=epochs,
            overrides=overrides,
            options=chosen,
            started=started,
        )
    has_store = store is not None and is_there(store, artifacts=artifacts)
    known = stored_full_runs(store, ready, artifacts) if store is not None and has_store else None
    cost = None
    full_runs = ready.budget.full_runs if known is None else known
    if ready.budget.seconds is not None and full_runs is None:
        full_runs, cost = ready.measured(chosen)
    num_done = _num_done(store, artifacts, ready) if store is not None and has_store else 0
    return _preview(ready, full_runs, cost, chosen, num_done)


def _preview(
    ready: Prepared,
    full_runs: float | None,
    measured: RunSeconds | None,
    options: RunOptions,
    num_done: int,
) -> Preview:
    race, case, plan = ready.race(full_runs), ready.case, ready.plan
    most = ready.most_runs(race)
    num_full = most - len(case.candidates)
    cost = measured
    if cost is None and ready.device == "cpu" and not case.is_task:
        cost = RunSeconds.assumed(plan, workers=ready.workers)
    return Preview(
        study=case.study.name,
        parameters={run.spec.activation: run.parameters for run in plan.cells},
        epochs=case.epochs,
        short_epochs=round(ready.short_share * case.epochs),
        full_runs=race.budget,
        num_full=num_full,
        most_runs=most,
        num_done=num_done,
        workers=ready.workers,
        memory_bytes=most_memory_bytes(plan, plan.distinct_runs),
        seconds=None if cost is None else cost.of_race(num_full),
        is_measured=measured is not None,
        notes=tuple(dict.fromkeys((*plan.notes, *case.notes))),
    )


def _num_done(store: str | Path, artifacts: Path | None, ready: Prepared) -> int:
    with RunStore.open(store, artifacts=artifacts) as opened:
        states = opened.states(run.run_id for run in ready.plan.distinct_runs)
    return sum(state.has_result for state in states.values())
