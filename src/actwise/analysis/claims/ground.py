"""What claims are judged on: the models of a study, and the views of its contrasts."""

import math
from dataclasses import dataclass
from functools import cached_property, partial

from ..differences import OWN_DF
from ..model import Estimate, LostRuns, Model, Weights, fit_model, hardly_learned, is_percent
from ..table import Cell, Observations
from .claim import Estimator, Rule, RuleVerdict


@dataclass(frozen=True)
class Ground:
    """The runs and what was asked for.

    Attributes:
        observed: The runs.
        margin: Of equivalence for all data sets, in points; None for the usual ones.
        alpha: Level of each claim.
        bank: Name of the bank that the runs come from.
        learned: Where ``observed`` is of signal flow, the runs by the study's own response: it
            tells which ones were lost and which cells have hardly learned.
    """

    observed: Observations
    margin: float | None
    alpha: float
    bank: str | None
    learned: "Ground | None" = None

    @cached_property
    def is_percent(self) -> bool:
        """Whether the response is a percentage."""
        return is_percent(self.observed)

    @cached_property
    def model(self) -> Model:
        """In points."""
        return fit_model(self.observed, alpha=self.alpha)

    @cached_property
    def _logit(self) -> Model:
        return fit_model(self.observed, scale="logit", alpha=self.alpha)

    def holds_on_logit(self, rule: Rule, found: RuleVerdict) -> bool:
        """Whether the signs of changes of gaps are the same there, where there is that scale."""
        if not self.is_percent:
            return True
        return rule.holds_on_logit(found, lambda w, name: self._logit.contrast(w, name=name))

    @cached_property
    def hardly_learned(self) -> frozenset[Cell]:
        """Cells that have hardly learned."""
        return self.learned.hardly_learned if self.learned else hardly_learned(self.model.observed)

    @property
    def lost(self) -> tuple[LostRuns, ...]:
        """Cells with runs that diverged or are stuck."""
        return self.learned.lost if self.learned else self.model.lost

    def views(self, rule: Rule) -> tuple[Estimator, ...]:
        """One for each model of the error, the shown one last."""
        places = (0, -1) if any(map(self.model.is_single, rule.contrasts)) else (-1,)
        return tuple(partial(self._estimate, place) for place in places)

    def _estimate(self, place: int, weights: Weights, name: str) -> Estimate:
        return self.model.estimates(weights, name=name)[place]

    def at_chance(self, view: Estimator, weights: Weights, name: str) -> Estimate:
        """With diverged and stuck runs at chance; the error stays that of the others."""
        found = view(weights, name)
        return found.shifted(self.model.shift(weights))

    def own(self, weights: Weights, name: str) -> Estimate:
        """By the contrast's own variance."""
        found = self.model.own(weights, name=name, least_df=OWN_DF)
        return found or Estimate(name, math.nan, math.nan, 0.0, "none", self.alpha)
