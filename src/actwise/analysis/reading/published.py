"""Reading a bank: what others measured, as it was published."""

from collections.abc import Sequence

import numpy as np

from ...errors import SpecError
from ...store.tables import is_any, parse_where, refuse_unknown
from ..table import Booleans, Cell
from .bank import Bank, load_bank, summaries
from .curves import LearningCurve, mean_curves, selection_optimism
from .selection import Row, Selection
from .study_results import StudyResults, constant_levels, count_flow, refuse_left_out


def read_bank(name: str, selection: Selection) -> StudyResults:
    """A shipped bank; it knows its factors, response and direction.

    Raises:
        UnknownNameError: for an unknown bank, factor or level.
        SpecError: if another response is asked for, or a factor that varies is left out.
    """
    bank = load_bank(name)
    if selection.response not in (None, bank.response):
        raise SpecError(f"bank {name} has the response {bank.response}, not {selection.response}")
    citation = f"{bank.title}. Source: {bank.source}"
    if bank.kind == "summaries":
        if selection.where or selection.factors:
            raise SpecError(f"bank {name} holds one row an activation; it has nothing to choose")
        return _of_summaries(bank, citation)
    rows = bank.rows()
    chosen_B = _meeting(rows, selection.where, bank.factors)
    reached_B = _rows_with_response(bank)
    curves: tuple[LearningCurve, ...] = ()
    optimism = None
    published: dict[Cell, float] = {}
    observed = bank.observations().select(chosen_B[reached_B])
    if selection.factors:
        kept = observed.only(selection.factors)
        refuse_left_out(dict(zip(observed.factors, observed.levels, strict=True)), kept.factors)
        observed = kept
    if bank.kind == "curves":
        curves_RE = bank.curves()[chosen_B & reached_B]
        curves = mean_curves(observed, curves_RE, measure=bank.response)
        published = {
            cell: bank.as_published(curves_RE[observed.run_cells == place])
            for place, cell in enumerate(observed.cells)
        }
        optimism = selection_optimism(curves_RE, higher_is_better=bank.higher_is_better)
    stopped = np.flatnonzero(chosen_B & ~reached_B)
    flow = count_flow(observed, planned=int(chosen_B.sum()), excluded=len(stopped))
    flow |= {"started": flow["planned"]}
    scope = {"design": bank.design, **constant_levels(observed)}
    return StudyResults(
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


def _of_summaries(bank: Bank, citation: str) -> StudyResults:
    found = summaries(bank)
    return StudyResults(
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
    return np.asarray(~np.isnan(bank.window(bank.curves())).any(axis=1))
