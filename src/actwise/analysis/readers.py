"""Reading banks, CSV files and rows at hand as sources."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..errors import SpecError
from ..store.filters import parse_where
from .bank import Bank, load_bank
from .observations import Booleans, Floats, Observations, read_rows
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
        return Source("bank", name, citation, None, summaries=summaries(bank), bank=bank)
    whole = bank.observations()
    keep_R = _meeting(whole, reading.where)
    observed = with_factors(whole.select(keep_R), reading.factors)
    curves: tuple[Curve, ...] = ()
    optimism = None
    if bank.kind == "curves":
        curves_RE = bank.curves()[_rows_with_response(bank)][keep_R]
        curves = mean_curves(observed, curves_RE, measure=bank.response)
        optimism = _optimism(curves_RE, higher_is_better=bank.higher_is_better)
    flow = count_flow(observed)
    scope = {"design": bank.design, **_constant_levels(observed)}
    return Source(
        "bank",
        name,
        citation,
        observed,
        flow,
        scope=scope,
        curves=curves,
        optimism=optimism,
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
        DataError: if a column is missing, or a response is no number.
        SpecError: for a condition that is not FIELD=VALUE, or without a factor.
    """
    columns = tuple(rows[0]) if rows else USUAL_FACTORS
    asked = parse_where(reading.where, columns)
    kept = [row for row in rows if all(str(row.get(f)) in values for f, values in asked.items())]
    factors = reading.factors or tuple(f for f in USUAL_FACTORS if f in columns)
    if not factors:
        raise SpecError(f"{name}: no factor column; name them with --factors")
    failed = [row for row in kept if row.get("status") == "failed"]
    usable = [row for row in kept if row.get("status") != "failed"]
    observed = Observations.from_rows(
        usable,
        factors=factors,
        response=reading.response or DEFAULT_RESPONSE,
        higher_is_better=not reading.lower_is_better,
    )
    flow = count_flow(observed, planned=len(kept), failed=len(failed))
    return Source(
        kind, name, f"{name}, one row a run", observed, flow, scope=_constant_levels(observed)
    )


def _meeting(observed: Observations, where: Sequence[str]) -> Booleans:
    keep_R = np.ones(observed.num_runs, dtype=np.bool_)
    for name, values in parse_where(where, observed.factors).items():
        column = observed.position(name)
        levels = observed.levels[column]
        codes = [code for code, level in enumerate(levels) if level in values]
        keep_R &= np.isin(observed.codes_RF[:, column], codes)
    return keep_R


def _rows_with_response(bank: Bank) -> Booleans:
    """Rows of the bank that are runs: those that reached the epochs of the response."""
    first, last = bank.curve["first_epoch"], bank.curve["last_epoch"]
    return np.asarray(~np.isnan(bank.curves()[:, first - 1 : last]).any(axis=1))


def _optimism(curves_RE: Floats, *, higher_is_better: bool) -> float:
    from .findings import selection_optimism

    return selection_optimism(curves_RE, higher_is_better=higher_is_better)


def _constant_levels(observed: Observations) -> dict[str, str]:
    pairs = zip(observed.factors, observed.levels, strict=True)
    return {name: levels[0] for name, levels in pairs if len(levels) == 1}
