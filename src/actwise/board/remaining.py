"""How long the runs that cells lack will take, by those that were trained."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from statistics import fmean

from ..store import ProgressPoint, Survey
from .cells import BoardCell, BoardStudy


def run_fraction(point: ProgressPoint) -> float | None:
    """How much of a run is done; None where it does not tell how many epochs it will have."""
    if point.num_epochs is None:
        return None
    return (point.epoch - 1 + point.done_fraction) / point.num_epochs


def cell_seconds(
    cells: Iterable[BoardCell], seen: Survey, *, without: Collection[str] = ()
) -> list[float | None]:
    """Seconds of training that each cell lacks, on one worker; None where nothing tells.

    An epoch takes what it took in the runs of the cell, else of its network, else of all. What
    runs ``without`` lack counts for nothing.
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
        _lacking(
            cell,
            means.get((place,), means.get(("network", cell.network), anyhow)),
            [_left(run_id, seen) for _, run_id in cell.runs if run_id not in without],
        )
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


def _lacking(cell: BoardCell, pace: float | None, left: Sequence[float]) -> float | None:
    if not any(left):
        return 0.0
    return None if pace is None else pace * (cell.num_epochs or 1) * sum(left)


def _left(run_id: str, seen: Survey) -> float:
    """How much of a run is to be trained; one that failed is not tried again by itself."""
    if seen.states[run_id].status not in ("pending", "running"):
        return 0.0
    points = seen.progress.get(run_id)
    return 1.0 - ((run_fraction(points[-1]) or 0.0) if points else 0.0)


def wall_seconds(studies: Iterable[BoardStudy], seen: Survey) -> tuple[float | None, bool]:
    """Seconds that studies lack, with as many runs at once as now; a run of several counts once.

    None where nothing tells, nothing is left or nobody is at work. The second value: whether it
    takes longer than that, since of some cells nothing tells.
    """
    taken, seconds = set[str](), list[float | None]()
    for study in studies:
        seconds += cell_seconds(study.cells, seen, without=taken)
        taken |= {run_id for cell in study.cells for _, run_id in cell.runs}
    known = [s for s in seconds if s is not None]
    num_at_once = sum(state.owner is not None for state in seen.states.values())
    if not num_at_once or not any(known):
        return None, None in seconds
    longest = max((p[-1].seconds_left or 0.0 for p in seen.progress.values()), default=0.0)
    return max(longest, sum(known) / num_at_once), None in seconds
