"""The models by which differences are judged, chosen by what runs there are.

With replicates one model decides. Single runs are judged by two (binomial, and with an external
run-to-run deviation), and only what both say counts. Where runs diverged, the same models with
these runs at chance accuracy stand beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

from .divergence import at_chance, diverged_cells
from .equivalence import margin_for
from .estimate import ALPHA, Estimate
from .external import EXTERNAL_DEVIATIONS, RunDeviation, single_run_models
from .inference import CellModel, Weights, fit_cells
from .observations import Cell, Observations
from .scales import Scale, on_scale

Variance = Literal["pooled", "cell"]
"""Residual variance: one a data set, or each cell's own (Satterthwaite)."""
VARIANCES: tuple[Variance, ...] = ("pooled", "cell")


@dataclass(frozen=True)
class Evidence:
    """Runs and the models of them.

    Attributes:
        observed: The runs, in points whatever the scale.
        scale: Scale of the models.
        models: The models that decide; the last is the most cautious and is shown.
        sensitivity: The same with diverged runs at chance; empty where none diverged, or where
            the accuracy of guessing is not known.
        is_single_run: Whether no cell has a replicate.
        diverged: Cells with a diverged run.
        margin: Margin of equivalence in points for all data sets, or None for the defaults.
        variance: Whether a data set has one residual variance, or each cell its own.
        alpha: Level of each test, which every estimate carries.
    """

    observed: Observations
    scale: Scale
    models: tuple[CellModel, ...]
    sensitivity: tuple[CellModel, ...]
    is_single_run: bool
    diverged: frozenset[Cell]
    margin: float | None = None
    variance: Variance = "pooled"
    alpha: float = ALPHA

    @property
    def model(self) -> CellModel:
        """The model that is shown."""
        return self.models[-1]

    @cached_property
    def pooled(self) -> CellModel:
        """The model with one variance a data set, which describes the runs whatever decides."""
        if self.variance == "pooled":
            return self.model
        return fit_cells(on_scale(self.observed.completed(), self.scale))

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
        """Margin of equivalence of a data set, in points."""
        return margin_for(dataset, override=self.margin)


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
    single = not any(part.fit.df > 0 for part in fit_cells(done).parts)

    def fitted(runs: Observations) -> tuple[CellModel, ...]:
        found = _models(runs, scale, external, single=single, pooled=variance == "pooled")
        return tuple(replace(model, alpha=alpha) for model in found)

    filled = at_chance(observed) if diverged and is_percent(observed) else None
    sensitivity = fitted(filled) if filled else ()
    return Evidence(
        observed, scale, fitted(done), sensitivity, single, diverged, margin, variance, alpha
    )


def is_percent(observed: Observations) -> bool:
    """Whether the response is a percentage of test images: named so, and between 0 and 100."""
    named = "accuracy" in observed.response or "error" in observed.response
    values_R = observed.completed().response_R
    return named and bool(((values_R >= 0) & (values_R <= 100)).all())


def _models(
    observed: Observations,
    scale: Scale,
    external: Mapping[str, RunDeviation],
    *,
    single: bool,
    pooled: bool,
) -> tuple[CellModel, ...]:
    if single and is_percent(observed):
        return tuple(single_run_models(observed, scale=scale, external=external).values())
    return (fit_cells(on_scale(observed, scale), pooled=pooled),)
