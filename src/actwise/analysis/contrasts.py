"""Weights of the contrasts people ask for: differences, gains, means over conditions.

A *condition* is a combination of the levels of all factors but the compared one. A contrast over
conditions gives each the same weight, whatever its number of runs.
"""

from collections.abc import Iterable, Mapping, Sequence

from ..errors import SpecError, UnknownNameError
from .inference import Weights
from .table import Cell

Condition = tuple[tuple[str, str], ...]
"""(factor, level) of every factor but the compared one."""


def conditions(factors: Sequence[str], cells: Iterable[Cell], *, focus: str) -> list[Condition]:
    """Conditions that occur, in the order of the cells."""
    found = (tuple(p for p in zip(factors, cell, strict=True) if p[0] != focus) for cell in cells)
    return list(dict.fromkeys(found))


def cell_at(factors: Sequence[str], condition: Condition, *, focus: str, level: str) -> Cell:
    """The cell of a condition at one level of the compared factor."""
    levels = {**dict(condition), focus: level}
    return tuple(levels[name] for name in factors)


def level_difference(
    factors: Sequence[str],
    cells: Sequence[Cell],
    *,
    factor: str,
    high: str,
    low: str,
    where: Mapping[str, str] | None = None,
) -> dict[Cell, float]:
    """Mean over conditions of (high - low); cells without runs keep their weight.

    Every condition at which either level was run counts; where the other is missing, the model
    refuses the contrast and names it, instead of averaging over what happens to be there.

    Raises:
        UnknownNameError: for a factor or level that does not occur.
        SpecError: if nothing is left by ``where``.
    """
    chosen = _matching(factors, cells, where or {})
    place = _place(factors, factor)
    for level in (high, low):
        if level not in (known := sorted({cell[place] for cell in cells})):
            raise UnknownNameError(f"level of {factor}", level, known)
    run = [cell for cell in chosen if cell[place] in (high, low)]
    if not run:
        raise SpecError(f"neither {high} nor {low} was run at {dict(where or {})}")
    found = conditions(factors, run, focus=factor)
    weights: dict[Cell, float] = {}
    for condition in found:
        weights[cell_at(factors, condition, focus=factor, level=high)] = 1 / len(found)
        weights[cell_at(factors, condition, focus=factor, level=low)] = -1 / len(found)
    return weights


def combine(*terms: tuple[float, Weights]) -> dict[Cell, float]:
    """The sum of multiples of contrasts, such as a difference of two differences."""
    total: dict[Cell, float] = {}
    for factor, weights in terms:
        for cell, weight in weights.items():
            total[cell] = total.get(cell, 0.0) + factor * weight
    return total


def mean_over(cells: Sequence[Cell]) -> dict[Cell, float]:
    """The mean of some cells' means.

    Raises:
        SpecError: if there are none.
    """
    if not cells:
        raise SpecError("a mean over no cells was asked for")
    return {cell: 1 / len(cells) for cell in cells}


def _matching(
    factors: Sequence[str], cells: Sequence[Cell], where: Mapping[str, str]
) -> list[Cell]:
    wanted = [(_place(factors, name), level) for name, level in where.items()]
    return [cell for cell in cells if all(cell[place] == level for place, level in wanted)]


def _place(factors: Sequence[str], name: str) -> int:
    if name not in factors:
        raise UnknownNameError("factor", name, factors)
    return list(factors).index(name)
