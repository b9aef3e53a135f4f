"""Whether seeds are blocks: fixed by what was planned, never by what came out.

Seeds are blocks exactly where the plan crosses them with all cells of every data set. For rows at
hand the rows are the plan, failed and diverged ones included.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable

import numpy as np

from .observations import Cell, Observations

Line = tuple[str, Hashable, Hashable]
"""Data set, cell and seed of a planned run."""


def seeds_cross(plan: Iterable[Line]) -> bool:
    """Whether every cell of a data set is planned at every seed of that data set."""
    found: dict[str, set[tuple[Hashable, Hashable]]] = defaultdict(set)
    for dataset, cell, seed in plan:
        found[dataset].add((cell, seed))
    return all(
        len(pairs) == len({cell for cell, _ in pairs}) * len({seed for _, seed in pairs})
        for pairs in found.values()
    )


def joined(observed: Observations) -> tuple[Observations, tuple[Cell, ...]]:
    """The runs that can be compared where seeds are blocks, and the cells that are left out.

    Chains of shared seeds must join the cells of a data set; a half-finished study may lack them.
    The largest set that is joined stays. Cells that only diverged stay too: they have no mean.
    """
    if not observed.blocked or observed.seeds_R is None:
        return observed, ()
    keep_R = np.ones(observed.num_runs, dtype=np.bool_)
    datasets_R = observed.run_datasets()
    for dataset in dict.fromkeys(datasets_R.tolist()):
        mine = np.flatnonzero((datasets_R == dataset) & ~observed.diverged_R)
        parts = _parts(
            zip(observed.run_cells[mine].tolist(), observed.seeds_R[mine].tolist(), strict=True)
        )
        for cells in sorted(parts, key=len, reverse=True)[1:]:
            keep_R &= ~np.isin(observed.run_cells, list(cells))
    left_out = [observed.cells[place] for place in np.unique(observed.run_cells[~keep_R])]
    return observed.select(keep_R), tuple(left_out)


def apart_sentence(cells: Iterable[Cell]) -> str:
    """Why cells were left out of every comparison."""
    names = "; ".join(", ".join(cell) for cell in cells)
    return f"no chain of shared seeds joins these cells to the others, they are left out: {names}"


def _parts(runs: Iterable[tuple[int, str]]) -> list[set[int]]:
    """Cells that chains of shared seeds join, in the order of their first run."""
    parts: list[tuple[set[int], set[str]]] = []
    for cell, seed in runs:
        touched = [part for part in parts if cell in part[0] or seed in part[1]]
        parts = [part for part in parts if part not in touched]
        cells = {cell}.union(*(part[0] for part in touched))
        seeds = {seed}.union(*(part[1] for part in touched))
        parts.append((cells, seeds))
    return [cells for cells, _ in parts]
