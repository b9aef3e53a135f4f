"""Factorial decomposition of the sum of squares, type II by default.

Type II: a term's sum of squares is what it adds to all terms that do not contain it; type III:
what the full model loses without its (sum-coded) columns. With equal numbers of runs in all
cells both are the classical decomposition (Yates 1934; Langsrud 2003). The runs enter through
the cell means and their information matrix, so the work grows with cells, not with runs.

Shapes: C cells, F factors, P columns of a design.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from types import MappingProxyType
from typing import Literal

import numpy as np

from ..errors import SpecError
from .blocks import ROUNDING, fit_additive
from .coding import Term, all_terms, term_columns
from .inference import CellModel, NotEstimableError, fit_cells
from .table import Cell, Floats, Integers, Observations

Sums = Literal["II", "III"]
SUMS: tuple[Sums, ...] = ("II", "III")


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
        design: The columns of the terms.
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
    design: "Design"

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


def decompose(
    observed: Observations, *, sums: Sums = "II", like: Decomposition | None = None
) -> Decomposition:
    """Decompose the sum of squares of the completed runs.

    Seeds are taken out first where they are blocks within each data set.

    Args:
        observed: The runs.
        sums: Type of the sums of squares.
        like: The same runs on another scale: its design is this one's.

    Raises:
        NotEstimableError: for type III with missing cells; they are named.
        SpecError: without any completed run.
    """
    done = observed.completed()
    if not done.num_runs:
        raise SpecError("there is no completed run to decompose")
    varying = [f for f in range(len(done.factors)) if len(done.levels[f]) > 1]
    missing = missing_cells(done)
    if sums == "III" and missing:
        raise NotEstimableError("the type III decomposition", missing)
    model = fit_cells(done)
    balanced = not missing and len(set(model.counts_C.tolist())) == 1
    design = like.design if like else _design(model, done, varying, sums, is_balanced=balanced)
    target_C = design.root_CC @ model.means_C
    # Sums of squares that rounding error alone would give: shares of them would mean nothing.
    smallest = done.num_runs * (ROUNDING * float(np.abs(done.response_R).max())) ** 2

    def squared(values: Floats) -> float:
        found = float(np.sum(values**2))
        return found if found > smallest else 0.0

    effects = []
    for term in all_terms(len(varying)):
        basis_CK = design.bases[term]
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
        design,
    )


def decompose_by_dataset(
    observed: Observations,
    *,
    sums: Sums = "II",
    like: Mapping[str, Decomposition] = MappingProxyType({}),
) -> dict[str, Decomposition]:
    """One decomposition a data set; with one data set, the same as :func:`decompose`.

    Args:
        observed: The runs.
        sums: Type of the sums of squares.
        like: The same runs on another scale, by data set.
    """
    done = observed.completed()
    names = done.run_datasets()
    return {
        name: decompose(done.select(names == name), sums=sums, like=like.get(name))
        for name in dict.fromkeys(names.tolist())
    }


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


def _design(
    model: CellModel, done: Observations, varying: list[int], sums: Sums, *, is_balanced: bool
) -> "Design":
    return Design(
        done.cell_codes[:, varying],
        [len(done.levels[f]) for f in varying],
        _information_root(model),
        is_balanced and model.is_orthogonal,
        sums,
    )


@dataclass(frozen=True)
class Design:
    """The columns of the terms, seen through the root of the cells' information matrix.

    Attributes:
        codes_CF: Position of each cell's level of each factor that varies.
        num_levels: Of these factors.
        root_CC: Its cross product is the inverse covariance of the cell means.
        is_orthogonal: Whether no term needs to be adjusted for another.
        sums: "II" or "III".
    """

    codes_CF: Integers
    num_levels: list[int]
    root_CC: Floats
    is_orthogonal: bool
    sums: Sums

    def full_df(self, term: Term) -> int:
        """Degrees of freedom of a term with all cells."""
        return int(np.prod([self.num_levels[f] - 1 for f in term]))

    @cached_property
    def bases(self) -> dict[Term, Floats]:
        """For each term an orthonormal basis of what it adds to those it is adjusted for."""
        return {term: self._basis(term) for term in all_terms(len(self.num_levels))}

    def _basis(self, term: Term) -> Floats:
        own_CK = self._columns[term]
        if not self.is_orthogonal:
            before_CP = _orthonormal(self._adjusted_for(term))
            # Projecting twice keeps the basis orthogonal to rounding error.
            for _ in range(2):
                own_CK = own_CK - before_CP @ (before_CP.T @ own_CK)
        return _orthonormal(own_CK)

    def _adjusted_for(self, term: Term) -> Floats:
        others = [
            columns_CK
            for other, columns_CK in self._columns.items()
            if other != term and (self.sums == "III" or not set(term) <= set(other))
        ]
        return np.hstack(others)

    @cached_property
    def _columns(self) -> dict[Term, Floats]:
        """Columns of the mean and of every term."""
        terms = [(), *all_terms(len(self.num_levels))]
        return {
            term: np.asarray(self.root_CC @ term_columns(term, self.codes_CF, self.num_levels))
            for term in terms
        }


def _orthonormal(columns_CP: Floats) -> Floats:
    """Orthonormal basis of the column space; shape (C, rank)."""
    from scipy.linalg import qr

    basis_CP, triangle_PP, _ = qr(columns_CP, mode="economic", pivoting=True)
    sizes_P = np.abs(np.diag(triangle_PP))
    return np.asarray(basis_CP[:, sizes_P > 1e-9 * max(1.0, sizes_P.max(initial=0.0))])
