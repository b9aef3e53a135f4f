"""The columns of a factorial design's terms, and what each term adds to those before it.

A term's columns are products of one Helmert matrix for each of its factors and of constants for the
others; they span what sum coding spans. Type II: a term is adjusted for all terms that do not
contain it; type III: for all others (Langsrud 2003). Terms with the compared factor see the cells
through the information that is left beside the (condition, seed) blocks, where seeds pair the
levels; the other terms through the numbers of runs. Shapes: C cells, F factors, K columns.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np

from ..model import ConditionFit
from ..table import Booleans, Floats, Integers

Sums = Literal["II", "III"]
SUMS: tuple[Sums, ...] = ("II", "III")

Term = tuple[int, ...]
"""Positions of the factors of a main effect or an interaction."""


@dataclass(frozen=True)
class Design:
    """The cells of some conditions and the factors that vary among them.

    Attributes:
        conditions: Their fits; cells come condition by condition, in the order of its levels.
        codes_CF: Level of each factor in each cell.
        num_levels: Of these factors.
        focus: Position of the compared factor; None where it does not vary.
        sums: Type of the sums of squares.
    """

    conditions: tuple[ConditionFit, ...]
    codes_CF: Integers
    num_levels: tuple[int, ...]
    focus: int | None
    sums: Sums

    @property
    def terms(self) -> Iterator[Term]:
        """Every main effect and interaction, main effects first."""
        for order in range(1, len(self.num_levels) + 1):
            yield from combinations(range(len(self.num_levels)), order)

    def full_df(self, term: Term) -> int:
        """Degrees of freedom of a term with all cells."""
        return int(np.prod([self.num_levels[factor] - 1 for factor in term]))

    @cached_property
    def paired(self) -> Booleans:
        """Whether seeds pair the levels of each condition."""
        return np.array([is_paired(entry) for entry in self.conditions], dtype=np.bool_)

    @cached_property
    def is_balanced(self) -> bool:
        """Whether all cells are there with the same number of runs, and seeds lack nowhere."""
        counts = {count for entry in self.conditions for count in entry.fit.counts_L.tolist()}
        has_all = len(self.codes_CF) == np.prod(self.num_levels)
        complete = all(
            entry.fit.is_complete
            for entry, paired in zip(self.conditions, self.paired, strict=True)
            if paired
        )
        return bool(has_all and len(counts) <= 1 and complete)

    def seen(self, term: Term, values_CK: Floats) -> Floats:
        """Values of the cells multiplied by the root of the information that a term sees."""
        found_CK = np.empty_like(values_CK)
        start = 0
        for entry, paired in zip(self.conditions, self.paired, strict=True):
            part = slice(start, start + len(entry.levels))
            start = part.stop
            if paired and self.focus in term:
                found_CK[part] = self._roots[entry.condition] @ values_CK[part]
            else:
                found_CK[part] = np.sqrt(entry.fit.counts_L)[:, None] * values_CK[part]
        return found_CK

    @cached_property
    def bases(self) -> dict[Term, Floats]:
        """Of what each term adds, orthonormal, as seen through the roots; shape (C, K)."""
        return {term: self._basis(term) for term in self.terms}

    def _basis(self, term: Term) -> Floats:
        own_CK = self.seen(term, self._columns(term))
        if self.is_balanced:
            return np.asarray(own_CK / np.linalg.norm(own_CK, axis=0))
        before_CP = _orthonormal(self.seen(term, self._adjusted_for(term)))
        # Projecting twice keeps the basis orthogonal to rounding error.
        for _ in range(2):
            own_CK = own_CK - before_CP @ (before_CP.T @ own_CK)
        return _orthonormal(own_CK)

    def _adjusted_for(self, term: Term) -> Floats:
        # Blocks take out all that does not involve the compared factor.
        is_within = self.focus in term and bool(self.paired.all())
        others = [
            self._columns(other)
            for other in ((), *self.terms)
            if other != term
            and (self.sums == "III" or not set(term) <= set(other))
            and (self.focus in other or not is_within)
        ]
        return np.hstack([np.zeros((len(self.codes_CF), 0)), *others])

    def _columns(self, term: Term) -> Floats:
        from scipy.linalg import helmert

        columns_CK = np.ones((len(self.codes_CF), 1))
        for factor in term:
            helmert_LK = np.ascontiguousarray(helmert(self.num_levels[factor]).T)
            helmert_CL = helmert_LK[self.codes_CF[:, factor]]
            columns_CK = (columns_CK[:, :, None] * helmert_CL[:, None, :]).reshape(
                len(columns_CK), -1
            )
        return columns_CK

    @cached_property
    def _roots(self) -> dict[object, Floats]:
        """Of each paired condition a symmetric root of its levels' information beside seeds."""
        return {
            entry.condition: _root_of_inverse(entry.fit.inverse_LL)
            for entry, paired in zip(self.conditions, self.paired, strict=True)
            if paired
        }


def is_paired(entry: ConditionFit) -> bool:
    """Whether seeds join all levels of a condition, so that differences are within blocks."""
    return entry.fit.pairs(np.ones(len(entry.levels)))


def make_design(
    conditions: Sequence[ConditionFit], factors: Sequence[str], *, focus: str, sums: Sums
) -> tuple[Design, tuple[str, ...]]:
    """The design of some conditions and the names of its factors; those with one level drop out."""
    cells = [
        {**dict(entry.condition), focus: level} for entry in conditions for level in entry.levels
    ]
    levels = {name: tuple(dict.fromkeys(cell[name] for cell in cells)) for name in factors}
    varying = tuple(name for name in factors if len(levels[name]) > 1)
    codes_CF = np.array(
        [[levels[name].index(cell[name]) for name in varying] for cell in cells], dtype=np.int64
    ).reshape(len(cells), len(varying))
    place = varying.index(focus) if focus in varying else None
    num_levels = tuple(len(levels[name]) for name in varying)
    design = Design(tuple(conditions), codes_CF, num_levels, place, sums)
    return design, varying


def _root_of_inverse(inverse_LL: Floats) -> Floats:
    values_L, vectors_LL = np.linalg.eigh(inverse_LL)
    is_some_L = values_L > 1e-10 * values_L.max(initial=0.0)
    roots_L = np.zeros_like(values_L)
    roots_L[is_some_L] = values_L[is_some_L] ** -0.5
    return np.asarray((vectors_LL * roots_L) @ vectors_LL.T)


def _orthonormal(columns_CP: Floats) -> Floats:
    """Orthonormal basis of the column space; shape (C, rank)."""
    from scipy.linalg import qr

    basis_CP, triangle_PP, _ = qr(columns_CP, mode="economic", pivoting=True)
    sizes_P = np.abs(np.diag(triangle_PP))
    return np.asarray(basis_CP[:, sizes_P > 1e-9 * max(1.0, sizes_P.max(initial=0.0))])
