"""One row a run: levels of the factors, the response, and where there is one the seed.

Everything in ``analysis`` starts here. A *cell* is one combination of levels, as a tuple in the
order of the factors. Shapes: R runs, F factors, C cells.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import UnknownNameError
from ...registry import format_value
from .rows import check_columns, number_in, refuse_impossible, seed_text

Cell = tuple[str, ...]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Observations:
    """The runs of a study, of a bank or of a file.

    Attributes:
        factors: Names of the columns that tell cells apart.
        levels: For each factor its levels, in order of first appearance.
        codes_RF: Position of each run's level in ``levels``.
        response_R: The measured value (percent for accuracies); NaN where a run diverged.
        diverged_R: Whether the run ended with a non-finite loss: a result, not a gap.
        seeds_R: Seed of each run as text, or None where runs are not paired.
        response: Name of the response column.
        dataset_factor: The factor within whose levels the residual variance is pooled, if any.
        focus: The factor that is compared (usually ``activation``).
        higher_is_better: Direction of the response.
        blocked: Whether seeds are blocks; None = where they cross all cells of a data set.
        test_images: Number of test images of each data set, for binomial errors.
        image_halves_R2: The response on either half of the test images, where predictions of all
            completed runs are stored; rules are chosen on one half and scored on the other.
    """

    factors: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    codes_RF: Integers
    response_R: Floats
    diverged_R: Booleans
    seeds_R: NDArray[np.str_] | None = None
    response: str = "test_accuracy"
    dataset_factor: str | None = None
    focus: str = "activation"
    higher_is_better: bool = True
    blocked: bool | None = None
    test_images: Mapping[str, int] | None = None
    image_halves_R2: Floats | None = None

    @classmethod
    def from_rows(
        cls,
        rows: Sequence[Mapping[str, Any]],
        *,
        factors: Sequence[str],
        response: str = "test_accuracy",
        seed: str | None = "seed",
        **settings: Any,
    ) -> Self:
        """Build from mappings (rows of an export, of a CSV, of a store).

        A row whose ``status`` is "diverged" counts as diverged; any other row without a
        response is left out. The seed is used where every row has one. ``settings`` are further
        attributes of this class; ``dataset_factor`` defaults to "dataset" where that is a factor,
        ``focus`` to the last factor where there is no activation.

        Raises:
            DataError: if a column is missing, a response is no number, or an accuracy impossible.
        """
        check_columns(rows, (*factors, response))
        kept = [row for row in rows if _is_diverged(row) or _text(row[response])]
        levels, codes_RF = _encode(kept, factors)
        values = [math.nan if _is_diverged(row) else number_in(row, response) for row in kept]
        refuse_impossible(kept, values, response)
        seeds = [seed_text(row.get(seed)) for row in kept] if seed is not None else []
        if settings.get("focus", "activation") not in factors:
            settings["focus"] = factors[-1]
        settings.setdefault("dataset_factor", "dataset" if "dataset" in factors else None)
        return cls(
            tuple(factors),
            levels,
            codes_RF,
            np.array(values, dtype=np.float64),
            np.array([_is_diverged(row) for row in kept], dtype=np.bool_),
            np.array(seeds) if seeds and all(seeds) else None,
            response=response,
            **settings,
        )

    @property
    def num_runs(self) -> int:
        """Number of finished and diverged runs."""
        return len(self.response_R)

    @cached_property
    def cell_codes(self) -> Integers:
        """Position of each cell's level in ``levels``, a row a cell."""
        order_R, starts_R = self._by_cell
        return self.codes_RF[order_R[starts_R]]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Cells with at least one run, sorted by the order of the levels."""
        return tuple(self.cell_of(codes_F) for codes_F in self.cell_codes)

    @cached_property
    def run_cells(self) -> Integers:
        """Position in ``cells`` of each run."""
        order_R, starts_R = self._by_cell
        positions_R = np.empty(self.num_runs, dtype=np.int64)
        positions_R[order_R] = np.cumsum(starts_R) - 1
        return positions_R

    @cached_property
    def _by_cell(self) -> tuple[Integers, Booleans]:
        """Runs sorted by cell, and where a cell begins: 5 times as fast as np.unique over rows."""
        order_R = np.lexsort(self.codes_RF.T[::-1])
        steps_RF = np.diff(self.codes_RF[order_R], axis=0, prepend=-1)
        return order_R.astype(np.int64), np.asarray(steps_RF.any(axis=1))

    def cell_of(self, codes_F: Integers) -> Cell:
        """The cell with these codes."""
        return tuple(names[code] for names, code in zip(self.levels, codes_F, strict=True))

    def position(self, factor: str) -> int:
        """Place of a factor in a cell.

        Raises:
            UnknownNameError: if there is no such factor.
        """
        if factor not in self.factors:
            raise UnknownNameError("factor", factor, self.factors)
        return self.factors.index(factor)

    def levels_of(self, factor: str) -> tuple[str, ...]:
        """Levels of one factor, in order of first appearance."""
        return self.levels[self.position(factor)]

    def select(self, keep_R: Booleans) -> Self:
        """The runs marked in ``keep_R``; levels that no longer occur are dropped."""
        codes_RF = self.codes_RF[keep_R].copy()
        levels = []
        for column, names in enumerate(self.levels):
            used, codes_RF[:, column] = np.unique(codes_RF[:, column], return_inverse=True)
            levels.append(tuple(names[code] for code in used))
        return replace(
            self,
            levels=tuple(levels),
            codes_RF=codes_RF,
            response_R=self.response_R[keep_R],
            diverged_R=self.diverged_R[keep_R],
            seeds_R=None if self.seeds_R is None else self.seeds_R[keep_R],
            image_halves_R2=None if self.image_halves_R2 is None else self.image_halves_R2[keep_R],
        )

    def where(self, **chosen: str) -> Self:
        """The runs at these levels.

        Raises:
            UnknownNameError: for an unknown factor or level.
        """
        keep_R = np.ones(self.num_runs, dtype=np.bool_)
        for factor, level in chosen.items():
            known = self.levels_of(factor)
            if level not in known:
                raise UnknownNameError(f"level of {factor}", level, known)
            keep_R &= self.codes_RF[:, self.position(factor)] == known.index(level)
        return self.select(keep_R)

    def completed(self) -> Self:
        """The runs that did not diverge."""
        return self._completed

    @cached_property
    def _completed(self) -> Self:
        return self.select(~self.diverged_R)

    def with_response(self, response_R: Floats) -> Self:
        """The same runs with other values (another scale), which are not known on halves."""
        return replace(self, response_R=response_R, image_halves_R2=None)

    def run_datasets(self) -> NDArray[np.str_]:
        """Data set of each run; one common name where there is no such factor."""
        if self.dataset_factor is None:
            return np.full(self.num_runs, "all")
        column = self.position(self.dataset_factor)
        return np.array(self.levels[column] or ("",))[self.codes_RF[:, column]]

    def dataset_of(self, cell: Cell) -> str:
        """Data set of a cell."""
        return "all" if self.dataset_factor is None else cell[self.position(self.dataset_factor)]


def _is_diverged(row: Mapping[str, Any]) -> bool:
    return row.get("status") == "diverged"


def _text(value: Any) -> str:
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if missing:
        return ""
    return format_value(value) if isinstance(value, bool) else str(value)


def _encode(
    rows: Sequence[Mapping[str, Any]], factors: Sequence[str]
) -> tuple[tuple[tuple[str, ...], ...], Integers]:
    codes_RF = np.zeros((len(rows), len(factors)), dtype=np.int64)
    levels = []
    for column, name in enumerate(factors):
        known: dict[str, int] = {}
        for number, row in enumerate(rows):
            codes_RF[number, column] = known.setdefault(_text(row[name]), len(known))
        levels.append(tuple(known))
    return tuple(levels), codes_RF
