"""Which levels may be the best: in a network over its conditions, or in one condition.

A level stays in the set unless another is shown to be ahead of it (Hsu 1984, multiple comparisons
with the best): d standard errors, d the one-sided Dunnett critical value with the level as the
control. The set is joined with the own one, by each pair's own variance, which a level leaves if
another beats it with a one-sided p of at most level / (levels - 1); and with those that the runs
give once diverged and stuck ones are taken at chance. Runs without noise, and one of these levels
with no run left in a condition, decide nothing: all stay.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ..model import Estimate, Model, Weights
from ..table.conditions import Condition, condition_of
from ..table.observations import Cell
from .dunnett import arm_variances, dunnett_p
from .margins import Margin, margin_among
from .verdicts import OWN_DF, is_equivalent

Why = tuple[str, ...]


@dataclass(frozen=True)
class RankedLevel:
    """One level's mean over some conditions.

    Attributes:
        level: The level.
        mean: Mean over the conditions, at the average seed.
        behind_best: Best other level minus this one (the reverse where lower is better).
        may_be_best: Whether it belongs to the set.
        kept_by: What keeps it there: "pooled", "own", "at chance", "no-noise"; empty outside.
    """

    level: str
    mean: float
    behind_best: Estimate
    may_be_best: bool
    kept_by: Why


@dataclass(frozen=True)
class LevelSet:
    """The levels of some conditions, and those that may be the best.

    Attributes:
        condition: The single condition; None for the mean over several.
        conditions: Over which the means are taken: those that have every level.
        incomplete: Conditions left out, since they lack a level.
        levels: From best to worst.
        kind: "use" (one may be the best), "any_of" (all that may be are equivalent),
            "not_told_apart", or "nothing" without two levels.
        why: Codes of what limits it: single-run, diverged, stuck, no-noise, no-own-variance.
        margin: Of equivalence, the smallest of the conditions.
    """

    condition: Condition | None
    conditions: tuple[Condition, ...]
    incomplete: tuple[Condition, ...]
    levels: tuple[RankedLevel, ...]
    kind: str
    why: Why
    margin: Margin

    @property
    def kept(self) -> tuple[str, ...]:
        """Those that may be the best, best first."""
        return tuple(row.level for row in self.levels if row.may_be_best)


def level_set(
    model: Model,
    conditions: Sequence[Condition],
    *,
    level: float,
    margin: float | None,
    condition: Condition | None = None,
) -> LevelSet:
    """The set over some conditions.

    Args:
        model: In points.
        conditions: Of one network; those that lack a level of the others are left out.
        level: One-sided level of the set, as alpha / (2 N) for N networks.
        margin: Of equivalence, for all data sets; by default each one's own.
        condition: Set where the set is of a single condition.
    """
    means, complete, incomplete = level_means(model, conditions)
    margin_found = margin_among(model, {c for w in means.values() for c in w}, margin)
    if len(means) < 2:
        return LevelSet(condition, complete, incomplete, (), "nothing", (), margin_found)
    sign = 1.0 if model.observed.higher_is_better else -1.0
    values = {name: _mean_value(model, weights) for name, weights in means.items()}
    order = sorted(values, key=lambda name: -sign * values[name])
    gaps = _gaps(model, means, order, sign, at_chance=False)
    own = _by_own(model, means, order, sign, level)
    fallen = _fallen(model, conditions)
    why = _limits(model, means, has_own=own is not None, has_fallen=bool(fallen))
    kept: dict[str, list[str]] = {name: [] for name in order}
    for name in order if "no-noise" in why else ():
        kept[name].append("no-noise")
    for name in _hsu(model, means, order, gaps, level):
        kept[name].append("pooled")
    for name in own or ():
        kept[name].append("own")
    ways, unknown = [gaps], False
    if "diverged" in why or "stuck" in why:
        shifted = _gaps(model, means, order, sign, at_chance=True)
        ways.append(shifted)
        unknown = any(math.isnan(gap.value) for gap in shifted.values())
        unknown |= any(kept[name] for name in fallen & set(order))
        lost = _by_own(model, means, order, sign, level, at_chance=True) or ()
        for name in order if unknown else {*_hsu(model, means, order, shifted, level), *lost}:
            kept[name].append("at chance")
    rows = tuple(
        RankedLevel(name, values[name], gaps[_first_other(order, name), name], bool(by), tuple(by))
        for name, by in kept.items()
    )
    kind = "not_told_apart" if unknown else _kind(rows, ways, why, margin_found)
    return LevelSet(condition, complete, incomplete, rows, kind, why, margin_found)


def level_means(
    model: Model, conditions: Sequence[Condition]
) -> tuple[Mapping[str, Weights], tuple[Condition, ...], tuple[Condition, ...]]:
    """For each level the mean of its cells; the conditions that have every level, and the rest."""
    chosen = [entry for entry in model.conditions if entry.condition in set(conditions)]
    levels = list(dict.fromkeys(name for entry in chosen for name in entry.levels))
    complete = tuple(e.condition for e in chosen if len(e.levels) == len(levels))
    incomplete = tuple(e.condition for e in chosen if len(e.levels) != len(levels))
    if not complete:
        return {}, complete, incomplete
    means = {
        name: {model.cell_at(condition, name): 1.0 / len(complete) for condition in complete}
        for name in levels
    }
    return means, complete, incomplete


def mean_variances(
    names: Sequence[str], gaps: Mapping[tuple[str, str], Estimate]
) -> dict[str, float]:
    """Variances of the levels' means, up to what cancels in every difference (the seeds)."""
    between_LL = np.zeros((len(names), len(names)))
    for (i, a), (j, b) in combinations(enumerate(names), 2):
        between_LL[i, j] = between_LL[j, i] = gaps[a, b].standard_error ** 2
    return dict(zip(names, arm_variances(between_LL).tolist(), strict=True))


