"""What the page shows, as data: each part from one survey of the store."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..analysis.table import select_planned
from ..store import RunState, RunStore, StoredRun, Survey, survey
from .cells import BoardStudy, make_studies
from .curves import Curves
from .remaining import cell_seconds, run_fraction, wall_seconds

STATES = ("finished", "diverged", "failed", "running", "pending")
_MARKS = dict(zip(STATES, "fdxrp", strict=True))
_MOST_TROUBLES = 200
_MOST_RUNNING = 48

BoardPart = dict[str, Any]


class Board:
    """Looks at a store again and again, and says what a page of it shows.

    Attributes:
        store: Open, and not written here.
        study, where: What was asked for.
    """

    def __init__(
        self, store: RunStore, study: str | None = None, where: Sequence[str] = ()
    ) -> None:
        self.store = store
        self.study = study
        self.where = tuple(where)
        self._seen: Survey | None = None
        self._plan: Sequence[StoredRun] | None = None
        self._lines: list[StoredRun] = []
        self._studies: tuple[BoardStudy, ...] = ()
        self._curves = Curves(store)

    def read(self) -> dict[str, BoardPart] | None:
        """Every part of the page by its name; None where nothing has changed since the last time.

        Raises:
            ActwiseError: if the store cannot be read, or a study or condition is not known.
        """
        seen = survey(self.store, self.study, before=self._seen)
        if seen is self._seen:
            return None
        if seen.planned is not self._plan:
            self._lines = select_planned(seen.planned, self.where)
            self._studies = make_studies(self._lines)
            self._plan = seen.planned
        self._seen = seen
        return self._parts(_only(seen, {line.run_id for line in self._lines}))

    def has_run(self, run_id: str) -> bool:
        """Whether the page knows this run."""
        return self._seen is not None and run_id in self._seen.states

    @property
    def study_names(self) -> list[str]:
        """Of the studies on the page."""
        return [study.name for study in self._studies]

    def _parts(self, seen: Survey) -> dict[str, BoardPart]:
        seconds = {study.name: cell_seconds(study.cells, seen) for study in self._studies}
        names = _names(self._studies)
        return {
            "summary": self._summary(seen),
            "running": _running(seen, names),
            "curves": {"panels": self._curves.panels(self._studies, seen)},
            "cells": {"studies": [_cells(s, seconds[s.name], seen) for s in self._studies]},
            "troubles": _troubles(seen, names),
            "machines": _machines(seen),
        }

    def _summary(self, seen: Survey) -> BoardPart:
        seconds_left, is_at_least = wall_seconds(self._studies, seen)
        entries = [study_entry(name, self._lines, seen.states) for name in self.study_names]
        looks = seen.num_looks
        return {
            "store": str(self.store),
            "is_read_only": self.store.is_read_only,
            "where": self.where,
            "counts": count_states(seen.states.values()),
            "seconds_left": seconds_left,
            "is_at_least": is_at_least,
            "studies": [
                entry | {"num_looks": looks.get(entry["study"], 0) + looks.get(None, 0)}
                for entry in entries
            ],
        }


def study_entry(
    name: str, planned: Sequence[StoredRun], states: Mapping[str, RunState]
) -> dict[str, Any]:
    """How a study stands: counts of its runs, by status those that are not outdated."""
    lines = [line for line in planned if line.study == name]
    run_ids = {line.run_id for line in lines}
    mine = [states[run_id] for run_id in {line.run_id for line in lines if not line.is_outdated}]
    return {
        "study": name,
        "labelled_runs": len(lines),
        "runs": len(run_ids),
        **{state: number for state, number in count_states(mine).items() if state in STATES},
        "outdated": len(run_ids) - len(mine),
        "put_back": sum(state.is_put_back for state in mine),
        "attempts": sum(states[run_id].attempts for run_id in run_ids),
    }


def time_left(planned: Sequence[StoredRun], seen: Survey) -> tuple[float | None, bool]:
    """Of what is planned: see :func:`.remaining.wall_seconds`."""
    return wall_seconds(make_studies(planned), _only(seen, {line.run_id for line in planned}))


def count_states(states: Iterable[RunState]) -> dict[str, int]:
    """Runs by status, and among the pending ones those that were put back."""
    found = list(states)
    counts: Counter[str] = Counter(state.status for state in found)
    put_back = sum(state.is_put_back for state in found)
    return {**{state: counts[state] for state in STATES}, "put_back": put_back}


def _only(seen: Survey, run_ids: set[str]) -> Survey:
    """The part of a survey that is about some runs."""
    if len(run_ids) == len(seen.states):
        return seen
    return replace(
        seen,
        states={r: s for r, s in seen.states.items() if r in run_ids},
        progress={r: p for r, p in seen.progress.items() if r in run_ids},
    )


def _names(studies: Iterable[BoardStudy]) -> dict[str, tuple[str, str]]:
    """(study, label and seed) of every run, by its first label."""
    found: dict[str, tuple[str, str]] = {}
    for study in studies:
        for cell in study.cells:
            for seed, run_id in cell.runs:
                found.setdefault(run_id, (study.name, f"{cell.name} seed {seed}"))
    return found


def _named(run_id: str, names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    # A run that is in no cell, since its code has changed, has no other name.
    study, name = names.get(run_id, ("", run_id))
    return {"run_id": run_id, "study": study, "name": name}


def _running(seen: Survey, names: Mapping[str, tuple[str, str]]) -> BoardPart:
    held = [state for state in seen.states.values() if state.owner is not None]
    shown = []
    for state in held[:_MOST_RUNNING]:
        points = seen.progress.get(state.run_id, ())
        last = points[-1] if points else None
        values = _named(state.run_id, names) | {
            "owner": str(state.owner),
            "attempts": state.attempts,
        }
        if last is not None:
            values |= {
                "epoch": last.epoch,
                "num_epochs": last.num_epochs,
                "fraction": run_fraction(last),
                "loss": last.loss,
                "images_per_second": last.images_per_second,
                "seconds_left": last.seconds_left,
                "metrics": dict(last.metrics),
            }
        shown.append(values)
    return {"runs": shown, "num_runs": len(held)}


def _cells(study: BoardStudy, seconds: Sequence[float | None], seen: Survey) -> BoardPart:
    """Rows of (levels, a letter a run by seed, seconds left); the letters are of _MARKS."""
    rows = [
        (cell.levels, "".join(_mark(seen.states[run_id]) for _, run_id in cell.runs), left)
        for cell, left in zip(study.cells, seconds, strict=True)
    ]
    return {"study": study.name, "factors": study.factors, "rows": rows}


def _mark(state: RunState) -> str:
    return "b" if state.is_put_back else _MARKS[state.status]


def _troubles(seen: Survey, names: Mapping[str, tuple[str, str]]) -> BoardPart:
    """Runs that diverged, failed or were put back, the newest first."""
    found = []
    for state in seen.states.values():
        end = seen.ends.get(state.run_id)
        if state.is_put_back:
            found.append(("", "put back", str(state.accident), state.run_id))
        elif end and state.status == "failed":
            found.append((end.recorded_at, "failed", end.reason, state.run_id))
        elif end and state.status == "diverged":
            reason = f"its loss was no longer finite in epoch {end.num_epochs}"
            found.append((end.recorded_at, "diverged", reason, state.run_id))
    found.sort(key=lambda trouble: (trouble[0] == "", trouble[0]), reverse=True)
    shown = [
        _named(run_id, names) | {"kind": kind, "reason": reason, "at": at}
        for at, kind, reason, run_id in found[:_MOST_TROUBLES]
    ]
    return {"runs": shown, "num_runs": len(found)}


def _machines(seen: Survey) -> BoardPart:
    drivers = Counter(str(state.owner) for state in seen.states.values() if state.owner)
    return {
        "drivers": [{"owner": owner, "num_runs": n} for owner, n in drivers.most_common()],
        "machines": [
            {
                **{n: m.details.get(n) for n in ("host", "cpu", "logical_cores", "torch")},
                **{
                    n: m.details.get("fingerprint", {}).get(n) for n in ("device", "gpu", "threads")
                },
                "num_runs": m.num_runs,
            }
            for m in seen.machines
        ],
    }
