"""Claims that are a conjunction of contrasts, theta_k > c_k for k = 1..K.

Supported: every one-sided lower limit at 1 - alpha exceeds c_k (intersection-union, Berger 1982:
no correction inside a claim). Refuted: some upper limit at 1 - alpha / K lies below its bound.
"""

import math
from dataclasses import dataclass

from ..differences import Margin
from ..model import Estimate, Weights
from .claim import ClaimVerdict, ComponentResult, Estimator, RuleVerdict
from .entries import MARGIN_SIGNS, ComponentEntry


@dataclass(frozen=True)
class Component:
    """One theta_k > c_k: as written, with its contrast and the margin among its cells."""

    name: str
    weights: Weights
    entry: ComponentEntry
    margin: Margin

    @property
    def is_judged(self) -> bool:
        """Whether the verdict hangs on it; else it is only shown."""
        return self.entry.bound != "none"

    def value(self, written: float | str) -> float:
        """A bound as a number; NaN for "none"."""
        if isinstance(written, str):
            return MARGIN_SIGNS.get(written, math.nan) * self.margin.points
        return written

    def result(self, view: Estimator, *, num_judged: int) -> ComponentResult:
        """The estimate and its limits, in a claim of ``num_judged`` components."""
        found = view(self.weights, self.name)
        level, upper_level = 1 - found.alpha, 1 - found.alpha / num_judged
        bound, refutation = self.entry.bound, self.entry.refutation
        return ComponentResult(
            self.name,
            found.value,
            found.standard_error,
            found.df,
            found.source,
            lower=self._distance(found, bound).lower(level),
            upper=self._distance(found, refutation).upper(upper_level),
            bound=self.value(bound),
            refutation=self.value(refutation),
            level=level,
            upper_level=upper_level,
            margin=self.margin.points if MARGIN_SIGNS.keys() & {bound, refutation} else math.nan,
        )

    def _distance(self, found: Estimate, written: float | str) -> Estimate:
        """With the error of the distance to a bound: a margin may be an estimate itself."""
        return self.margin.widen(found) if written in MARGIN_SIGNS else found


@dataclass(frozen=True)
class Conjunction:
    """The rule of a conjunction."""

    components: tuple[Component, ...]

    @property
    def contrasts(self) -> tuple[Weights, ...]:
        """What the judged components weigh."""
        return tuple(component.weights for component in self.components if component.is_judged)

    def evaluate(self, view: Estimator) -> RuleVerdict:
        """The verdict under one view."""
        rows = tuple(part.result(view, num_judged=len(self.contrasts)) for part in self.components)
        verdict: ClaimVerdict = "undecided"
        if any(row.upper < row.refutation for row in rows):
            verdict = "refuted"
        elif all(
            row.lower > row.bound and not row.estimate < part.value(part.entry.least_estimate)
            for row, part in zip(rows, self.components, strict=True)
            if part.is_judged
        ):
            verdict = "supported"
        return RuleVerdict(verdict, rows)

    def holds_on_logit(self, found: RuleVerdict, logit: Estimator) -> bool:
        """Whether every change of a gap that supports, or one that refutes, has its sign there."""
        is_refuted = found.verdict == "refuted"
        holds = [
            not part.entry.gap_change or row.estimate * logit(part.weights, part.name).value > 0
            for part, row in zip(self.components, found.components, strict=True)
            if (row.upper < row.refutation if is_refuted else row.is_judged)
        ]
        return any(holds) if is_refuted else all(holds)
