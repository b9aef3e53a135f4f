"""Runs whose batch norms evaluate at other variances than they have learned, by their probes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from ...numbers import counted, number
from ...store.records import ProbeRow, is_shifted
from ..table import Cell
from .selection import Row
from .signal import Probed


def shifted_cells(
    probes: Probed, rows: Sequence[Row], cells: Mapping[str, Cell]
) -> tuple[str, ...]:
    """Cells with such runs, each with what re-estimated statistics make of their accuracy."""
    known = {run: _last_ratios(found) for run, found in probes.items()}
    by_cell: dict[Cell, list[Row]] = defaultdict(list)
    for row in rows:
        if row["status"] == "finished" and known.get(row["run_id"]):
            by_cell[cells[row["run_id"]]].append(row)
    return tuple(
        _said(cell, found, known)
        for cell, found in by_cell.items()
        if any(is_shifted(known[row["run_id"]]) for row in found)
    )


def _said(cell: Cell, rows: Sequence[Row], known: Mapping[str, Sequence[float]]) -> str:
    shifted = [row for row in rows if is_shifted(known[row["run_id"]])]
    least = min(min(known[row["run_id"]]) for row in shifted)
    return (
        f"{', '.join(cell)}: {len(shifted)} of {counted(len(rows), 'run')}, down to "
        f"{number(least, 2)} of the variance learned{''.join(_reestimated(shifted))}"
    )


def _reestimated(rows: Sequence[Row]) -> Iterator[str]:
    pairs = [(row["test_accuracy"], row["reestimated_accuracy"]) for row in rows]
    if all(value is not None for pair in pairs for value in pair):
        usual, again = (number(fmean(values), 1) for values in zip(*pairs, strict=True))
        yield f", test accuracy {usual} %, re-estimated {again} %"


def _last_ratios(rows: Sequence[ProbeRow]) -> list[float]:
    return [
        row.variance_ratio
        for row in rows
        if row.place == "norm" and row.epoch == rows[-1].epoch and row.variance_ratio is not None
    ]