Gaps = Mapping[tuple[str, str], Estimate]
"""(rival, level) -> rival minus level, positive where the rival is ahead."""


def _gaps(
    model: Model,
    means: Mapping[str, Weights],
    order: Sequence[str],
    sign: float,
    *,
    at_chance: bool,
) -> Gaps:
    found = {}
    for a, b in combinations(order, 2):
        weights = difference(means[a], means[b], sign)
        gap = model.contrast(weights, name=f"{a} - {b}")
        if at_chance:
            gap = gap.shifted(model.shift(weights))
        found[a, b] = gap
        found[b, a] = replace(gap, name=f"{b} - {a}", value=-gap.value)
    return found


def combine(terms: Iterable[tuple[float, Weights]]) -> dict[Cell, float]:
    """A linear combination of contrasts."""
    total: dict[Cell, float] = defaultdict(float)
    for factor, weights in terms:
        for cell, weight in weights.items():
            total[cell] += factor * weight
    return dict(total)


def difference(first: Weights, second: Weights, sign: float = 1.0) -> Weights:
    """A multiple of the first contrast minus the second."""
    return combine([(sign, first), (-sign, second)])


def _hsu(
    model: Model, means: Mapping[str, Weights], order: Sequence[str], gaps: Gaps, level: float
) -> list[str]:
    """The levels that no rival is shown to be ahead of."""
    if not all(gap.is_testable for gap in gaps.values()):
        return list(order)
    variances = mean_variances(order, gaps)
    found = []
    for name in order:
        rivals = [other for other in order if other != name]
        best = max((gaps[rival, name] for rival in rivals), key=lambda gap: gap.statistic())
        # Adjusting only makes p larger; most levels end here.
        if best.p_above() < level:
            (p,) = dunnett_p(
                [best.statistic()],
                variances=[variances[rival] for rival in rivals],
                control_variance=variances[name],
                df=best.df,
                two_sided=False,
            )
            if p < level:
                continue
        found.append(name)
    return found


def _by_own(
    model: Model,
    means: Mapping[str, Weights],
    order: Sequence[str],
    sign: float,
    level: float,
    *,
    at_chance: bool = False,
) -> list[str] | None:
    """The same by own variances; None where one has fewer than 4 degrees of freedom."""
    found = []
    for place, name in enumerate(order):
        for rival in order if at_chance else order[:place]:
            if rival == name:
                continue
            weights = difference(means[rival], means[name], sign)
            gap = model.own(weights, least_df=OWN_DF)
            if gap is None:
                return None
            if at_chance:
                gap = gap.shifted(model.shift(weights))
            if gap.p_above() <= level / (len(order) - 1):
                break
        else:
            found.append(name)
    return found


def _fallen(model: Model, conditions: Sequence[Condition]) -> frozenset[str]:
    """Levels of which every run of a condition is lost: they have no mean there."""
    wanted, focus = set(conditions), model.observed.focus
    place = model.observed.position(focus)
    return frozenset(
        row.cell[place]
        for row in model.lost
        if row.diverged + row.stuck == row.runs
        and condition_of(model.factors, row.cell, focus=focus) in wanted
    )


def _limits(model: Model, means: Mapping[str, Weights], *, has_own: bool, has_fallen: bool) -> Why:
    lost = [row for weights in means.values() for row in model.touches_lost(weights)]
    found = {
        "single-run": any(model.is_single(weights) for weights in means.values()),
        "no-noise": any(model.has_no_noise(weights) for weights in means.values()),
        "diverged": has_fallen or any(row.diverged for row in lost),
        "stuck": any(row.stuck for row in lost),
    }
    codes = [code for code, is_so in found.items() if is_so]
    return (*codes, *(() if has_own or "single-run" in codes else ("no-own-variance",)))


def _kind(rows: Sequence[RankedLevel], ways: Sequence[Gaps], why: Why, margin: Margin) -> str:
    """Of the set; ``ways`` are its gaps of the runs that count, and with lost ones at chance."""
    kept = [row.level for row in rows if row.may_be_best]
    if "single-run" in why or "no-noise" in why:
        return "not_told_apart"
    if len(kept) == 1:
        return "use"
    pairs = [gaps[pair] for gaps in ways for pair in combinations(kept, 2)]
    return "any_of" if all(is_equivalent(gap, margin) for gap in pairs) else "not_told_apart"


def _mean_value(model: Model, weights: Weights) -> float:
    total = 0.0
    for cell, weight in weights.items():
        place, level = model.places[cell]
        total += weight * float(model.conditions[place].fit.adjusted_L[level])
    return total


def _first_other(order: Sequence[str], name: str) -> str:
    return order[1] if order[0] == name else order[0]
