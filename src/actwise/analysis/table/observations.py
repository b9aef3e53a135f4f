"""One row a run: levels of the factors, the response, and where there is one the seed.

Everything in ``analysis`` starts here. A *cell* is one combination of levels, as a tuple in the
order of the factors. Shapes: R runs, F factors, C cells.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError, UnknownNameError
from ...rows import before, check_columns, number_in, refuse_impossible, seed_text, text_of
from .response import Unit

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
        dataset_factor: The factor that names the data set, if any.
        focus: The factor that is compared (usually ``activation``).
        higher_is_better: Direction of the response.
        strata: Factors whose combinations each have a residual variance of their own; None = those
            that tell networks apart.
        scope: The settings that all runs share, as far as they are known.
        test_images: Number of test images of each data set, where it is known.
        num_classes: Number of classes of each data set, where it is known.
        unit, is_task: Of the response, as in :class:`.Response`.
        validation_R: Validation accuracy of each run, NaN without; None where there is none.
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
    strata: tuple[str, ...] | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)
    test_images: Mapping[str, int] = field(default_factory=dict)
    num_classes: Mapping[str, int] = field(default_factory=dict)
    validation_R: Floats | None = None
    unit: Unit | None = None
    is_task: bool = False

    @classmethod
    def from_rows(
        cls,
        rows: Sequence[Mapping[str, Any]],
        *,
        factors: Sequence[str],
        response: str = "test_accuracy",
        seed: str | None = "seed",
        validation: str | None = None,
        **settings: Any,
    ) -> Self:
        """Build from mappings (rows of an export, of a CSV, of a store).

        A row whose ``status`` is "diverged" counts as diverged; any other row without a
        response is left out. The seed is used where every row has one, and so is the column
        ``validation`` where any row has a value. ``settings`` are further
        attributes of this class; ``dataset_factor`` defaults to "dataset" where that is a factor,
        ``focus`` to the last factor where there is no activation.

        Raises:
            DataError: if a column is missing, a response is no number, or an accuracy impossible.
        """
        check_columns(rows, (*factors, response))
        kept = [row for row in rows if _is_diverged(row) or text_of(row[response])]
        levels, codes_RF = _encode(kept, factors)
        values = [math.nan if _is_diverged(row) else number_in(row, response) for row in kept]
        if settings.get("unit") != "none":
            refuse_impossible(kept, values, response)
        seeds = [seed_text(row.get(seed)) for row in kept] if seed is not None else []
        known = [text_of(row.get(validation)) for row in kept] if validation is not None else []
        if any(known):
            numbers = [
                number_in(row, validation or "") if text else math.nan
                for row, text in zip(kept, known, strict=True)
            ]
            settings["validation_R"] = np.array(numbers)
        if any(seeds) and not all(seeds):
            row = kept[[bool(text) for text in seeds].index(False)]
            raise DataError(
                f"{before(row)}{seed} is empty, and other rows have one: fill it, or drop it"
            )
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
    def cells(self) -> tuple[Cell, ...]:
        """Cells with at least one run, sorted by the order of the levels."""
        order_R, starts_R = self._by_cell
        return tuple(
            tuple(names[code] for names, code in zip(self.levels, codes_F, strict=True))
            for codes_F in self.codes_RF[order_R[starts_R]].tolist()
        )

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
            validation_R=None if self.validation_R is None else self.validation_R[keep_R],
        )

    @cached_property
    def completed(self) -> Self:
        """The runs that did not diverge."""
        return self.select(~self.diverged_R) if self.diverged_R.any() else self

    @cached_property
    def cell_means(self) -> dict[Cell, float]:
        """Mean response of the completed runs of each cell that has any."""
        done = self.completed
        sums_C = np.bincount(done.run_cells, weights=done.response_R, minlength=len(done.cells))
        counts_C = np.bincount(done.run_cells, minlength=len(done.cells))
        return dict(zip(done.cells, (sums_C / counts_C).tolist(), strict=True))

    def only(self, factors: Sequence[str]) -> Self:
        """The same runs with these factors; the caller knows that others tell no cells apart.

        Raises:
            UnknownNameError: if there is no such factor.
        """
        places = [self.position(name) for name in factors]
        has_dataset = self.dataset_factor in factors
        return replace(
            self,
            factors=tuple(factors),
            levels=tuple(self.levels[place] for place in places),
            codes_RF=self.codes_RF[:, places],
            dataset_factor=self.dataset_factor if has_dataset else None,
            focus=self.focus if self.focus in factors else factors[-1],
            strata=None if self.strata is None else tuple(s for s in self.strata if s in factors),
        )

    def with_response(self, response_R: Floats) -> Self:
        """The same runs with other values (another scale)."""
        return replace(self, response_R=response_R)

    def run_datasets(self) -> NDArray[np.str_]:
        """Data set of each run; what all runs share where there is no such factor."""
        if self.dataset_factor is None:
            return np.full(self.num_runs, self._shared_dataset)
        column = self.position(self.dataset_factor)
        return np.array(self.levels[column] or ("",))[self.codes_RF[:, column]]

    def dataset_of(self, cell: Cell) -> str:
        """Data set of a cell."""
        if self.dataset_factor is None:
            return self._shared_dataset
        return cell[self.position(self.dataset_factor)]

    @property
    def _shared_dataset(self) -> str:
        return str(self.scope.get("dataset", "all"))


def _is_diverged(row: Mapping[str, Any]) -> bool:
    return row.get("status") == "diverged"


def _encode(
    rows: Sequence[Mapping[str, Any]], factors: Sequence[str]
) -> tuple[tuple[tuple[str, ...], ...], Integers]:
    codes_RF = np.zeros((len(rows), len(factors)), dtype=np.int64)
    levels = []
    for column, name in enumerate(factors):
        known: dict[str, int] = {}
        for number, row in enumerate(rows):
            codes_RF[number, column] = known.setdefault(text_of(row[name]), len(known))
        levels.append(tuple(known))
    return tuple(levels), codes_RF
