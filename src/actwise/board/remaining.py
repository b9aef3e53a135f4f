"""How long the runs that cells lack will take, by those that were trained."""

from collections import defaultdict
from collections.abc import Iterable
from statistics import fmean

from ..store import ProgressPoint, Survey
from .cells import BoardCell


def run_fraction(point: ProgressPoint) -> float | None:
    """How much of a run is done; None where it does not tell how many epochs it will have."""
    if point.num_epochs is None:
        return None
    return (point.epoch - 1 + point.done_fraction) / point.num_epochs


def cell_seconds(cells: Iterable[BoardCell], seen: Survey) -> list[float | None]:
    """Seconds of training that each cell lacks, on one worker; None where nothing tells.

    An epoch takes what it took in the runs of the cell, else of its network, else of all.
    """
    known = list(cells)
    paces: dict[tuple[object, ...], list[float]] = defaultdict(list)
    for place, cell in enumerate(known):
        for pace in _paces(cell, seen):
            for key in ((place,), ("network", cell.network), ()):
                paces[key].append(pace)
    means = {key: fmean(found) for key, found in paces.items()}
    anyhow = means.get(())
    return [
        _lacking(cell, means.get((place,), means.get(("network", cell.network), anyhow)), seen)
        for place, cell in enumerate(known)
    ]


def _paces(cell: BoardCell, seen: Survey) -> Iterable[float]:
    """Seconds an epoch, or a run that does not tell of epochs, of each run that was seen."""
    epochs = cell.num_epochs or 1
    for _, run_id in cell.runs:
        end, points = seen.ends.get(run_id), seen.progress.get(run_id)
        if end is not None and seen.states[run_id].has_result:
            yield end.train_seconds / ((end.num_epochs or 1) if cell.num_epochs else 1)
        elif points and points[-1].seconds_left is not None:
            fraction = run_fraction(points[-1])
            if fraction is not None and fraction < 1:
                yield points[-1].seconds_left / (1 - fraction) / epochs


def _lacking(cell: BoardCell, pace: float | None, seen: Survey) -> float | None:
    left = [_left(run_id, seen) for _, run_id in cell.runs]
    if not any(left):
        return 0.0
    return None if pace is None else pace * (cell.num_epochs or 1) * sum(left)


def _left(run_id: str, seen: Survey) -> float:
    """How much of a run is to be trained; one that failed is not tried again by itself."""
    if seen.states[run_id].status not in ("pending", "running"):
        return 0.0
    points = seen.progress.get(run_id)
    return 1.0 - ((run_fraction(points[-1]) or 0.0) if points else 0.0)


def wall_seconds(seconds: Iterable[float | None], seen: Survey) -> float | None:
    """Seconds that cells lack, with as many runs at once as now; those not known count for none.

    None where nothing tells, or nobody is at work.
    """
    known = [s for s in seconds if s is not None]
    num_at_once = sum(state.owner is not None for state in seen.states.values())
    if not num_at_once or not any(known):
        return None
    longest = max((p[-1].seconds_left or 0.0 for p in seen.progress.values()), default=0.0)
    return max(longest, sum(known) / num_at_once)
