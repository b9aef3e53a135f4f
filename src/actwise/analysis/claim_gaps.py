"""Claim C2: with augmentation the gaps between activations shrink considerably.

W(r) is the mean over networks of the variance over activations of mu(C10, n, r, .), the noise
taken off; theta = sqrt(W(1) / W(0)). With K activations on each of N networks, the sum of squares
over the error variance s^2 of a mean is noncentral chi^2 with N (K - 1) degrees of freedom and
noncentrality N (K - 1) W / s^2 (noncentral F where s^2 is estimated); its 1 - alpha / 2 limits give
those of each W, and the limits of both those of theta (Bonferroni).
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from .claim import ComponentResult, Evaluation, Plan
from .contrasts import combine
from .distributions import noncentrality
from .estimate import Estimate
from .evidence import Evidence
from .inference import CellModel, Weights
from .wording import Wording

SHRINKS = 0.5
"""Considerably: the spread is at most half."""


@dataclass(frozen=True)
class Spread:
    """W, the variance over activations without noise, in squared units of the scale."""

    value: float
    raw: float
    lower: float
    upper: float
    df: float


def gaps_plan(wording: Wording, evidence: Evidence) -> Plan:
    """C2 on the networks that the study has with and without augmentation."""
    networks = [
        n for n in wording.networks() if wording.has("C10", n, 0) or wording.has("C10", n, 1)
    ] or ["V"]
    means = {
        r: [[wording.mu("C10", n, r, a) for a in ("relu", "prelu", "elu")] for n in networks]
        for r in (0, 1)
    }

    def evaluate(model: CellModel) -> Evaluation:
        return _evaluate(spread(means[0], model), spread(means[1], model))

    def holds_on_logit(model: CellModel) -> bool:
        return spread(means[1], model).value < spread(means[0], model).value

    weights = tuple(w for groups in means.values() for group in groups for w in group)
    rule = f"sqrt(W(1) / W(0)) < 1, its estimate at most {SHRINKS:g}; refuted above {SHRINKS:g}"
    return Plan(weights, evaluate, holds_on_logit, rules=(rule,))


def spread(means: list[list[Weights]], model: CellModel) -> Spread:
    """W of some networks' activations (one list of contrasts a network) under one model."""
    total, df1 = 0.0, 0
    for group in means:
        values = [model.contrast(weights).value for weights in group]
        total += float(np.sum((np.array(values) - np.mean(values)) ** 2))
        df1 += len(group) - 1
    errors = [_pair_error(model, *pair) for group in means for pair in combinations(group, 2)]
    error_variance = float(np.mean([error.standard_error**2 / 2 for error in errors]))
    df2 = min(error.df for error in errors)
    raw = total / df1
    if not df2 > 0:
        return Spread(math.nan, raw, math.nan, math.nan, 0.0)
    if error_variance == 0.0:
        return Spread(raw, raw, raw, raw, df2)
    # A single run's variance is known or comes from outside: chi^2, as with infinite df.
    df2 = df2 if _has_replicates(means, model) else math.inf
    ratio, tail = total / error_variance, model.alpha / 2
    lower, upper = (
        noncentrality(ratio / df1, df1=df1, df2=df2, probability=p) for p in (1 - tail, tail)
    )
    scale = error_variance / df1
    return Spread(max(0.0, raw - error_variance), raw, lower * scale, upper * scale, df2)


def _evaluate(without: Spread, augmented: Spread) -> Evaluation:
    estimate = _root_ratio(augmented.value, without.value)
    lower = _root_ratio(augmented.lower, without.upper)
    upper = _root_ratio(augmented.upper, without.lower)
    df = min(without.df, augmented.df)
    rows = (
        ComponentResult(
            "sqrt(W(1) / W(0)), below 1", estimate, math.nan, df, lower, upper, 1.0, SHRINKS
        ),
        _spread_row("W(0)", without),
        _spread_row("W(1)", augmented),
    )
    if lower > SHRINKS:
        return Evaluation("refuted", rows)
    is_supported = upper < 1 and estimate <= SHRINKS
    return Evaluation("supported" if is_supported else "undecided", rows)


def _spread_row(name: str, found: Spread) -> ComponentResult:
    name = f"{name}, raw {found.raw:.3f}"
    nan = math.nan
    return ComponentResult(name, found.value, nan, found.df, found.lower, found.upper, nan, nan)


def _root_ratio(top: float, bottom: float) -> float:
    if math.isnan(top) or math.isnan(bottom):
        return math.nan
    if bottom == 0.0:
        return math.inf if top > 0 else math.nan
    return math.sqrt(top / bottom)


def _has_replicates(means: list[list[Weights]], model: CellModel) -> bool:
    """Whether the runs of these cells tell their own variance; other data sets do not matter."""
    places = [model.index[cell] for group in means for weights in group for cell in weights]
    parts = [part for part in model.parts if np.isin(part.members_G, places).any()]
    return bool(parts) and all(part.fit.df > 0 for part in parts)


def _pair_error(model: CellModel, first: Weights, second: Weights) -> Estimate:
    return model.contrast(combine((1.0, first), (-1.0, second)))
