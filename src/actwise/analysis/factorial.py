"""Factorial decomposition of the sum of squares, type II by default.

Type II: a term's sum of squares is what it adds to all terms that do not contain it; type III:
what the full model loses without its (sum-coded) columns. With equal numbers of runs in all
cells both are the classical decomposition (Yates 1934; Langsrud 2003). The runs enter through
the cell means and their information matrix, so the work grows with cells, not with runs.

Shapes: C cells, F factors, P columns of a design.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np

from ..errors import SpecError
from .blocks import ROUNDING, fit_additive
from .coding import Term, all_terms, term_columns
from .inference import CellModel, NotEstimableError, fit_cells
from .observations import Cell, Floats, Integers, Observations

Sums = Literal["II", "III"]


@dataclass(frozen=True)
class Effect:
    """One row of the decomposition.

    Attributes:
        factors: Names of the factors, in the order of the table.
        ss: Sum of squares.
        df: Its degrees of freedom; fewer than ``full_df`` where cells are missing.
        full_df: Degrees of freedom with all cells.
        diagonal_C: Diagonal of the term's projection on the cell means (for expected noise).
    """

    factors: tuple[str, ...]
    ss: float
    df: int
    full_df: int
    diagonal_C: Floats

    @property
    def term(self) -> str:
        """Such as ``regularization:activation``."""
        return ":".join(self.factors)


@dataclass(frozen=True)
class Decomposition:
    """All effects of a design and what is left.

    Attributes:
        effects: Every term of the factors with more than one level.
        focus: The compared factor.
        total_ss: Sum of squares of the runs around their mean.
        block_ss: Sum of squares of the seeds (0 without blocks).
        residual_ss, residual_df: Of cell x seed, or within cells; df 0 without replicates.
        sums: "II" or "III".
        cells: The cells with runs.
        missing: Cells of the full crossing without runs.
        is_balanced: Whether all cells have the same number of runs.
    """

    effects: tuple[Effect, ...]
    focus: str
    total_ss: float
    block_ss: float
    residual_ss: float
    residual_df: int
    sums: Sums
    cells: tuple[Cell, ...]
    missing: tuple[Cell, ...]
    is_balanced: bool

    @property
    def focus_effects(self) -> tuple[Effect, ...]:
        """The terms that involve the compared factor."""
        return tuple(effect for effect in self.effects if self.focus in effect.factors)

    @property
    def focus_ss(self) -> float:
        """Sum of squares of everything that involves the compared factor."""
        return sum(effect.ss for effect in self.focus_effects)

    def effect(self, *factors: str) -> Effect:
        """The term of these factors, in any order.

        Raises:
            SpecError: if the design has no such term.
        """
        for effect in self.effects:
            if set(effect.factors) == set(factors):
                return effect
        known = ", ".join(effect.term for effect in self.effects)
        raise SpecError(f"there is no term {':'.join(factors)}; there are {known}")


def decompose(observed: Observations, *, sums: Sums = "II") -> Decomposition:
    """Decompose the sum of squares of the completed runs.

    Seeds are taken out first where they are blocks within each data set.

    Raises:
        NotEstimableError: for type III with missing cells; they are named.
        SpecError: without any completed run.
    """
    done = observed.completed()
    if not done.num_runs:
        raise SpecError("there is no completed run to decompose")
    varying = [f for f in range(len(done.factors)) if len(done.levels[f]) > 1]
    codes_CF = np.unique(done.codes_RF, axis=0)
    missing = missing_cells(done)
    if sums == "III" and missing:
        raise NotEstimableError("the type III decomposition", missing)
    model = fit_cells(done)
    balanced = not missing and len(set(model.counts_C.tolist())) == 1
    design = _Design(
        codes_CF=codes_CF[:, varying],
        num_levels=[len(done.levels[f]) for f in varying],
        root_CC=_information_root(model),
        is_orthogonal=balanced and model.is_orthogonal,
    )
    target_C = design.root_CC @ model.means_C
    # Sums of squares that rounding error alone would give: shares of them would mean nothing.
    smallest = done.num_runs * (ROUNDING * float(np.abs(done.response_R).max())) ** 2

    def squared(values: Floats) -> float:
        found = float(np.sum(values**2))
        return found if found > smallest else 0.0

    effects = []
    for term in all_terms(len(varying)):
        basis_CK = design.basis(term, sums)
        names = tuple(done.factors[varying[f]] for f in term)
        ss = squared(basis_CK.T @ target_C)
        diagonal_C = np.sum(basis_CK**2, axis=1)
        effects.append(Effect(names, ss, basis_CK.shape[1], design.full_df(term), diagonal_C))
    deviations_R = done.response_R - done.response_R.mean()
    within_R = fit_additive(done.run_cells, None, done.response_R).residuals_R
    residual_ss = sum(float(p.fit.residuals_R @ p.fit.residuals_R) for p in model.parts)
    return Decomposition(
        tuple(effects),
        done.focus,
        squared(deviations_R),
        float(within_R @ within_R) - residual_ss,
        residual_ss,
        sum(part.fit.df for part in model.parts),
        sums,
        done.cells,
        missing,
        balanced,
    )


def decompose_by_dataset(observed: Observations, *, sums: Sums = "II") -> dict[str, Decomposition]:
    """One decomposition a data set; with one data set, the same as :func:`decompose`."""
    done = observed.completed()
    names = done.run_datasets()
    found = dict.fromkeys(names.tolist())
    return {name: decompose(done.select(names == name), sums=sums) for name in found}


def missing_cells(observed: Observations) -> tuple[Cell, ...]:
    """Cells of the full crossing of the levels that have no runs."""
    present = set(observed.cells)
    return tuple(cell for cell in product(*observed.levels) if cell not in present)


def _information_root(model: CellModel) -> Floats:
    """A matrix whose cross product is the inverse covariance of the cell means."""
    root_CC = np.zeros((len(model.cells), len(model.cells)))
    for part in model.parts:
        if part.fit.num_seeds and not part.fit.is_connected:
            members = [model.cells[i] for i in part.members_G]
            raise NotEstimableError("the decomposition", members, "no chain of shared seeds joins")
        triangle_GG = np.linalg.cholesky(part.fit.covariance())
        root_CC[np.ix_(part.members_G, part.members_G)] = np.linalg.inv(triangle_GG)
    return root_CC


@dataclass(frozen=True)
class _Design:
    """The columns of the terms, seen through the root of the cells' information matrix."""

    codes_CF: Integers
    num_levels: list[int]
    root_CC: Floats
    is_orthogonal: bool

    def full_df(self, term: Term) -> int:
        return int(np.prod([self.num_levels[f] - 1 for f in term]))

    def basis(self, term: Term, sums: Sums) -> Floats:
        """Orthonormal basis of what a term adds to the others it is adjusted for."""
        own_CK = self._columns([term])
        if not self.is_orthogonal:
            before_CP = _orthonormal(self._adjusted_for(term, sums))
            # Projecting twice keeps the basis orthogonal to rounding error.
            for _ in range(2):
                own_CK = own_CK - before_CP @ (before_CP.T @ own_CK)
        return _orthonormal(own_CK)

    def _adjusted_for(self, term: Term, sums: Sums) -> Floats:
        others = [
            other
            for other in all_terms(len(self.num_levels))
            if other != term and (sums == "III" or not set(term) <= set(other))
        ]
        return self._columns([(), *others])

    def _columns(self, terms: Iterable[Term]) -> Floats:
        parts = [term_columns(term, self.codes_CF, self.num_levels) for term in terms]
        return np.asarray(self.root_CC @ np.hstack(parts))


def _orthonormal(columns_CP: Floats) -> Floats:
    """Orthonormal basis of the column space; shape (C, rank)."""
    from scipy.linalg import qr

    basis_CP, triangle_PP, _ = qr(columns_CP, mode="economic", pivoting=True)
    sizes_P = np.abs(np.diag(triangle_PP))
    return np.asarray(basis_CP[:, sizes_P > 1e-9 * max(1.0, sizes_P.max(initial=0.0))])
