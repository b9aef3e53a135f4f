"""Claim C2: with augmentation the gaps between activations shrink considerably.

W(r) is the mean over networks of the variance over activations of mu(C10, n, r, .), the noise
taken off; theta = sqrt(W(1) / W(0)). In a network the sum of squares of K means over the error
variance s^2 of a mean is noncentral chi^2 with K - 1 degrees of freedom and noncentrality
(K - 1) W / s^2 (noncentral F where s^2 is estimated). The limits of N networks, at
1 - alpha / (2 N), average to those of each W, and these give theta's (Bonferroni). Single runs,
whose s^2 is known or comes from outside, are taken together: N (K - 1) degrees of freedom.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..differences import difference
from ..model import Estimate, Model, Weights
from ..model.distributions import noncentrality
from .claim import Claim, ClaimVerdict, ComponentResult, Estimator, RuleVerdict
from .entries import ClaimHead
from .words import Patterns, Words

SHRINKS = 0.5
"""Considerably: the spread is at most half."""
STATEMENT = "With augmentation the gaps between activations shrink considerably."
RULE = (
    "W(r) = mean over vgg* and resnet*, as far as run, of the variance over relu, prelu and elu "
    "of the mean accuracy on cifar10, noise removed; r = 1 with augmentation, 0 without; "
    "theta = sqrt(W(1) / W(0)): upper limit below 1 and estimate at most 0.5; refuted by a lower "
    "limit above 0.5; on the logit scale theta below 1, above 0.5"
)
"""What is tested, for the hash of the shipped claims: changed together with the code."""

_ACTIVATIONS = ("relu", "prelu", "elu")
_NETWORKS = ("vgg*", "resnet*")
NetworkMeans = Sequence[Weights]
"""The mean of each activation on one network."""


@dataclass(frozen=True)
class GapsRule:
    """The rule of C2 at level ``alpha``: groups without and with augmentation."""

    without: Sequence[NetworkMeans]
    augmented: Sequence[NetworkMeans]
    is_single: bool
    alpha: float

    @property
    def contrasts(self) -> tuple[Weights, ...]:
        """Every mean."""
        return tuple(mean for group in (*self.without, *self.augmented) for mean in group)

    def evaluate(self, view: Estimator) -> RuleVerdict:
        """The verdict under one view."""
        without = self._spread("W(0)", self.without, view)
        augmented = self._spread("W(1)", self.augmented, view)
        ratio = ComponentResult(
            "sqrt(W(1) / W(0)), below 1",
            _root_ratio(augmented.estimate, without.estimate),
            math.nan,
            min(without.df, augmented.df),
            without.source,
            lower=_root_ratio(augmented.lower, without.upper),
            upper=_root_ratio(augmented.upper, without.lower),
            bound=1.0,
            refutation=SHRINKS,
            level=1 - self.alpha,
            upper_level=1 - self.alpha,
        )
        verdict: ClaimVerdict = "undecided"
        if ratio.lower > SHRINKS:
            verdict = "refuted"
        elif ratio.upper < 1 and ratio.estimate <= SHRINKS:
            verdict = "supported"
        return RuleVerdict(verdict, (ratio, without, augmented))

    def holds_on_logit(self, found: RuleVerdict, logit: Estimator) -> bool:
        """Whether gaps shrink there too; or, for a refutation, by less than half."""
        theta = self.evaluate(logit).components[0].estimate
        return theta > SHRINKS if found.verdict == "refuted" else theta < 1

    def _spread(
        self, name: str, groups: Sequence[NetworkMeans], view: Estimator
    ) -> ComponentResult:
        """W, the variance over activations without noise, with limits at 1 - alpha / 2 each."""
        parts = [_sum_of_squares(group, view) for group in groups]
        squares, df1, noise, df2 = (np.array(column) for column in zip(*parts, strict=True))
        raw, error, df = float(np.mean(squares / df1)), float(np.mean(noise)), float(min(df2))
        if self.is_single:
            parts = [(float(sum(squares)), int(sum(df1)), error, math.inf)]
        nan, level, tail = math.nan, 1 - self.alpha / 2, self.alpha / 2 / len(parts)
        lower, upper = (
            float(np.mean([_limit(*part, probability=p) for part in parts])) if df > 0 else nan
            for p in (1 - tail, tail)
        )
        name, source = f"{name}, raw {raw:.3f}", _pair(view, *groups[0][:2]).source
        limits = (lower, upper, nan, nan, level, level)
        return ComponentResult(name, max(0.0, raw - error), nan, df, source, *limits)


def gaps_rule(words: Words, model: Model, margin: float | None) -> GapsRule:
    """C2 on the networks that the study has with or without augmentation."""
    wheres = [{"dataset": "cifar10", "model": network} for network in _NETWORKS]
    wheres = [where for where in wheres if words.settings(where)] or wheres

    def group(where: Patterns) -> NetworkMeans:
        return [words.mean({**where, "activation": a}, words.settings(where)) for a in _ACTIVATIONS]

    without, augmented = ([group({**w, "augmented": a}) for w in wheres] for a in ("no", "yes"))
    means = [mean for found in (*without, *augmented) for mean in found]
    is_single = any(not model.missing(mean) and model.is_single(mean) for mean in means)
    return GapsRule(without, augmented, is_single, model.alpha)


CLAIM = Claim(ClaimHead(id="C2", statement=STATEMENT, accuracy=True), gaps_rule)


def _sum_of_squares(group: NetworkMeans, view: Estimator) -> tuple[float, int, float, float]:
    """Of the means around theirs, and its df; the error variance of a mean, and its df."""
    values = np.array([0.0, *(_pair(view, mean, group[0]).value for mean in group[1:])])
    pairs = [_pair(view, *pair) for pair in combinations(group, 2)]
    variance = float(np.mean([pair.standard_error**2 / 2 for pair in pairs]))
    squares = float(np.sum((values - values.mean()) ** 2))
    return squares, len(group) - 1, variance, min(pair.df for pair in pairs)


def _limit(squares: float, df1: int, variance: float, df2: float, *, probability: float) -> float:
    """The W at which so large a sum of squares has this probability."""
    if variance == 0.0:
        return squares / df1
    ratio = squares / variance / df1
    return noncentrality(ratio, df1=df1, df2=df2, probability=probability) * variance / df1


def _pair(view: Estimator, first: Weights, second: Weights) -> Estimate:
    return view(difference(first, second), "difference of two activations")


def _root_ratio(top: float, bottom: float) -> float:
    if math.isnan(top) or math.isnan(bottom):
        return math.nan
    if bottom == 0.0:
        return math.inf if top > 0 else math.nan
    return math.sqrt(top / bottom)
