"""The form of the paper's Tables 3 and 4: a grid a data set, activations by everything else.

Rows are activations; columns are the combinations of all other factors, regularization first, so
that the networks stand side by side as in the paper.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..analysis import Setting, Table, TableCell
from .paper import paper_accuracy
from .wording import printable, setting_text


@dataclass(frozen=True)
class Entry:
    """A cell in its place.

    Attributes:
        paper: The paper's accuracy in percent, where it has this cell.
        is_best: Whether its mean is the highest of its column. Never with diverged or failed runs,
            since the mean of those that survive flatters; never without a rival.
    """

    cell: TableCell
    paper: float | None
    is_best: bool


@dataclass(frozen=True)
class Column:
    """One column.

    Attributes:
        heading: A line for each factor, ready to print.
        entries: One for each row of the grid; None where the design has no cell.
    """

    heading: tuple[str, ...]
    entries: tuple[Entry | None, ...]


@dataclass(frozen=True)
class Grid:
    """The results on one data set; names are ready to print."""

    dataset: str
    activations: tuple[str, ...]
    columns: tuple[Column, ...]


def make_grids(table: Table) -> list[Grid]:
    """One grid for each data set, in the order of the study."""
    return [_grid(table, dataset) for dataset in table.levels.get("dataset", ())]


def _grid(table: Table, dataset: object) -> Grid:
    cells = [cell for cell in table.cells if cell["dataset"] == dataset]
    activations = [
        a for a in table.levels["activation"] if any(c["activation"] == a for c in cells)
    ]
    factors = _column_factors(table)
    groups: dict[tuple[Setting, ...], dict[Setting, TableCell]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell[f] for f in factors), {})[cell["activation"]] = cell
    ranks = {f: {level: rank for rank, level in enumerate(table.levels[f])} for f in factors}
    order = sorted(groups, key=lambda key: [ranks[f][v] for f, v in zip(factors, key, strict=True)])
    columns = (
        Column(
            heading=tuple(_headings(factors, key)),
            entries=_entries([groups[key].get(a) for a in activations]),
        )
        for key in order
    )
    names = tuple(printable(str(a)) for a in activations)
    return Grid(printable(str(dataset)), names, tuple(columns))


def _column_factors(table: Table) -> tuple[str, ...]:
    first = ("regularization", "model")
    return (*first, *(f for f in table.factors if f not in ("dataset", "activation", *first)))


def _headings(factors: Sequence[str], values: Sequence[Setting]) -> Iterator[str]:
    """The network above its regularization, then what else differs, with its name."""
    regularization, model, *others = values
    yield printable(str(model))
    yield printable(str(regularization))
    for factor, value in zip(factors[2:], others, strict=True):
        yield f"{factor.removeprefix('train.')}={setting_text(value)}"


def _entries(cells: Sequence[TableCell | None]) -> tuple[Entry | None, ...]:
    rivals = [mean for cell in cells if cell and (mean := _rival_mean(cell)) is not None]
    best = max(rivals) if len(rivals) > 1 else None
    return tuple(
        None if cell is None else Entry(cell, paper_accuracy(cell), _is_best(cell, best))
        for cell in cells
    )


def _rival_mean(cell: TableCell) -> float | None:
    return None if cell.num_diverged or cell.num_failed else cell.mean


def _is_best(cell: TableCell, best: float | None) -> bool:
    mean = _rival_mean(cell)
    # Equal accuracies may differ in the last bit of their mean: both are best.
    return mean is not None and best is not None and math.isclose(mean, best, abs_tol=1e-9)
