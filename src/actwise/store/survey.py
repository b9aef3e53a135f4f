"""How the runs of a store stand, of one moment: what somebody sees who looks on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, select

from ..usercode import exception_line
from .database import chunks
from .database.schema import environments, epochs, looks, probes, runs, studies, study_runs
from .plans import StoredRun, StoredStudy, read_planned, read_studies
from .records import unpack_metrics
from .runs import ProgressPoint, RunState, live_owners, read_progress, read_states
from .store import RunStore

Curve = tuple[tuple[int, float | None], ...]
"""(epoch, value), rising; None where the value is not finite."""


@dataclass(frozen=True)
class RunEnd:
    """How a run with a result ended.

    Attributes:
        recorded_at: UTC.
        num_epochs: That it trained.
        reason: The line that tells why it failed; else empty.
    """

    recorded_at: str
    train_seconds: float
    num_epochs: int
    reason: str = ""


@dataclass(frozen=True)
class UsedMachine:
    """A machine as it was recorded, and how many results it has."""

    details: Mapping[str, Any]
    num_runs: int


@dataclass(frozen=True)
class Survey:
    """A store, or one of its studies, at one moment.

    Attributes:
        studies: Specs, by the time of their start.
        planned: By study and in the order of the plan.
        states, ends: By run id.
        progress: Of runs that a living process holds, by run id, epoch by epoch.
        machines: That have results in this store, most first.
        num_looks: Looks at verdicts, by study; None: at the whole store.
        pulses: Of plans, of results and of leases: equal while nothing of them has changed.
    """

    studies: tuple[StoredStudy, ...]
    planned: tuple[StoredRun, ...]
    states: Mapping[str, RunState]
    ends: Mapping[str, RunEnd]
    progress: Mapping[str, tuple[ProgressPoint, ...]]
    machines: tuple[UsedMachine, ...]
    num_looks: Mapping[str | None, int]
    pulses: tuple[object, object, object]


def survey(store: RunStore, study: str | None = None, *, before: Survey | None = None) -> Survey:
    """Look how the runs stand, without reading a blob or a curve.

    Args:
        store: Any, also one that is being written.
        study: Only this one.
        before: An earlier survey of the same: what has not changed is taken from it, and it comes
            back itself where nothing has.

    Raises:
        UnknownNameError: if there is no such study.
    """
    return store.database.read(lambda c: _survey(c, study, before))


def _survey(connection: Connection, study: str | None, before: Survey | None) -> Survey:
    pulses = _pulses(connection)
    if before is None or pulses[0] != before.pulses[0]:
        planned = tuple(read_planned(connection, study))
        before = replace(_NOTHING, studies=tuple(read_studies(connection, study)), planned=planned)
    found = replace(before, num_looks=_num_looks(connection), pulses=pulses)
    if pulses[1] != before.pulses[1]:
        found = replace(found, ends=_ends(connection), machines=_machines(connection))
    if pulses != before.pulses:
        mine = None if study is None else {line.run_id for line in found.planned}
        found = replace(found, states=read_states(connection, mine))
    progress = read_progress(connection)
    owned = [run for run in progress if run in found.states and found.states[run].owner]
    found = replace(found, progress={run: progress[run] for run in owned})
    return before if found == before else found


def read_curves(
    store: RunStore, run_ids: Iterable[str], *, measure: str = "train_loss"
) -> dict[str, Curve]:
    """Curves of runs with a result, by run id.

    ``measure``: a field of an epoch, or what a training of the user's own gave back.
    """
    asked = list(run_ids)
    return store.database.read(lambda c: _curves(c, asked, measure))


def _curves(connection: Connection, run_ids: Sequence[str], measure: str) -> dict[str, Curve]:
    found: dict[str, list[tuple[int, float | None]]] = {run_id: [] for run_id in run_ids}
    for chunk in chunks(found):
        if measure in epochs.c:
            query = select(epochs.c.run_id, epochs.c.epoch, epochs.c[measure])
            of_these = query.where(epochs.c.run_id.in_(chunk)).order_by(epochs.c.epoch)
            for run_id, epoch, value in connection.execute(of_these):
                found[run_id].append((epoch, value))
        else:
            packs = select(probes).where(probes.c.run_id.in_(chunk))
            for run_id, packed in connection.execute(packs):
                found[run_id] += enumerate(unpack_metrics(packed).get(measure, ()), start=1)
    return {run_id: tuple(curve) for run_id, curve in found.items()}


_NOTHING = Survey((), (), {}, {}, {}, (), {}, ((), (), ()))


def _pulses(connection: Connection) -> tuple[object, object, object]:
    """What changes whenever a plan, whenever a result or an attempt, whenever an owner does."""
    plans = select(func.count(), func.max(study_runs.c.asked_at)).select_from(study_runs)
    specs = select(func.count(), func.max(studies.c.started_at)).select_from(studies)
    results = select(
        func.count(),
        func.max(runs.c.recorded_at),
        func.count(runs.c.recorded_at),
        func.sum(runs.c.attempts),
    )
    plan, spec, result = (tuple(connection.execute(q).one()) for q in (plans, specs, results))
    return ((plan, spec), result, live_owners(connection))


def _ends(connection: Connection) -> dict[str, RunEnd]:
    columns = (runs.c.run_id, runs.c.recorded_at, runs.c.train_seconds, runs.c.num_epochs)
    query = select(*columns).where(runs.c.recorded_at.is_not(None))
    found = {
        run_id: RunEnd(at, seconds or 0.0, num_epochs or 0)
        for run_id, at, seconds, num_epochs in connection.execute(query)
    }
    failed = select(runs.c.run_id, runs.c.traceback).where(runs.c.status == "failed")
    for run_id, traceback in connection.execute(failed):
        found[run_id] = replace(found[run_id], reason=exception_line(traceback or ""))
    return found


def _machines(connection: Connection) -> tuple[UsedMachine, ...]:
    count = func.count().label("num_runs")
    query = (
        select(environments.c.details, count)
        .join(runs, runs.c.environment_id == environments.c.environment_id)
        .group_by(environments.c.environment_id, environments.c.details)
        .order_by(count.desc(), environments.c.environment_id)
    )
    return tuple(UsedMachine(json.loads(text), n) for text, n in connection.execute(query))


def _num_looks(connection: Connection) -> dict[str | None, int]:
    query = select(looks.c.study, func.count()).group_by(looks.c.study)
    return {row[0]: row[1] for row in connection.execute(query)}
