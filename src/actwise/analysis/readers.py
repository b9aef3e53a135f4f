"""Reading banks, CSV files and rows at hand as sources."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..errors import SpecError
from ..store.tables import is_any, parse_where, refuse_unknown
from .bank import Bank, load_bank
from .blocking import Line, apart_sentence, joined, seeds_cross
from .duplicates import refuse_duplicates, without_shared_runs
from .observations import Booleans, Cell, Floats, Observations
from .source import (
    DEFAULT_RESPONSE,
    USUAL_FACTORS,
    Curve,
    Reading,
    Row,
    Source,
    count_flow,
    mean_curves,
    with_factors,
)
from .summaries import summaries
from .table_rows import placed, read_rows


def read_bank(name: str, reading: Reading) -> Source:
    """A shipped bank; it knows its factors, response and direction.

    Raises:
        UnknownNameError: for an unknown bank, factor or level.
        SpecError: if another response is asked for, or a factor that varies is left out.
    """
    bank = load_bank(name)
    if reading.response not in (None, bank.response):
        raise SpecError(f"bank {name} has the response {bank.response}, not {reading.response}")
    citation = f"{bank.title}. Source: {bank.source}"
    if bank.kind == "summaries":
        if reading.where or reading.factors:
            raise SpecError(f"bank {name} holds one row an activation; it has nothing to choose")
        return _of_summaries(bank, citation)
    rows = bank.rows()
    chosen_B = _meeting(rows, reading.where, bank.factors)
    reached_B = _rows_with_response(bank)
    curves: tuple[Curve, ...] = ()
    optimism = None
    published: dict[Cell, float] = {}
    observed = bank.observations().select(chosen_B[reached_B])
    observed = with_factors(observed, reading.factors)
    if bank.kind == "curves":
        curves_RE = bank.curves()[chosen_B & reached_B]
        curves = mean_curves(observed, curves_RE, measure=bank.response)
        published = {
            cell: bank.as_published(curves_RE[observed.run_cells == place])
            for place, cell in enumerate(observed.cells)
        }
        optimism = _optimism(curves_RE, higher_is_better=bank.higher_is_better)
    stopped = np.flatnonzero(chosen_B & ~reached_B)
    flow = count_flow(observed, planned=int(chosen_B.sum()), excluded=len(stopped))
    flow |= {"started": flow["planned"]}
    scope = {"design": bank.design, **_constant_levels(observed)}
    return Source(
        "bank",
        name,
        citation,
        observed,
        flow,
        excluded=tuple(_stopped(bank, rows[row], row) for row in stopped.tolist()),
        scope=scope,
        curves=curves,
        optimism=optimism,
        published=published,
        bank=bank,
    )


def _of_summaries(bank: Bank, citation: str) -> Source:
    found = summaries(bank)
    return Source(
        "bank",
        bank.name,
        citation,
        None,
        {"finished": sum(summary.num_runs for summary in found)},
        excluded=("only their means and standard deviations are published",),
        scope={"design": bank.design},
        summaries=found,
        bank=bank,
    )


def read_file(path: Path, reading: Reading) -> Source:
    """A CSV file, one row a run.

    Raises:
        DataError: if the file cannot be read or lacks a column.
        SpecError: for a condition that is not FIELD=VALUE.
    """
    return read_table_rows(read_rows(path), reading, name=str(path), kind="file")


def read_table_rows(
    rows: Sequence[Row], reading: Reading, *, name: str = "rows", kind: str = "rows"
) -> Source:
    """Rows at hand, one mapping a run, as ``export --what runs`` or a CSV file has them.

    Raises:
        DataError: if a column is missing, a response is no number or an impossible
            accuracy, or a row stands twice.
        SpecError: for a condition that is not FIELD=VALUE, or without a factor.
    """
    placed_rows = placed(rows, table="the table")
    columns = tuple(placed_rows[0]) if placed_rows else USUAL_FACTORS
    response = reading.response or DEFAULT_RESPONSE
    asked = parse_where(reading.where, columns)
    for column, values in asked.items():
        if column != response:
            refuse_unknown(column, values, {row.get(column) for row in placed_rows})
    kept: list[Row] = [
        row for row in placed_rows if all(is_any(row.get(f), v) for f, v in asked.items())
    ]
    factors = reading.factors or tuple(f for f in USUAL_FACTORS if f in columns)
    if not factors:
        raise SpecError(f"{name}: no factor column; name them with --factors")
    kept = without_shared_runs(kept, factors)
    failed = [row for row in kept if row.get("status") == "failed"]
    usable = [row for row in kept if row.get("status") != "failed"]
    observed = Observations.from_rows(
        usable,
        factors=factors,
        response=response,
        higher_is_better=not reading.lower_is_better,
        blocked=seeds_cross(_lines(kept, factors)),
    )
    refuse_duplicates(usable, observed, name=name)
    kept_runs, apart = joined(observed)
    left_out = observed.num_runs - kept_runs.num_runs
    flow = count_flow(kept_runs, planned=len(kept), failed=len(failed), excluded=left_out)
    return Source(
        kind,
        name,
        f"{name}, one row a run",
        kept_runs,
        flow,
        excluded=(apart_sentence(apart),) if apart else (),
        scope=_constant_levels(kept_runs),
    )


def _lines(rows: Sequence[Row], factors: Sequence[str]) -> Iterator[Line]:
    """Rows as the plan that they are where there is no other."""
    for row in rows:
        dataset = str(row.get("dataset")) if "dataset" in factors else "all"
        yield dataset, tuple(str(row.get(name)) for name in factors), row.get("seed")


def _meeting(rows: Sequence[Row], where: Sequence[str], factors: Sequence[str]) -> Booleans:
    """Which rows meet every condition."""
    keep_B = np.ones(len(rows), dtype=np.bool_)
    for name, values in parse_where(where, factors).items():
        column = [row[name] for row in rows]
        refuse_unknown(name, values, set(column))
        keep_B &= [is_any(value, values) for value in column]
    return keep_B


def _stopped(bank: Bank, row: Row, number: int) -> str:
    """Why a row is no run: its curve ends before the epochs that make the response."""
    epochs = int(np.sum(~np.isnan(bank.curves()[number])))
    cell = ", ".join(row[name] for name in bank.factors)
    first, last = bank.curve["first_epoch"], bank.curve["last_epoch"]
    return (
        f"one run of {cell} stopped at epoch {epochs}: it has no {bank.response}, the mean of "
        f"epochs {first} to {last}"
    )


def _rows_with_response(bank: Bank) -> Booleans:
    """Rows of the bank that have a response: of curves, those that reached its epochs."""
    if bank.kind != "curves":
        return np.ones(len(bank.rows()), dtype=np.bool_)
    first, last = bank.curve["first_epoch"], bank.curve["last_epoch"]
    return np.asarray(~np.isnan(bank.curves()[:, first - 1 : last]).any(axis=1))


def _optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    from .findings import selection_optimism

    return selection_optimism(curves_RE, higher_is_better=higher_is_better)


def _constant_levels(observed: Observations) -> dict[str, str]:
    pairs = zip(observed.factors, observed.levels, strict=True)
    return {name: levels[0] for name, levels in pairs if len(levels) == 1}
