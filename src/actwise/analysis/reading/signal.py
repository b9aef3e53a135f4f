"""Signal flow of runs, where they were probed: responses of claims, and profiles to look at."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

from ...numbers import counted
from ...store.records import ProbeRow
from ..table import Cell, Observations

Probed = Mapping[str, tuple[ProbeRow, ...]]
"""By run id."""

LEAST = 1e-12
"""Of a slope's second moment or a gradient's norm: of what is less the logarithm would be all."""

SIGNAL_RESPONSES = ("probes.log_slope_second_moment", "probes.log_gradient_ratio")
"""One number a run, of its last probe: the mean over sites of log E f'^2; log of the norm of the
gradient at the first site over that at the last."""

PROFILES = {
    "slope_second_moment": "log10 E f'^2",
    "gradient_norm": "log10 of the gradient's norm",
}
"""Quantities of sites that are plotted, with their names."""


@dataclass(frozen=True)
class SignalProfile:
    """A quantity of a cell's sites, over its runs.

    Attributes:
        cell: Levels of the factors.
        quantity: Of :data:`PROFILES`.
        by: ``depth`` of the site after the last epoch; or ``epoch``, mean over sites.
        points: (x, median, least, greatest) over the runs, of decimal logarithms.
    """

    cell: Cell
    quantity: str
    by: str
    points: tuple[tuple[float, float, float, float], ...]


def probed_runs(probes: Probed, datasets: Mapping[str, Any]) -> tuple[Probed, tuple[str, ...]]:
    """The probes of the sites that a swap would replace, of every run that has any.

    Of one data set only of runs measured on equally many images, the most: dead units become
    fewer with each.

    Args:
        probes: Of all places.
        datasets: By run id the data set, None of a training of the user's own.

    Returns:
        With a sentence for each data set of which runs are left out.
    """
    found = {run: _sites(rows) for run, rows in probes.items()}
    images = {run: rows[0].images for run, rows in found.items() if rows and run in datasets}
    most: dict[Any, int] = defaultdict(int)
    for run, number in images.items():
        most[datasets[run]] = max(most[datasets[run]], number)
    kept = {run: found[run] for run, number in images.items() if number == most[datasets[run]]}
    fewer = Counter(datasets[run] for run in images if run not in kept)
    return kept, tuple(
        f"signal flow of {counted(number, 'run')}{f' on {name}' if name else ''}: probed on fewer "
        f"images than the others' {most[name]}"
        for name, number in fewer.items()
    )


def signal_responses(
    probed: Probed, rows: Sequence[Mapping[str, Any]], observed: Observations
) -> dict[str, Observations]:
    """The runs by each of :data:`SIGNAL_RESPONSES`, which is theirs; none without probes."""
    if not probed:
        return {}
    responses = {run: _responses(found) for run, found in probed.items()}
    values = {run: dict(zip(SIGNAL_RESPONSES, r, strict=True)) for run, r in responses.items()}
    nothing = dict.fromkeys(SIGNAL_RESPONSES)
    known = [{**row, **values.get(row["run_id"], nothing)} for row in rows]
    return {
        name: Observations.from_rows(
            known,
            factors=observed.factors,
            response=name,
            validation="validation_accuracy",
            unit="none",
            scope=observed.scope,
        )
        for name in SIGNAL_RESPONSES
    }


def signal_profiles(probed: Probed, cells: Mapping[str, Cell]) -> tuple[SignalProfile, ...]:
    """Of every cell with probes each quantity by depth and by epoch, in the order of ``cells``."""
    by_cell: dict[Cell, list[tuple[ProbeRow, ...]]] = defaultdict(list)
    for run, cell in cells.items():
        if run in probed:
            by_cell[cell].append(probed[run])
    return tuple(
        SignalProfile(cell, quantity, by, points)
        for cell, runs in by_cell.items()
        for quantity in PROFILES
        for by, of_run in (("depth", _by_depth), ("epoch", _by_epoch))
        if (points := _points([dict(of_run(rows, quantity)) for rows in runs]))
    )


def _sites(rows: Sequence[ProbeRow]) -> tuple[ProbeRow, ...]:
    return tuple(row for row in rows if row.place == "site" and row.role in ("activation", "glu"))


def _responses(rows: Sequence[ProbeRow]) -> tuple[float | None, float | None]:
    last = [row for row in rows if row.epoch == rows[-1].epoch]
    slopes = [_log(row.slope_second_moment) for row in last]
    first, end = (_log(row.gradient_norm) for row in (last[0], last[-1]))
    # A site without a number would leave a mean over other sites.
    mean = None if None in slopes else fmean(value for value in slopes if value is not None)
    return mean, None if first is None or end is None else first - end


def _by_depth(rows: Sequence[ProbeRow], quantity: str) -> Iterator[tuple[float, float]]:
    last = [row for row in rows if row.epoch == rows[-1].epoch]
    for place, row in enumerate(last, start=1):
        if (value := _log(getattr(row, quantity))) is not None:
            yield float(place), value / math.log(10)


def _by_epoch(rows: Sequence[ProbeRow], quantity: str) -> Iterator[tuple[float, float]]:
    found: dict[int, list[float | None]] = defaultdict(list)
    for row in rows:
        found[row.epoch].append(_log(getattr(row, quantity)))
    for epoch, values in found.items():
        if None not in values:
            yield float(epoch), fmean(v for v in values if v is not None) / math.log(10)


def _points(runs: Sequence[Mapping[float, float]]) -> tuple[tuple[float, float, float, float], ...]:
    found: dict[float, list[float]] = defaultdict(list)
    for run in runs:
        for x, value in run.items():
            found[x].append(value)
    return tuple((x, median(v), min(v), max(v)) for x, v in sorted(found.items()))


def _log(value: float | None) -> float | None:
    return None if value is None else math.log(max(value, LEAST))
