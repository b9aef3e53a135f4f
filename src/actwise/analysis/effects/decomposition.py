"""Factorial decomposition of the sum of squares, with tests of the terms with the compared factor.

F = SS / E, E what noise alone is expected to add to the term: sum over strata of t s^2, t the trace
of the term's projection on the stratum's cells and s^2 its within error (total error where seeds
pair nothing). With one stratum that is the classical F of the split plot. With several its degrees
of freedom are E^2 / tr(P V P V) and E^2 / sum((t s^2)^2 / df) (Box 1954; Brunner, Dette & Munk
1997). Other terms have sums of squares only. Shapes: C cells, K columns of a term.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np

from ..differences import AdjustedP, adjust
from ..model import ConditionFit, Model, NotEstimableError
from ..model.blocks import ROUNDING
from ..model.distributions import f_upper_tail
from ..table import Cell, Floats
from .cell_errors import CellErrors, cell_errors
from .design import Design, Sums, make_design

MOST_CELLS = 1_500
"""More cells are not decomposed together: it would take minutes."""
_MOST_NAMED = 20


@dataclass(frozen=True)
class TermTest:
    """F test of a term against the error of its strata; ``df1`` and ``df2`` may be fractions."""

    f: float
    df1: float
    df2: float
    p: AdjustedP


@dataclass(frozen=True)
class Effect:
    """One row of a decomposition.

    Attributes:
        factors: Names of the factors, in the order of the table.
        ss, df: Sum of squares and its degrees of freedom; fewer than ``full_df`` where cells are
            missing.
        share: Percent of the part that involves the compared factor; NaN for other terms.
        share_of_total: Percent of the total sum of squares.
        noise_ss: What noise alone is expected to add, under each model of the error as in
            :meth:`Model.estimates`; empty for terms without the compared factor.
        omega_squared: (ss - noise) / (total + noise / df), Hays 1963; NaN without a test.
        test: Of the term; None for other terms, without replicates, and without any variance.
    """

    factors: tuple[str, ...]
    ss: float
    df: int
    full_df: int
    share: float
    share_of_total: float
    noise_ss: tuple[float, ...] = ()
    omega_squared: float = math.nan
    test: TermTest | None = None

    @property
    def term(self) -> str:
        """Such as ``regularization:activation``."""
        return ":".join(self.factors)


@dataclass(frozen=True)
class Decomposition:
    """All effects of a design and what is left.

    Attributes:
        effects: Every term of the factors with more than one level.
        total_ss: Of the runs around their mean.
        focus_ss: Of everything that involves the compared factor.
        noise_ss: What noise alone is expected to add to that, under each model of the error.
        block_ss, within_ss, within_df: Of the seeds inside cells, and of what is left beside them.
        sums: Type of the sums of squares.
        num_missing: Cells of the full crossing without runs.
        is_balanced: Whether all cells have the same number of runs.
    """

    effects: tuple[Effect, ...]
    total_ss: float
    focus_ss: float
    noise_ss: tuple[float, ...]
    block_ss: float
    within_ss: float
    within_df: int
    sums: Sums
    num_missing: int
    is_balanced: bool

    def effect(self, *factors: str) -> Effect | None:
        """The term of these factors, in any order; None if the design has none."""
        return next((row for row in self.effects if set(row.factors) == set(factors)), None)


def decompose(
    models: Sequence[Model],
    conditions: Callable[[ConditionFit], bool] = lambda entry: True,
    *,
    name: str = "all",
    sums: Sums = "II",
) -> tuple[Decomposition, ...]:
    """Decompose the sum of squares of some conditions' runs, on one scale or on several.

    Args:
        models: Of the same runs, one a scale.
        conditions: Which conditions count; each stratum's error stays that of all its runs.
        name: Of what is decomposed, for the family of its tests.
        sums: Type of the sums of squares.

    Returns:
        One decomposition a model; nothing for more than :data:`MOST_CELLS` cells.

    Raises:
        NotEstimableError: for type III with missing cells; the first are named.
    """
    entries = [entry for entry in models[0].conditions if conditions(entry)]
    observed = models[0].observed
    design, factors = make_design(entries, observed.factors, focus=observed.focus, sums=sums)
    if sums == "III" and len(design.codes_CF) < math.prod(design.num_levels):
        missing = islice(_missing(models[0], entries), _MOST_NAMED)
        raise NotEstimableError("the type III decomposition", tuple(missing))
    if len(design.codes_CF) > MOST_CELLS:
        return ()
    return tuple(
        _decompose(model, design, factors, name=f"effects, {name}, {model.scale}")
        for model in models
    )


def _missing(model: Model, entries: Sequence[ConditionFit]) -> Iterator[Cell]:
    """Cells of the full crossing of the levels that have no runs."""
    present = {model.cell_at(e.condition, level) for e in entries for level in e.levels}
    levels = (dict.fromkeys(column) for column in zip(*present, strict=True))
    return (cell for cell in product(*levels) if cell not in present)


def _decompose(model: Model, design: Design, factors: Sequence[str], *, name: str) -> Decomposition:
    fits = {entry.condition: entry for entry in model.conditions}
    entries = [fits[entry.condition] for entry in design.conditions]
    values_R = np.concatenate([e.fit.values_LS[~np.isnan(e.fit.values_LS)] for e in entries])
    centre = float(values_R.mean())
    # Sums of squares that rounding error alone would give: shares of them would mean nothing.
    smallest = len(values_R) * (ROUNDING * float(np.abs(values_R).max())) ** 2
    total_ss = _squared(values_R - centre, smallest)
    errors = cell_errors(model, entries)
    rows = []
    for term in design.terms:
        basis_CK = design.bases[term]
        is_focus = design.focus in term
        means_C = np.concatenate(
            [
                entry.fit.effects_L if is_focus and paired else entry.fit.means_L - centre
                for entry, paired in zip(entries, design.paired, strict=True)
            ]
        )
        ss = _squared(basis_CK.T @ design.seen(term, means_C[:, None])[:, 0], smallest)
        row = Effect(
            tuple(factors[factor] for factor in term),
            ss,
            basis_CK.shape[1],
            design.full_df(term),
            math.nan,
            _percent(ss, total_ss),
        )
        rows.append(_judged(row, basis_CK, errors, total_ss) if is_focus else row)
    focus_ss = math.fsum(row.ss for row in rows if row.noise_ss)
    noise_ss = tuple(
        math.fsum(parts) for parts in zip(*(r.noise_ss for r in rows if r.noise_ss), strict=True)
    )
    rows = [replace(r, share=_percent(r.ss, focus_ss)) if r.noise_ss else r for r in rows]
    within_ss = math.fsum(entry.fit.ss_within for entry in entries)
    return Decomposition(
        tuple(_adjusted(rows, name)),
        total_ss,
        focus_ss,
        noise_ss,
        max(0.0, math.fsum(entry.fit.ss_cells for entry in entries) - within_ss),
        within_ss,
        sum(entry.fit.df_within for entry in entries),
        design.sums,
        math.prod(design.num_levels) - len(design.codes_CF),
        design.is_balanced,
    )


def _judged(row: Effect, basis_CK: Floats, errors: CellErrors, total_ss: float) -> Effect:
    """The row with the noise expected in it and its test, whose p is not adjusted yet."""
    noise_ss = errors.expected(basis_CK)
    if not (errors.is_testable and row.df and noise_ss[-1] > 0):
        return replace(row, noise_ss=noise_ss)
    df1, df2 = errors.degrees(basis_CK)
    f = row.ss / noise_ss[-1]
    p = f_upper_tail(f, df1, df2)
    return replace(
        row,
        noise_ss=noise_ss,
        omega_squared=(row.ss - noise_ss[-1]) / (total_ss + noise_ss[-1] / row.df),
        test=TermTest(f, df1, df2, AdjustedP(p, p, row.term, 1, "none")),
    )


def _adjusted(rows: Sequence[Effect], name: str) -> Iterator[Effect]:
    """The rows with Holm's p over the terms that are tested."""
    p_values = [row.test.p.p if row.test else math.nan for row in rows]
    for row, p in zip(rows, adjust(p_values, family=name, method="holm"), strict=True):
        yield replace(row, test=replace(row.test, p=p)) if row.test else row


def _squared(values: Floats, smallest: float) -> float:
    found = float(np.sum(values**2))
    return found if found > smallest else 0.0


def _percent(part: float, whole: float) -> float:
    return 100.0 * part / whole if whole > 0 else math.nan
