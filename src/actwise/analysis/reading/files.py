"""Reading CSV files and rows at hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from ...errors import DataError, SpecError
from ...numbers import counted
from ...rows import (
    ENDED,
    before,
    check_columns,
    in_our_words,
    in_percent,
    is_not_finite,
    number_key,
    our_name,
    placed,
    read_rows,
    refuse_mixed_units,
    renamed,
    text_of,
    unfinished,
)
from ...store.tables import OUTDATED, SETTING, is_any, parse_where, refuse_unknown
from ..table import SETTINGS, Observations
from .selection import DEFAULT_RESPONSE, USUAL_FACTORS, Row, Selection
from .study_results import StudyResults, constant_levels, count_flow

_Row = TypeVar("_Row", bound=Row)
_VALIDATION = "validation_accuracy"
_COLUMNS = (*SETTINGS, "seed", "run_id", DEFAULT_RESPONSE, _VALIDATION)
"""What we call the columns of a table."""


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
    rows, response, taken = renamed(
        placed(rows, table="the table"),
        (*_COLUMNS, *map(str, selection.factors or ())),
        response=selection.response,
        lower_is_better=selection.lower_is_better,
        preset=selection.preset,
        columns=selection.columns,
        setting=SETTING,
    )
    response = our_name(response, _COLUMNS)
    ours = {theirs: name for name, theirs in taken.columns.items()}
    factors = tuple(our_name(ours.get(name, name), _COLUMNS) for name in selection.factors or ())
    table = in_our_words(
        rows,
        (*factors, response, *_COLUMNS),
        levels=(*factors, *SETTINGS),
    )
    columns = tuple(table[0]) if table else USUAL_FACTORS
    where = (condition.partition("=") for condition in selection.where)
    asked = parse_where([ours.get(n, n) + equals + v for n, equals, v in where], columns)
    for column, values in asked.items():
        if column != response:
            refuse_unknown(column, values, {row.get(column) for row in table})
    meant = [row for row in table if all(is_any(row.get(f), v) for f, v in asked.items())]
    chosen = [row for row in meant if text_of(row.get(OUTDATED)).lower() not in ("true", "on")]
    ended = [row for row in chosen if row.get("status", "finished") in ENDED]
    factors = factors or (_factors(ended or chosen) if table else USUAL_FACTORS)
    if not factors:
        raise SpecError(
            f"{name}: no factor column; name them with ", option=("factors=[...]", "--factors")
        )
    check_columns(chosen, (*factors, response))
    kept = without_shared_runs(chosen, factors, response)
    runs = [row for row in kept if row.get("status", "finished") in ("finished", "diverged")]
    lost = [row for row in runs if taken.program and is_not_finite(row[response])]
    for row in lost:
        row["status"] = "diverged"
    usable = [row for row in runs if row.get("status") == "diverged" or text_of(row[response])]
    refuse_empty_levels(usable, factors)
    fractions = in_percent(usable, (response, _VALIDATION))
    observed = Observations.from_rows(
        usable,
        factors=factors,
        response=response,
        validation=_VALIDATION,
        higher_is_better=not selection.lower_is_better,
        scope=_shared_settings(kept, factors),
    )
    for column in (response, _VALIDATION):
        refuse_mixed_units([row for row in usable if row.get("status") != "diverged"], column)
    refuse_duplicates(usable, observed, name=name)
    failed = sum(row.get("status") == "failed" for row in kept)
    left_out = [*unfinished(kept)]
    if empty := len(runs) - len(usable):
        left_out.append(f"{counted(empty, 'finished run')} without {response}")
    if num_outdated := len(meant) - len(chosen):
        left_out.append(f"{counted(num_outdated, 'run')} of older code or data (outdated)")
    return StudyResults(
        kind,
        name,
        f"{name}, one row a run",
        observed,
        count_flow(
            observed, planned=len(kept), failed=failed, excluded=len(kept) - failed - len(runs)
        ),
        excluded=tuple(left_out),
        scope={**observed.scope, **constant_levels(observed)},
        taken=replace(taken, fractions=fractions, not_finite=len(lost)),
    )


def _factors(rows: Sequence[Row]) -> tuple[str, ...]:
    """The usual ones, and every other setting that differs: nothing is averaged over it."""
    own = (name for name in (rows[0] if rows else ()) if name.startswith(SETTING))
    differing = (n for n in (*SETTINGS, *own) if len({str(row.get(n)) for row in rows}) > 1)
    columns = dict.fromkeys((*USUAL_FACTORS[:-1], *differing, USUAL_FACTORS[-1]))
    return tuple(name for name in columns if rows and name in rows[0])


def _shared_settings(rows: Sequence[Row], factors: Sequence[str]) -> dict[str, object]:
    """Columns that are settings of a training, beside the factors, and have one value."""
    found = {}
    for name in SETTINGS:
        values = {text_of(row.get(name)): row.get(name) for row in rows}
        if name not in factors and len(values) == 1 and "" not in values:
            found[name] = values.popitem()[1]
    return found


def without_shared_runs(rows: Sequence[_Row], factors: Sequence[str], response: str) -> list[_Row]:
    """Rows of an export, where a run that several studies share has a row in each: once.

    Raises:
        DataError: naming a run whose rows give two results.
    """
    names = ("run_id", "seed", *factors)
    kept: dict[tuple[object, ...], _Row] = {}
    results: dict[object, Row] = {}
    for place, row in enumerate(rows):
        run_id = row.get("run_id")
        kept.setdefault(tuple(row.get(n) for n in names) if run_id else (place,), row)
        first = results.setdefault(run_id or (place,), row)
        if number_key(first[response]) != number_key(row[response]):
            raise DataError(
                f"{before(row)}{response}={row[response]} of run {run_id}, which has "
                f"{first[response]} in another row; keep the right one"
            )
    return list(kept.values())


def refuse_empty_levels(rows: Sequence[Row], factors: Sequence[str]) -> None:
    """Refuse a row that does not say its level; a setting of ``[train]`` may be absent.

    Raises:
        DataError: naming the place and the factor.
    """
    for row in rows:
        for factor in factors:
            if not text_of(row[factor]) and not factor.startswith("train."):
                raise DataError(f"{before(row)}{factor} is empty; fill in the level")


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
    seen: dict[tuple[int, str], Row] = {}
    runs = zip(observed.run_cells.tolist(), observed.seeds_R.tolist(), rows, strict=True)
    for cell, seed, row in runs:
        first = seen.setdefault((cell, seed), row)
        if first is not row:
            both = " and ".join(f"{before(r)}{r[observed.response]}" for r in (first, row))
            cell_name = ", ".join(observed.cells[cell])
            said = f"{name}: {cell_name} has more than one row of seed {seed} ({both}); "
            activation = USUAL_FACTORS[-1]
            if activation not in row:
                raise DataError(
                    f"{said}no column is called {activation}: name the one that is by ",
                    option=(f'columns={{"{activation}": ...}}', f"--map {activation}=COLUMN"),
                )
            raise DataError(
                f"{said}remove the copy, or name what tells the rows apart by ",
                option=("factors=[...]", "--factors"),
            )


def _refuse_copies(rows: Sequence[Row], name: str) -> None:
    """Without seeds single rows may be equal by chance; all of them are not."""
    counts = Counter(tuple((key, str(value)) for key, value in row.items()) for row in rows)
    if counts and min(counts.values()) > 1:
        first = ", ".join(f"{key} {value}" for key, value in next(iter(counts)))
        raise DataError(
            f"{name}: every row stands there more than once, the first is {first}; copies are no "
            "replicates"
        )
