"""Orthonormal sum-to-zero columns of the effects of a factorial design.

A term's columns are products of one Helmert matrix for each of its factors and of constants for
the others. With equal numbers of runs in all cells these columns are orthogonal between terms;
always, they span what sum coding spans. Shapes: C cells, K columns of a term.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from .table import Floats, Integers

Term = tuple[int, ...]
"""Positions of the factors of a main effect or an interaction."""


def all_terms(num_factors: int) -> Iterator[Term]:
    """Every main effect and interaction, main effects first."""
    for order in range(1, num_factors + 1):
        yield from combinations(range(num_factors), order)


def helmert(num_levels: int) -> Floats:
    """Orthonormal columns, each summing to zero; shape (levels, levels - 1)."""
    columns = np.zeros((num_levels, num_levels - 1))
    for k in range(1, num_levels):
        columns[:k, k - 1] = 1.0
        columns[k, k - 1] = -k
        columns[:, k - 1] /= np.sqrt(k * (k + 1))
    return columns


def term_columns(term: Term, codes_CF: Integers, num_levels: Sequence[int]) -> Floats:
    """The columns of one term at each cell; shape (C, product of (levels - 1))."""
    columns_CK = np.ones((len(codes_CF), 1))
    for factor in term:
        helmert_CL = helmert(num_levels[factor])[codes_CF[:, factor]]
        columns_CK = (columns_CK[:, :, None] * helmert_CL[:, None, :]).reshape(len(codes_CF), -1)
    return columns_CK
