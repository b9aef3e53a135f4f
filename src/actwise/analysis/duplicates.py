"""Rows that stand twice in a table: taken for replicates they would make noise look small."""

from collections import Counter
from collections.abc import Sequence

from ..errors import DataError
from .observations import Observations
from .source import Row


def without_shared_runs(rows: Sequence[Row], factors: Sequence[str]) -> list[Row]:
    """Rows of an export, where a run that several studies share has a row in each: once."""
    names = ("run_id", "seed", *factors)
    kept: dict[tuple[object, ...], Row] = {}
    for place, row in enumerate(rows):
        kept.setdefault(tuple(row.get(n) for n in names) if row.get("run_id") else (place,), row)
    return list(kept.values())


def refuse_duplicates(rows: Sequence[Row], observed: Observations, *, name: str) -> None:
    """Refuse a table in which a cell has a seed twice, or which holds all its rows repeatedly.

    Args:
        rows: Those that became runs.
        observed: The runs.
        name: Of the table.

    Raises:
        DataError: naming the first row that stands twice.
    """
    if observed.seeds_R is None:
        _refuse_copies(rows, name)
        return
    seen: set[tuple[int, str]] = set()
    for cell, seed in zip(observed.run_cells.tolist(), observed.seeds_R.tolist(), strict=True):
        if (cell, seed) in seen:
            raise DataError(
                f"{name}: {', '.join(observed.cells[cell])} has more than one row of seed {seed}; "
                "remove the copy, or name with --factors what tells the rows apart"
            )
        seen.add((cell, seed))


def _refuse_copies(rows: Sequence[Row], name: str) -> None:
    """Without seeds single rows may be equal by chance; all of them are not."""
    counts = Counter(tuple((key, str(value)) for key, value in row.items()) for row in rows)
    if counts and min(counts.values()) > 1:
        first = ", ".join(f"{key} {value}" for key, value in next(iter(counts)))
        raise DataError(
            f"{name}: every row stands there more than once, the first is {first}; copies are no "
            "replicates"
        )
