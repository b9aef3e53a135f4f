"""The model behind every contrast, claim and verdict: cell means and the error of their contrasts.

A contrast that sums to zero over the compared factor in every condition is judged by the within
error of its strata; one activation's mean or gain by the total error inside its cells; what adds
over activations or conditions by one value a seed. Strata combine by Satterthwaite. Levels that
share fewer than two seeds are compared unpaired, by total error.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...errors import SpecError
from ..table.conditions import Condition, cell_at, condition_of
from ..table.observations import Cell, Floats, Observations
from .blocks import ROUNDING
from .chance import LostRuns
from .condition import ConditionFit, own_values, pooled_part
from .estimate import ALPHA, Estimate, satterthwaite
from .percent import is_percent
from .scales import Scale
from .single_runs import KnownError
from .strata import Stratum

Weights = Mapping[Cell, float]
"""A contrast: the weight of each cell mean."""
_ZERO = 1e-9
_NO_NOISE = 1e-6
"""A deviation so small, relative to the responses, is how they were written, not noise."""


class NotEstimableError(SpecError):
    """A contrast asks for what the runs cannot tell; ``missing`` names the cells."""

    def __init__(self, name: str, missing: Sequence[Cell]) -> None:
        self.missing = tuple(missing)
        listed = "; ".join(", ".join(cell) for cell in self.missing)
        super().__init__(f"{name} is not estimable: no runs in {listed}")


@dataclass(frozen=True)
class Model:
    """Cell means and the error of any contrast of them.

    Attributes:
        observed: The runs that count, in points: neither diverged nor stuck.
        scale: Of the means.
        conditions: Every condition with runs.
        strata: The residual variances.
        lost: Cells with diverged or stuck runs.
        known: Known error of each cell's mean, for strata without replicates; empty where the
            response is no percentage, or that of a training of the user's own.
        alpha: Level at which contrasts are judged.
    """

    observed: Observations
    scale: Scale
    conditions: tuple[ConditionFit, ...]
    strata: tuple[Stratum, ...]
    lost: tuple[LostRuns, ...]
    known: Mapping[Cell, KnownError]
    alpha: float = ALPHA

    @cached_property
    def is_percent(self) -> bool:
        """Whether the response is a percentage of accuracy or error."""
        return is_percent(self.observed)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of a cell's entries."""
        return self.observed.factors

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The cells with runs that count."""
        return self.observed.cells

    @cached_property
    def places(self) -> Mapping[Cell, tuple[int, int]]:
        """Of each cell the condition and the level, as positions."""
        focus = self.observed.position(self.observed.focus)
        of_condition = {entry.condition: place for place, entry in enumerate(self.conditions)}
        found = {}
        for cell in self.cells:
            condition = condition_of(self.factors, cell, focus=self.observed.focus)
            place = of_condition[condition]
            found[cell] = (place, self.conditions[place].levels.index(cell[focus]))
        return found

    def cell_at(self, condition: Condition, level: str) -> Cell:
        """The cell of a condition at one level of the compared factor."""
        return cell_at(self.factors, condition, focus=self.observed.focus, level=level)

    def mean(self, cell: Cell) -> Estimate:
        """The plain mean of one cell, with its total error."""
        return self.contrast({cell: 1.0}, name=", ".join(cell))

    def missing(self, weights: Weights) -> tuple[Cell, ...]:
        """Cells with a weight but without runs that count."""
        return tuple(c for c, weight in weights.items() if weight and c not in self.places)

    def contrast(self, weights: Weights, *, name: str = "contrast") -> Estimate:
        """A linear combination of cell means with its standard error, the cautious one.

        Raises:
            NotEstimableError: if a cell with a weight has no runs.
        """
        return self.estimates(weights, name=name)[-1]

    def estimates(self, weights: Weights, *, name: str = "contrast") -> tuple[Estimate, ...]:
        """The contrast under every model of its error: two where single runs have weight.

        Raises:
            NotEstimableError: if a cell with a weight has no runs.
        """
        pieces = self._pieces(weights, name)
        if all(self.strata[self.conditions[p].stratum].has_replicates for p in pieces):
            return (self._estimate(pieces, name, has_run_error=True),)
        return tuple(self._estimate(pieces, name, has_run_error=flag) for flag in (False, True))

    def own(
        self, weights: Weights, *, name: str = "contrast", least_df: float = 0.0
    ) -> Estimate | None:
        """The contrast by its own variance: of its values over seeds, pooled over conditions.

        Conditions of a stratum in which its coefficients are proportional share one variance; the
        parts combine by Satterthwaite; without seeds each cell has a part (Welch). None where a
        condition has fewer than two values, the runs are single, or there are fewer than
        ``least_df`` degrees of freedom.

        Raises:
            NotEstimableError: if a cell with a weight has no runs.
        """
        pieces = self._pieces(weights, name)
        if self._kind(pieces) == "by seed":
            found = self._estimate(pieces, name, has_run_error=True)
            return found if found.is_testable and found.df >= least_df else None
        value = 0.0
        pooled: dict[object, list[tuple[float, Floats]]] = defaultdict(list)
        for place, weights_L in pieces.items():
            entry = self.conditions[place]
            for key, scale, values in own_values(entry, weights_L):
                if len(values) < 2:
                    return None
                value += scale * float(values.mean())
                pooled[entry.stratum, key].append((scale, values))
        variance, df = satterthwaite([pooled_part(rows) for rows in pooled.values()])
        if not df >= least_df:
            return None
        value = self._without_rounding(value, pieces)
        return Estimate(name, value, math.sqrt(variance), df, "own variance", self.alpha)

    def has_no_noise(self, weights: Weights) -> bool:
        """Whether a stratum with a weight has replicates that all agree, up to rounding."""
        return self._touches(self._without_noise, weights)

    def is_single(self, weights: Weights) -> bool:
        """Whether a cell with a weight lies in a stratum without replicates."""
        return self._touches(self._without_replicates, weights)

    @cached_property
    def shifts(self) -> Mapping[Cell, float]:
        """What lost runs at chance accuracy would add to the mean of each cell that has some."""
        return {row.cell: row.shift for row in self.lost}

    def shift(self, weights: Weights) -> float:
        """What lost runs at chance accuracy would add to a contrast; NaN where it is not known."""
        return math.fsum(w * self.shifts[c] for c, w in weights.items() if w and c in self.shifts)

    def touches_lost(self, weights: Weights) -> tuple[LostRuns, ...]:
        """Cells with a weight that have diverged or stuck runs."""
        return tuple(row for row in self.lost if weights.get(row.cell))

    def _touches(self, strata: frozenset[int], weights: Weights) -> bool:
        """Whether a cell with a weight lies in one of these strata."""
        return bool(strata) and any(
            weight and self.conditions[self.places[cell][0]].stratum in strata
            for cell, weight in weights.items()
        )

    @cached_property
    def _without_noise(self) -> frozenset[int]:
        least = _NO_NOISE * float(np.abs(self.observed.response_R).max(initial=0.0))
        return frozenset(
            place
            for place, stratum in enumerate(self.strata)
            if any(error.sd <= least for error in (stratum.within, stratum.total) if error.df)
        )

    @cached_property
    def _without_replicates(self) -> frozenset[int]:
        return frozenset(p for p, stratum in enumerate(self.strata) if not stratum.has_replicates)

    def _pieces(self, weights: Weights, name: str) -> dict[int, Floats]:
        """Weights by condition."""
        if missing := self.missing(weights):
            raise NotEstimableError(name, missing)
        pieces: dict[int, Floats] = {}
        for cell, weight in weights.items():
            if weight:
                place, level = self.places[cell]
                if place not in pieces:
                    pieces[place] = np.zeros(len(self.conditions[place].levels))
                pieces[place][level] += weight
        return pieces

    def _kind(self, pieces: Mapping[int, Floats]) -> str:
        sums = [float(weights_L.sum()) for weights_L in pieces.values()]
        if all(abs(total) < _ZERO for total in sums):
            return "within"
        levels = {
            self.conditions[place].levels[level]
            for place, weights_L in pieces.items()
            for level in np.flatnonzero(weights_L)
        }
        num_cells = sum(np.count_nonzero(weights_L) for weights_L in pieces.values())
        if len(levels) == 1 and (num_cells == 1 or abs(math.fsum(sums)) < _ZERO):
            return "total"
        return "by seed"

    def _estimate(
        self, pieces: Mapping[int, Floats], name: str, *, has_run_error: bool
    ) -> Estimate:
        kind = self._kind(pieces)
        value, parts = 0.0, list[tuple[float, float]]()
        factors: dict[tuple[int, str], float] = defaultdict(float)
        for place, weights_L in pieces.items():
            entry = self.conditions[place]
            fit, stratum = entry.fit, self.strata[entry.stratum]
            if not stratum.has_replicates:
                value += float(weights_L @ fit.means_L)
                parts += self._known_parts(entry, weights_L, has_run_error=has_run_error)
            elif kind == "within" and fit.pairs(weights_L):
                value += float(weights_L @ fit.effects_L)
                factors[entry.stratum, "within"] += float(weights_L @ fit.inverse_LL @ weights_L)
            else:
                value += float(weights_L @ fit.means_L)
                factors[entry.stratum, "total"] += float(np.sum(weights_L**2 / fit.counts_L))
        value = self._without_rounding(value, pieces)
        has_seeds = all(self.conditions[place].fit.is_paired for place in pieces)
        if kind == "by seed" and has_seeds and factors:
            return self._by_seed(pieces, value, name)
        for (place, error), factor in factors.items():
            stratum = self.strata[place]
            variance = stratum.within if error == "within" else stratum.total
            parts.append((factor * variance.value, variance.df))
        variance_sum, df = satterthwaite(parts)
        single = "binomial + external run SD" if has_run_error else "binomial"
        errors = {error for _, error in factors}
        source = single if not errors else "total error" if "total" in errors else "within error"
        return Estimate(name, value, math.sqrt(variance_sum), df, source, self.alpha)

    def _known_parts(
        self, entry: ConditionFit, weights_L: Floats, *, has_run_error: bool
    ) -> Iterator[tuple[float, float]]:
        for place in np.flatnonzero(weights_L):
            error = self.known.get(self.cell_at(entry.condition, entry.levels[place]))
            squared = float(weights_L[place] ** 2)
            if error is None:
                yield math.nan, 0.0
                continue
            yield squared * error.binomial, math.inf
            if has_run_error:
                yield squared * error.run, error.run_df

    def _by_seed(self, pieces: Mapping[int, Floats], value: float, name: str) -> Estimate:
        """One value a seed over all cells; no interval where seeds do not cross them."""
        sums: dict[str, float] = {}
        for number, (place, weights_L) in enumerate(pieces.items()):
            entry = self.conditions[place]
            values_LS = entry.fit.values_LS[weights_L != 0]
            has_any_S = ~np.isnan(values_LS).all(axis=0)
            seeds = {seed for seed, used in zip(entry.seeds, has_any_S, strict=True) if used}
            if np.isnan(values_LS[:, has_any_S]).any() or (number and seeds != set(sums)):
                return Estimate(name, value, math.nan, 0.0, "seeds do not cross", self.alpha)
            own_S = weights_L[weights_L != 0] @ values_LS
            for seed, own in zip(entry.seeds, own_S.tolist(), strict=True):
                if seed in seeds:
                    sums[seed] = sums.get(seed, 0.0) + own
        count = len(sums)
        if count < 2:
            return Estimate(name, value, math.nan, 0.0, "one seed", self.alpha)
        error = float(np.std(list(sums.values()), ddof=1)) / math.sqrt(count)
        return Estimate(name, value, error, count - 1.0, "one value a seed", self.alpha)

    def _without_rounding(self, value: float, pieces: Mapping[int, Floats]) -> float:
        """Equal means without variance would otherwise have a winner."""
        size = math.fsum(
            float(np.abs(weights_L) @ np.abs(self.conditions[place].fit.means_L))
            for place, weights_L in pieces.items()
        )
        return 0.0 if abs(value) <= ROUNDING * size else value
