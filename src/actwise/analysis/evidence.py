"""The models by which differences are judged, chosen by what runs there are.

A data set with replicates has one model of its error. One of single runs is judged by two
(binomial, and with an external run-to-run deviation), and only what both say counts. Where runs
diverged, the same models with these runs at chance accuracy stand beside them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np

from .divergence import at_chance, diverged_cells
from .equivalence import margin_for
from .estimate import ALPHA, Estimate
from .external import EXTERNAL_DEVIATIONS, RunDeviation, single_run_models
from .inference import CellModel, Weights, fit_cells
from .scales import Scale, on_scale
from .table import Booleans, Cell, Observations

Variance = Literal["pooled", "cell"]
"""Residual variance: one a data set, or each cell's own (Satterthwaite)."""
VARIANCES: tuple[Variance, ...] = ("pooled", "cell")
_ROUNDED = 1e-6
"""A deviation so small, relative to the responses, is how they were written, not noise."""


@dataclass(frozen=True)
class Evidence:
    """Runs and the models of them.

    Attributes:
        observed: The runs, in points whatever the scale.
        scale: Scale of the models.
        models: The models that decide; the last is the most cautious and is shown.
        sensitivity: The same with diverged runs at chance; empty where none diverged, or where
            the accuracy of guessing is not known.
        single_run: Data sets in which no cell has a replicate.
        diverged: Cells with a diverged run.
        margin: Margin of equivalence for all data sets, or None for the defaults, which are points
            of a percentage.
        variance: Whether a data set has one residual variance, or each cell its own.
        alpha: Level of each test, which every estimate carries.
    """

    observed: Observations
    scale: Scale
    models: tuple[CellModel, ...]
    sensitivity: tuple[CellModel, ...]
    single_run: frozenset[str]
    diverged: frozenset[Cell]
    margin: float | None = None
    variance: Variance = "pooled"
    alpha: float = ALPHA

    @property
    def model(self) -> CellModel:
        """The model that is shown."""
        return self.models[-1]

    @property
    def is_single_run(self) -> bool:
        """Whether no data set has replicates."""
        return bool(self.models[-1].cells) and self.single_run >= {
            self.observed.dataset_of(cell) for cell in self.models[-1].cells
        }

    def rests_on_single_runs(self, weights: Weights) -> bool:
        """Whether a cell with a weight belongs to a data set without replicates."""
        return any(
            weight and self.observed.dataset_of(cell) in self.single_run
            for cell, weight in weights.items()
        )

    @cached_property
    def pooled(self) -> CellModel:
        """The model with one variance a data set, which describes the runs whatever decides."""
        if self.variance == "pooled":
            return self.model
        done = self.observed.completed()
        found = _models(done, self.scale, EXTERNAL_DEVIATIONS, single=self.single_run, pooled=True)
        return found[-1]

    @cached_property
    def without_noise(self) -> tuple[str, ...]:
        """Data sets of which all replicates agree, up to rounding of the responses."""
        largest = float(np.abs(self.pooled.means_C).max(initial=0.0))
        return tuple(
            part.name
            for part in self.pooled.parts
            if part.fit.df > 0 and math.sqrt(part.fit.variance) <= _ROUNDED * largest
        )

    def rests_on_no_noise(self, weights: Weights) -> bool:
        """Whether a cell with a weight belongs to a data set whose replicates all agree."""
        return any(
            weight and {"all", self.observed.dataset_of(cell)} & set(self.without_noise)
            for cell, weight in weights.items()
        )

    def estimates(self, weights: Weights, name: str) -> tuple[Estimate, ...]:
        """The contrast under every deciding model.

        Raises:
            NotEstimableError: as :meth:`CellModel.contrast`.
        """
        return tuple(model.contrast(weights, name=name) for model in self.models)

    def with_diverged(self) -> Self | None:
        """The same runs with diverged ones at chance; None where that cannot be said."""
        filled = at_chance(self.observed)
        if not self.sensitivity or filled is None:
            return None
        models, none = self.sensitivity, frozenset[Cell]()
        return replace(self, observed=filled, models=models, sensitivity=(), diverged=none)

    def touches_diverged(self, weights: Weights) -> bool:
        """Whether a cell with a weight has a diverged run."""
        return any(weight and cell in self.diverged for cell, weight in weights.items())

    def margin_of(self, dataset: str) -> float:
        """Margin of equivalence of a data set; NaN where none was asked for and none is usual."""
        if self.margin is None and not self.is_percent:
            return math.nan
        return margin_for(dataset, override=self.margin)

    @cached_property
    def is_percent(self) -> bool:
        """As the function of this name."""
        return is_percent(self.observed)


