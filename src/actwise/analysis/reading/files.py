"""Reading CSV files and rows at hand."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import DataError, SpecError
from ...numbers import counted
from ...store.tables import is_any, parse_where, refuse_unknown
from ..table import (
    SETTINGS,
    Observations,
    PlacedRow,
    placed,
    read_rows,
    refuse_mixed_units,
    seed_text,
    text_of,
)
from .selection import DEFAULT_RESPONSE, USUAL_FACTORS, Row, Selection
from .study_results import StudyResults, constant_levels, count_flow


def read_file(path: Path, selection: Selection) -> StudyResults:
    """A CSV file, one row a run.

    Raises:
        DataError: if the file cannot be read or lacks a column.
        SpecError: for a condition that is not FIELD=VALUE.
    """
    return read_table_rows(read_rows(path), selection, name=str(path), kind="file")


def read_table_rows(
    rows: Sequence[Row], selection: Selection, *, name: str = "rows", kind: str = "rows"
) -> StudyResults:
    """Rows at hand, one mapping a run, as ``export --what runs`` or a CSV file has them.

    Raises:
        DataError: if a column is missing, a response is no number or an impossible
            accuracy, or a row stands twice.
        SpecError: for a condition that is not FIELD=VALUE, or without a factor.
    """
    placed_rows = placed(rows, table="the table")
    columns = tuple(placed_rows[0]) if placed_rows else USUAL_FACTORS
    response = selection.response or DEFAULT_RESPONSE
    asked = parse_where(selection.where, columns)
    for column, values in asked.items():
        if column != response:
            refuse_unknown(column, values, {row.get(column) for row in placed_rows})
    chosen = [row for row in placed_rows if all(is_any(row.get(f), v) for f, v in asked.items())]
    factors = selection.factors or (_factors(chosen) if placed_rows else USUAL_FACTORS)
    if not factors:
        raise SpecError(f"{name}: no factor column; name them with --factors")
    kept = without_shared_runs([_in_our_words(row) for row in chosen], factors)
    failed = [row for row in kept if row.get("status") == "failed"]
    usable = [row for row in kept if row.get("status", "finished") in ("finished", "diverged")]
    observed = Observations.from_rows(
        usable,
        factors=factors,
        response=response,
        validation="validation_accuracy",
        higher_is_better=not selection.lower_is_better,
        scope=_shared_settings(kept, factors),
    )
    refuse_mixed_units([row for row in usable if row.get("status") != "diverged"], response)
    refuse_duplicates(usable, observed, name=name)
    left_out = len(kept) - len(failed) - len(usable)
    return StudyResults(
        kind,
        name,
        f"{name}, one row a run",
        observed,
        count_flow(observed, planned=len(kept), failed=len(failed), excluded=left_out),
        excluded=tuple(_unfinished(kept)),
        scope={**observed.scope, **constant_levels(observed)},
    )


def _factors(rows: Sequence[Row]) -> tuple[str, ...]:
    """The usual ones, and every other setting that differs: nothing is averaged over it."""
    differing = (n for n in SETTINGS if len({str(row.get(n)) for row in rows}) > 1)
    columns = dict.fromkeys((*USUAL_FACTORS[:-1], *differing, USUAL_FACTORS[-1]))
    return tuple(name for name in columns if rows and name in rows[0])


def _shared_settings(rows: Sequence[Row], factors: Sequence[str]) -> dict[str, object]:
    """Columns that are settings of a training, beside the factors, and have one value."""
    found = {}
    for name in SETTINGS:
        values = {row.get(name) for row in rows}
        if name not in factors and len(values) == 1 and None not in values:
            found[name] = values.pop()
    return found


_WORDS = {"": "finished", "complete": "finished", "completed": "finished"}
"""What other programs call the status of a finished run; one without a status is finished."""


def _in_our_words(row: PlacedRow) -> PlacedRow:
    """The row with its seed and its status as they are compared."""
    changes = {"seed": seed_text(row["seed"])} if "seed" in row else {}
    if "status" in row:
        status = text_of(row["status"]).strip()
        known = status.lower() in ("finished", "diverged", "failed")
        changes["status"] = _WORDS.get(status.lower(), status.lower() if known else status)
    return PlacedRow({**row, **changes}, table=row.table, place=row.place)


def _unfinished(rows: Sequence[Row]) -> Iterator[str]:
    """Runs that some program stopped: what they had reached by then is no result."""
    statuses = Counter(row["status"] for row in rows if "status" in row)
    for status, count in statuses.items():
        if status not in ("finished", "diverged", "failed"):
            yield f"{counted(count, 'run')} not finished but {status}"


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
