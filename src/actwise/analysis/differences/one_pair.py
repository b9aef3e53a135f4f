"""One pair of levels in full (``--contrast A,B``): the mean, and what changes it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from ...errors import UnknownNameError
from ..model import Model, NotEstimableError, Weights
from ..table.conditions import Condition
from ..table.observations import Cell
from .margins import margin_among
from .pairs import Pair, pair_weights
from .sets import difference
from .verdicts import Difference, Judged, by_sign, judge_family


@dataclass(frozen=True)
class ContrastRow:
    """A difference, or a change of a difference, in points.

    Attributes:
        name: Such as ``elu - relu``.
        kind: "mean" over conditions, or "change" by another factor: then better means larger.
        condition: Levels that are fixed.
        judged: The verdict, on the first level.
    """

    name: str
    kind: str
    condition: Condition
    judged: Judged


@dataclass(frozen=True)
class Refusal:
    """A contrast that the runs cannot tell, and the missing cells."""

    name: str
    missing: tuple[Cell, ...]


def one_pair(
    model: Model, pair: Pair, *, margin: float | None = None
) -> tuple[tuple[ContrastRow, ...], tuple[Refusal, ...]]:
    """A minus B on average over conditions, and how each other factor changes it.

    Raises:
        UnknownNameError: for a level that does not occur.
        NotEstimableError: if the two were never run in one condition.
    """
    known = model.observed.levels_of(model.observed.focus)
    for level in pair:
        if level not in known:
            raise UnknownNameError(f"level of {model.observed.focus}", level, known)
    touched = [e.condition for e in model.conditions if set(pair) & set(e.levels)]
    each = {condition: pair_weights(model, condition, *pair) for condition in touched}
    missing = {c: model.missing(w) for c, w in each.items() if model.missing(w)}
    name = f"{pair[0]} - {pair[1]}"
    whole = [condition for condition in touched if condition not in missing]
    if not whole:
        raise NotEstimableError(name, [cell for cells in missing.values() for cell in cells])
    refusals = [
        Refusal(f"{name} at {', '.join(level for _, level in condition)}", cells)
        for condition, cells in missing.items()
    ]
    mean = {c: w / len(touched) for each_one in each.values() for c, w in each_one.items()}
    if missing:
        absent = tuple(cell for cells in missing.values() for cell in cells)
        refusals.insert(0, Refusal(f"{name}, mean over conditions", absent))
    of_kinds: dict[str, list[tuple[str, Condition, Weights]]] = {
        "mean": [] if missing else [(f"{name}, mean over conditions", (), mean)],
        "change": [*_changes(whole, each, name)],
    }
    rows = []
    for kind, asked in of_kinds.items():
        family = [Difference(label, w, margin_among(model, w, margin)) for label, _, w in asked]
        judged = judge_family(model, family, by_sign(f"{name}: {kind}", "holm"))
        rows += [
            ContrastRow(label, kind, condition, found)
            for (label, condition, _), found in zip(asked, judged, strict=True)
        ]
    return tuple(rows), tuple(refusals)


def _changes(
    whole: Sequence[Condition], each: dict[Condition, Weights], name: str
) -> Iterator[tuple[str, Condition, Weights]]:
    """(A - B) at one level of another factor minus the same at another, the rest fixed."""
    for first, second in combinations(whole, 2):
        differing = [pairs for pairs in zip(first, second, strict=True) if pairs[0] != pairs[1]]
        if len(differing) != 1:
            continue
        ((factor, one), (_, other)) = differing[0]
        rest = tuple(entry for entry in first if entry[0] != factor)
        where = f" at {', '.join(level for _, level in rest)}" if rest else ""
        label = f"{name}: {one} - {other}{where}"
        yield label, rest, difference(each[first], each[second])