def gather(
    observed: Observations,
    *,
    scale: Scale = "points",
    margin: float | None = None,
    variance: Variance = "pooled",
    alpha: float = ALPHA,
    external: Mapping[str, RunDeviation] = EXTERNAL_DEVIATIONS,
) -> Evidence:
    """Fit the models that the runs allow.

    Raises:
        SpecError: on the logit scale, for a response that is no percentage.
    """
    diverged = diverged_cells(observed)
    done = observed.completed()
    single = _single_run(done)

    def fitted(runs: Observations) -> tuple[CellModel, ...]:
        # A data set that only diverged has runs at chance alone.
        names = single | _single_run(runs)
        found = _models(runs, scale, external, single=names, pooled=variance == "pooled")
        return tuple(replace(model, alpha=alpha) for model in found)

    filled = at_chance(observed) if diverged and is_percent(observed) else None
    sensitivity = fitted(filled) if filled else ()
    return Evidence(
        observed, scale, fitted(done), sensitivity, single, diverged, margin, variance, alpha
    )


def is_percent(observed: Observations) -> bool:
    """Whether the response is a percentage: named so, between 0 and 100, and no fraction."""
    return _is_share(observed, most=100.0) and not looks_like_fraction(observed)


def looks_like_fraction(observed: Observations) -> bool:
    """Whether all accuracies (or errors) lie between 0 and 1: as percentages they would be tiny."""
    return observed.completed().num_runs > 0 and _is_share(observed, most=1.0)


def _is_share(observed: Observations, *, most: float) -> bool:
    named = "accuracy" in observed.response or "error" in observed.response
    values_R = observed.completed().response_R
    return named and bool(((values_R >= 0) & (values_R <= most)).all())


def _single_run(observed: Observations) -> frozenset[str]:
    """Data sets whose runs leave no degrees of freedom for a run-to-run deviation."""
    return frozenset(part.name for part in fit_cells(observed).parts if not part.fit.df > 0)


def _models(
    observed: Observations,
    scale: Scale,
    external: Mapping[str, RunDeviation],
    *,
    single: frozenset[str],
    pooled: bool,
) -> tuple[CellModel, ...]:
    fitted = fit_cells(on_scale(observed, scale), pooled=pooled)
    if not (single and is_percent(observed)):
        return (fitted,)
    known = single_run_models(observed, scale=scale, external=external)
    single_C = np.array([observed.dataset_of(cell) in single for cell in fitted.cells])
    if single_C.all():
        return tuple(known.values())
    return tuple(_joined(fitted, model, single_C) for model in known.values())


def _joined(fitted: CellModel, known: CellModel, single_C: Booleans) -> CellModel:
    """Cells with replicates from ``fitted``, those of data sets of single runs from ``known``."""
    parts = [
        *(part for part in fitted.parts if not single_C[part.members_G[0]]),
        *(part for part in known.parts if single_C[part.members_G[0]]),
    ]
    return replace(
        fitted,
        means_C=np.where(single_C, known.means_C, fitted.means_C),
        known_C=np.where(single_C, known.known_C, 0.0),
        parts=tuple(sorted(parts, key=lambda part: int(part.members_G[0]))),
        source=f"{fitted.source}; single runs: {known.source}",
    )
