"""Curves of runs: those in training, and beside them those that ended last."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..numbers import places
from ..store import Curve, RunStore, Survey, read_curves
from .cells import BoardCell, BoardStudy

LOSS = "train_loss"
MOST_PANELS = 6
MOST_LINES = 24
MOST_POINTS = 60
"""Networks, lines of each, and points of each line that a page shows."""


class Curves:
    """Draws up the panels of curves; those of runs that have ended are read once."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str], Curve] = {}

    def panels(self, studies: Iterable[BoardStudy], seen: Survey) -> list[dict[str, Any]]:
        """The networks with the newest runs, each with the newest of its lines."""
        responses = {s.study: s.spec.task.response for s in seen.studies if s.spec.task}
        found = []
        for study in studies:
            measure = responses.get(study.name, LOSS)
            colours = {name: place for place, name in enumerate(_activations(study.cells))}
            for network, cells in _networks(study.cells).items():
                runs = _newest(cells, seen)
                if runs:
                    found.append((runs[0][0], study, measure, colours, network, runs))
        found.sort(key=lambda panel: panel[0], reverse=True)
        self._read([(measure, runs) for _, _, measure, _, _, runs in found[:MOST_PANELS]], seen)
        return [
            {
                "study": study.name,
                "network": network,
                "measure": measure,
                "lines": [
                    {
                        "name": f"{cell.activation} seed {seed}",
                        "activation": cell.activation,
                        "colour": colours[cell.activation],
                        "status": seen.states[run_id].status,
                        "points": self._points(run_id, measure, seen),
                    }
                    for _, cell, seed, run_id in runs
                ],
            }
            for _, study, measure, colours, network, runs in found[:MOST_PANELS]
        ]

    def _read(self, panels: Sequence[tuple[str, list[Any]]], seen: Survey) -> None:
        """Read the curves that are not known; forget those that are shown no more."""
        kept: dict[tuple[str, str], Curve] = {}
        for measure in dict.fromkeys(measure for measure, _ in panels):
            ids = [run[-1] for m, runs in panels if m == measure for run in runs]
            ended = {i: (i, seen.ends[i].recorded_at) for i in ids if i in seen.ends}
            unknown = [i for i, key in ended.items() if key not in self._known]
            read = read_curves(self._store, unknown, measure=measure) if unknown else {}
            kept |= {
                key: _thinned(read[i]) if i in read else self._known[key]
                for i, key in ended.items()
            }
        self._known = kept

    def _points(self, run_id: str, measure: str, seen: Survey) -> Curve:
        if points := seen.progress.get(run_id):
            return _thinned(
                [(p.epoch, p.loss if measure == LOSS else p.metrics.get(measure)) for p in points]
            )
        return self._known.get((run_id, seen.ends[run_id].recorded_at), ())


def _newest(cells: Iterable[BoardCell], seen: Survey) -> list[tuple[str, BoardCell, int, str]]:
    """(when, cell, seed, id) of runs that have a curve; those in training are the newest."""
    found = []
    for cell in cells:
        for seed, run_id in cell.runs:
            if run_id in seen.progress:
                found.append(("now", cell, seed, run_id))
            elif run_id in seen.ends and seen.ends[run_id].num_epochs:
                found.append((seen.ends[run_id].recorded_at, cell, seed, run_id))
    return sorted(found, key=lambda run: run[0], reverse=True)[:MOST_LINES]


def _activations(cells: Iterable[BoardCell]) -> list[str]:
    return list(dict.fromkeys(cell.activation for cell in cells))


def _networks(cells: Iterable[BoardCell]) -> Mapping[str, list[BoardCell]]:
    found: dict[str, list[BoardCell]] = {}
    for cell in cells:
        found.setdefault(cell.network, []).append(cell)
    return found


def _thinned(curve: Iterable[tuple[int, float | None]]) -> Curve:
    """At most so many points, the first and the last among them; in six digits."""
    points = [
        (epoch, None if value is None or abs(value) > 1e30 else float(f"{value:.6g}"))
        for epoch, value in curve
    ]
    return tuple(points[place] for place in places(len(points), MOST_POINTS))
